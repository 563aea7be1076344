using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Query;

/// <summary>Every shard of the cluster in numbers, for pages and operators: asked for at most once in 1.5 s, however many look. Safe for any thread.</summary>
internal sealed class ClusterStatistics(ShardGather gather, TimeProvider time)
{
    private static readonly TimeSpan AgeMax = TimeSpan.FromSeconds(1.5);
    private static readonly TimeSpan LegTimeout = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private Task<ClusterNumbers>? newest; // guarded by gate
    private long askedAt; // guarded by gate

    /// <summary>The numbers, not older than 1.5 s when they were asked for. Members that do not answer within a second are left out.</summary>
    public Task<ClusterNumbers> ReadAsync()
    {
        lock (gate)
        {
            if (newest is null || (newest.IsCompleted && time.GetElapsedTime(askedAt) >= AgeMax))
            {
                askedAt = time.GetTimestamp();
                newest = AskAsync(); // whoever goes away meanwhile takes nothing from the others
            }

            return newest;
        }
    }

    private async Task<ClusterNumbers> AskAsync()
    {
        if (gather.Map.Current.Shards.Count == 0)
        {
            return ClusterNumbers.None;
        }

        var answered = new HashSet<int>();
        var shards = new Dictionary<int, ShardSummary>();
        try
        {
            await gather.AskAsync(
                null, LegTimeout, () => new QueryLeg { Kind = QueryLegKind.Statistics }, Take,
                new QueryScope(takesPart: true) { Patience = TimeSpan.Zero }, CancellationToken.None);
        }
        catch (QueryException)
        {
            // What a member failed with is in its log; the others' numbers stand.
        }

        return new ClusterNumbers(answered, shards);

        void Take(PlannedLeg leg, QueryLegAnswer answer)
        {
            for (int i = 0; i < leg.Shards.Count; i++)
            {
                if (answer.Coverage[i] == ShardCoverage.Covered)
                {
                    answered.Add(leg.Shards[i].ShardId);
                }
            }

            foreach (ShardSummary shard in answer.Statistics)
            {
                shards[shard.ShardId] = shard;
            }
        }
    }
}

/// <summary>Every shard of the cluster in numbers, as far as their owners answered.</summary>
/// <param name="Answered">The shards whose owners answered.</param>
/// <param name="Shards">Those of them that hold something.</param>
internal sealed record ClusterNumbers(IReadOnlySet<int> Answered, IReadOnlyDictionary<int, ShardSummary> Shards)
{
    /// <summary>Nobody answered.</summary>
    public static readonly ClusterNumbers None = new(new HashSet<int>(), new Dictionary<int, ShardSummary>());

    /// <summary>One shard's numbers: zeros when it holds nothing, null when its owner did not answer.</summary>
    public ShardSummary? Find(int shardId) => !Answered.Contains(shardId) ? null
        : Shards.GetValueOrDefault(shardId) ?? new ShardSummary(shardId, 0, 0, 0, 0, null, null);
}
