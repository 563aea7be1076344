// The only file of this project that names the actor runtime: another one with the same names could take its place.
global using MonitorCluster.Actors;
