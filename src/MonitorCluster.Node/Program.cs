using MonitorCluster.Node;

return (int)await NodeProgram.RunAsync(args, Environment.GetEnvironmentVariables(), Console.Out, Console.Error);
