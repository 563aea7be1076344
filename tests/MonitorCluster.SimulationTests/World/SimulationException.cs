namespace MonitorCluster.SimulationTests.World;

/// <summary>The program broke a promise.</summary>
internal sealed class SimulationException(string message) : Exception(message);
