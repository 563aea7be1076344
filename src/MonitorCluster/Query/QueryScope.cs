namespace MonitorCluster.Query;

/// <summary>
/// How a question may be answered: within which time, and whether parts may be missing; and afterwards, what is missing. For one question, or for
/// several that belong together: what one of them has waited for in vain, the next one does not wait for again.
/// </summary>
/// <param name="timeout">How long the asker waits; the node's own limit when null.</param>
/// <param name="takesPart">Whether an answer without the shards that nobody serves now is better than none.</param>
public sealed class QueryScope(TimeSpan? timeout = null, bool takesPart = false)
{
    private readonly List<string> warnings = [];

    /// <summary>How long the asker waits; the node's own limit when null.</summary>
    public TimeSpan? Timeout { get; } = timeout;

    /// <summary>Whether an answer without some shards is taken.</summary>
    public bool TakesPart { get; } = takesPart;

    /// <summary>How long a shard may have nobody who serves it.</summary>
    public TimeSpan Patience { get; init; } = ShardGather.PatienceMax;

    /// <summary>Whether the answer lacks anything.</summary>
    public bool IsPart => warnings.Count > 0;

    /// <summary>What the answer lacks and why, a sentence for each reason.</summary>
    public IReadOnlyList<string> Warnings => warnings;

    // When the first of the questions was asked, as a timestamp of the clock.
    internal long? StartedAt { get; set; }

    // Members that did not answer when they were asked last.
    internal HashSet<long> Silent { get; } = [];

    internal void Warn(string missing)
    {
        if (!warnings.Contains(missing)) // several selectors of one query miss the same shards
        {
            warnings.Add(missing);
        }
    }
}
