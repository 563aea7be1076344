namespace MonitorCluster.Cluster.Membership;

/// <summary>How many members may be evicted for standing still: a fault of the database or of this node must not take the cluster apart.</summary>
internal sealed class EvictionPace(MembershipTiming timing)
{
    private readonly Queue<TimeSpan> evictions = new();

    /// <summary>How many of those that stand still may be evicted now.</summary>
    /// <param name="stalled">How many stand still.</param>
    /// <param name="others">How many members live besides this one.</param>
    /// <param name="now">This node's time.</param>
    internal int Allow(int stalled, int others, TimeSpan now)
    {
        while (evictions.TryPeek(out TimeSpan at) && now - at >= timing.EvictionWindow)
        {
            evictions.Dequeue();
        }

        // When nobody else moves, waiting would save nobody: this node is all that is left.
        return stalled >= others ? stalled : Math.Clamp(Math.Max(1, (int)(timing.EvictionShare * (others + 1))) - evictions.Count, 0, stalled);
    }

    internal void Evicted(int count, TimeSpan now)
    {
        for (int i = 0; i < count; i++)
        {
            evictions.Enqueue(now);
        }
    }
}
