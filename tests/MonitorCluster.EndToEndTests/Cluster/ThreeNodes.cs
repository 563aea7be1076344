namespace MonitorCluster.EndToEndTests.Cluster;

/// <summary>Three nodes on one SQLite file, for the tests of a class.</summary>
public sealed class ThreeNodes : IAsyncLifetime
{
    /// <summary>The cluster.</summary>
    internal ClusterProcess Cluster { get; private set; } = null!;

    /// <inheritdoc/>
    public async Task InitializeAsync() => Cluster = await ClusterProcess.StartAsync(new ClusterPlan { Options = ["--Collect:Enabled=false"] });

    /// <inheritdoc/>
    public async Task DisposeAsync()
    {
        if (Cluster is not null)
        {
            await Cluster.DisposeAsync();
        }
    }
}
