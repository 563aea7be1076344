using MonitorCluster.Node;

return (int)await NodeProgram.RunAsync(args);
