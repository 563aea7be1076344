global using MonitorCluster.Actors;
global using MonitorCluster.SimulationTests.World;
