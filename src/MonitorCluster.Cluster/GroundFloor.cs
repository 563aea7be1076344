global using MonitorCluster.Actors;
