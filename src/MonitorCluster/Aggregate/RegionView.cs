using System.Collections.Immutable;

namespace MonitorCluster.Aggregate;

/// <summary>What a shard is to this node.</summary>
internal enum LocalShardStatus
{
    /// <summary>Owned; nothing is stored of it and there is no actor: it answers nothing because there is nothing.</summary>
    Empty,

    /// <summary>Owned, but not loaded: its answer is still to come.</summary>
    Loading,

    /// <summary>Owned and serving, also while it is being handed over.</summary>
    Ready,

    /// <summary>Handed over a moment ago: complete up to the hand-over, for those whose new owner is not ready.</summary>
    Released,
}

/// <summary>A shard as this node has it. Immutable.</summary>
/// <param name="ShardId">The shard.</param>
/// <param name="Epoch">The epoch in which this node owns, or owned, it.</param>
/// <param name="Status">What it is to this node.</param>
/// <param name="Ref">Its actor when it can be asked (ready, released), else null.</param>
internal sealed record LocalShard(int ShardId, long Epoch, LocalShardStatus Status, IActorRef? Ref)
{
    /// <summary>Whether it is about to be handed over: nothing of it may be rewritten or deleted meanwhile.</summary>
    public bool IsMoving { get; init; }

    /// <summary>What it costs this node; null when it has no actor.</summary>
    public ShardMeter? Meter { get; init; }
}

/// <summary>Which shards are here, for readers on any thread. Each read sees one moment; two reads may see two.</summary>
/// <remarks>Publishing costs a path in a tree for each changed shard, whatever their number; the list is made when it is first asked for.</remarks>
internal sealed class RegionView
{
    private volatile Content content = new(ImmutableDictionary<int, LocalShard>.Empty, 0, 0, false);

    /// <summary>The owned and the released shards, ascending by number. Immutable.</summary>
    public IReadOnlyList<LocalShard> All => content.All;

    /// <summary>How many shards this node owns.</summary>
    public int Owned => content.Owned;

    /// <summary>How many of the owned ones are not served yet, though the store has or may have data of them.</summary>
    public int Loading => content.Loading;

    /// <summary>Whether this node has been ready: a member, with its shards of that moment loaded, in a cluster whose shards are assigned.</summary>
    /// <remarks>It stays so when shards are gained later: one shard that loads is a matter of that shard, not of the node.</remarks>
    public bool IsReady => content.IsReady;

    /// <summary>A shard; null when this node neither owns it nor has just released it.</summary>
    public LocalShard? Find(int shardId) => content.Shards.GetValueOrDefault(shardId);

    /// <summary>Publishes changes. Only the region's mailbox does.</summary>
    /// <param name="changed">Number and new state of each changed shard; null when it is gone.</param>
    /// <param name="owned">See <see cref="Owned"/>.</param>
    /// <param name="loading">See <see cref="Loading"/>.</param>
    /// <param name="isReady">See <see cref="IsReady"/>.</param>
    internal void Set(IEnumerable<KeyValuePair<int, LocalShard?>> changed, int owned, int loading, bool isReady)
    {
        ImmutableDictionary<int, LocalShard>.Builder shards = content.Shards.ToBuilder();
        foreach ((int shardId, LocalShard? shard) in changed)
        {
            if (shard is null)
            {
                shards.Remove(shardId);
            }
            else
            {
                shards[shardId] = shard;
            }
        }

        content = new Content(shards.ToImmutable(), owned, loading, isReady);
    }

    private sealed class Content(ImmutableDictionary<int, LocalShard> shards, int owned, int loading, bool isReady)
    {
        private LocalShard[]? all;

        public ImmutableDictionary<int, LocalShard> Shards => shards;

        public int Owned => owned;

        public int Loading => loading;

        public bool IsReady => isReady;

        public LocalShard[] All => LazyInitializer.EnsureInitialized(ref all, () => [.. shards.Values.OrderBy(s => s.ShardId)]);
    }
}
