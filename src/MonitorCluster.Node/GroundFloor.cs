// The only file of this project that names the actor runtime's namespace: another runtime with the same names could take its place here.
global using MonitorCluster.Actors;
