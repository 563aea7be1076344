namespace MonitorCluster.Optimise;

/// <summary>
/// What a second of a shard's mailbox costs its node in CPU seconds, all included: decoding, flushing, garbage. The slope of the nodes' CPU over their
/// shards' time, each node with a base of its own that it uses whatever it owns.
/// </summary>
/// <remarks>
/// Least squares over windows pooled over nodes, with an intercept for each node (the "within" estimator: each node's own means are taken off), older windows
/// weighing half every ten minutes, and a ridge that holds the slope at the prior while nothing has varied. O(1) a window; one owner.
/// </remarks>
internal sealed class CostMultiplier
{
    /// <summary>The slope before anything is known: half as much again is a guess from profiles of a node under load.</summary>
    public const double Prior = 1.5;

    /// <summary>No shard costs less than its mailbox's time.</summary>
    public const double Min = 1;

    /// <summary>More than this is a node that does something else.</summary>
    public const double Max = 6;

    // The ridge is (noise of a window's CPU / width of the prior)^2 = (0.1 cores / 1)^2, three times, since windows of 30 s each 10 s overlap threefold.
    private const double Ridge = 0.03;

    private static readonly TimeSpan HalfLife = TimeSpan.FromMinutes(10);

    private readonly Dictionary<string, Sums> nodes = new(StringComparer.Ordinal);

    /// <summary>CPU seconds for a second of a mailbox, <see cref="Min"/> to <see cref="Max"/>.</summary>
    public double Value { get; private set; } = Prior;

    /// <summary>Takes a window of a node.</summary>
    /// <param name="node">The node's name.</param>
    /// <param name="atMs">When the window ended.</param>
    /// <param name="shardCores">Time of its shards' mailboxes, in seconds per second.</param>
    /// <param name="processCores">CPU time of its process, in cores.</param>
    public void Add(string node, long atMs, double shardCores, double processCores)
    {
        Sums sums = nodes.GetValueOrDefault(node);
        double kept = sums.Weight == 0 ? 0 : double.Exp2(-Math.Max(0, atMs - sums.LastMs) / HalfLife.TotalMilliseconds);
        double weight = (kept * sums.Weight) + 1;
        double dx = shardCores - sums.MeanX, dy = processCores - sums.MeanY;
        double meanX = sums.MeanX + (dx / weight), meanY = sums.MeanY + (dy / weight);

        // Welford's way, with weights: the new value's part is what it differs from the mean before, times from the mean after.
        nodes[node] = new Sums(
            atMs, weight, meanX, meanY, (kept * sums.Sxx) + (dx * (shardCores - meanX)), (kept * sums.Sxy) + (dx * (processCores - meanY)));
    }

    /// <summary>Fits the slope to what was taken.</summary>
    public void Fit()
    {
        double sxx = 0, sxy = 0;
        foreach (Sums sums in nodes.Values)
        {
            (sxx, sxy) = (sxx + sums.Sxx, sxy + sums.Sxy);
        }

        Value = Math.Clamp(Prior + ((sxy - (Prior * sxx)) / (sxx + Ridge)), Min, Max);
    }

    /// <summary>Forgets a node: what it did is no guide to others' bases.</summary>
    public void Forget(string node) => nodes.Remove(node);

    private readonly record struct Sums(long LastMs, double Weight, double MeanX, double MeanY, double Sxx, double Sxy);
}
