namespace MonitorCluster.Stream;

/// <summary>Whom to answer when a batch is acknowledged.</summary>
/// <param name="source">The actor that submitted it; null for the collector itself.</param>
/// <param name="tag">What the source gave.</param>
/// <param name="waitDurable">Whether it waits for the journal.</param>
/// <param name="sampleCount">How many samples the batch has.</param>
internal sealed class BatchWaiter(object? source, object? tag, bool waitDurable, int sampleCount)
{
    public object? Source { get; } = source;

    public object? Tag { get; } = tag;

    public bool WaitDurable { get; } = waitDurable;

    public int SampleCount { get; } = sampleCount;

    // Shards whose journal commit is still to come.
    public int ShardsLeft { get; set; }
}
