namespace MonitorCluster.Aggregate;

/// <summary>Which shards are here and how far they are, for readers on any thread: immutable snapshots.</summary>
internal sealed class RegionView
{
    private volatile Content content = new([], [], 0, 0, false);

    /// <summary>Every shard of this node, those given away a moment ago among them; ascending by number.</summary>
    public IReadOnlyList<LocalShard> All => content.All;

    /// <summary>The shards with an actor, ascending by number.</summary>
    public IReadOnlyList<OpenShardRef> Open => content.Open;

    /// <summary>How many shards this node owns.</summary>
    public int Owned => content.Owned;

    /// <summary>How many of them are not loaded yet.</summary>
    public int Loading => content.Loading;

    /// <summary>Whether this node owns shards and all that have data are loaded.</summary>
    public bool IsReady => content is { HasOwned: true, Loading: 0 };

    /// <summary>One shard; null when it is not here.</summary>
    public LocalShard? Find(int shardId)
    {
        LocalShard[] all = content.All;
        int low = 0, high = all.Length - 1;
        while (low <= high)
        {
            int middle = (low + high) / 2;
            int order = all[middle].ShardId.CompareTo(shardId);
            if (order == 0)
            {
                return all[middle];
            }

            (low, high) = order < 0 ? (middle + 1, high) : (low, middle - 1);
        }

        return null;
    }

    internal void Set(LocalShard[] all)
    {
        int owned = all.Count(s => s.Status != LocalShardStatus.Released);
        content = new Content(
            all,
            [.. all.Where(s => s is { Ref: not null, Status: not LocalShardStatus.Released }).Select(s => new OpenShardRef(s.ShardId, s.Ref!))],
            owned,
            all.Count(s => s.Status == LocalShardStatus.Loading),
            content.HasOwned || owned > 0);
    }

    private sealed record Content(LocalShard[] All, OpenShardRef[] Open, int Owned, int Loading, bool HasOwned);
}

/// <summary>A shard of this node.</summary>
/// <param name="ShardId">The shard.</param>
/// <param name="Epoch">The ownership that this is about.</param>
/// <param name="Status">How far it is.</param>
/// <param name="Ref">Its actor; null while it is empty.</param>
internal sealed record LocalShard(int ShardId, long Epoch, LocalShardStatus Status, IActorRef? Ref);

/// <summary>How far a shard of this node is.</summary>
internal enum LocalShardStatus
{
    /// <summary>Owned, nothing stored of it, no actor.</summary>
    Empty,

    /// <summary>Owned and being read from the store.</summary>
    Loading,

    /// <summary>Owned and serving, also while it is handed over.</summary>
    Ready,

    /// <summary>Handed over a moment ago: it still answers queries, of the epoch that has ended.</summary>
    Released,
}

/// <summary>A shard that is open on this node.</summary>
internal sealed record OpenShardRef(int ShardId, IActorRef Ref);
