namespace MonitorCluster.Soak;

internal static class Program
{
    public static Task<int> Main(string[] arguments) => Task.FromResult(arguments.Length);
}
