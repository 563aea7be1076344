namespace MonitorCluster.Aggregate;

/// <summary>Which shards a node has, which it loads, gives and gets: views, answers and time go in, effects come out.</summary>
/// <remarks>
/// <code>
/// the view says mine:  Unknown -- store was asked --> Empty -- first use --> Loading --> Ready        (nothing stored)
///                                              \----> Queued -- a place is free --> Loading --> Ready  (data stored)
///                                                                                       \----> Damaged -- repaired --> Ready
/// its actor ended (fenced, or the store names another owner): Closed -- 1 s --> Queued, when the view still says mine
/// given away (<see cref="HandOverState"/>): Released, 5 s, answers queries        asked to warm: an actor aside, until the shard is mine
/// </code>
/// The highest epoch of a shard that was seen wins; what a view, a grant or the own hand-over says of a lower one is old. Whether a shard is really
/// mine the store says when it is loaded. Parts: this file holds the stages of owned shards and what they are asked; RegionState.View.cs follows the
/// view; RegionState.Moves.cs gives and takes shards. One writer: the region's mailbox.
/// </remarks>
internal sealed partial class RegionState
{
    /// <summary>Shards with data that are loaded at once: the store reads one after the other, and what it read waits in memory.</summary>
    internal const int LoadsMax = 8;

    /// <summary>How long an ended shard rests before it is loaded again: what ended it is mostly that it is lost, and the view says so by then.</summary>
    internal const long ReopenMs = 1_000;

    private readonly Dictionary<int, OwnedShard> owned = [];
    private readonly Dictionary<long, int> shardOfActor = []; // of owned, warming and released ones
    private readonly Queue<int> queue = [];
    private readonly HashSet<int> changed = [];
    private readonly int[] stages = new int[Enum.GetValues<Stage>().Length];
    private readonly List<RegionEffect> effects = [];
    private Dictionary<int, long>? asked; // epochs of the shards that were owned without knowing whether the store has data of them, when it was asked
    private long lastInstance;
    private long askAgainMs;
    private bool wasReady;

    private enum Stage
    {
        /// <summary>Nobody has said yet whether anything is stored of it.</summary>
        Unknown,

        /// <summary>Nothing is stored, and nobody has used it: no actor.</summary>
        Empty,

        /// <summary>Nothing is stored; it is being opened.</summary>
        OpeningEmpty,

        /// <summary>Waits for a place among those that load.</summary>
        Queued,

        /// <summary>Its actor loads it.</summary>
        Loading,

        /// <summary>What is stored of it cannot be read. Its actor tries again now and then; others do not wait until somebody repairs the store.</summary>
        Damaged,

        /// <summary>Its actor serves.</summary>
        Ready,

        /// <summary>Its actor ended; it is loaded again when it is still owned after a while.</summary>
        Closed,
    }

    /// <summary>This node; 0 before it is a member.</summary>
    public long Incarnation { get; private set; }

    /// <summary>How many shards are owned.</summary>
    public int Owned => owned.Count;

    /// <summary>How many owned shards have, or may have, data and do not serve yet.</summary>
    public int Loading => stages[(int)Stage.Unknown] + stages[(int)Stage.Queued] + stages[(int)Stage.Loading] + stages[(int)Stage.Closed];

    /// <summary>See <see cref="RegionView.IsReady"/>.</summary>
    public bool IsReady => wasReady = wasReady || (IsMember && Loading == 0 && (Owned > 0 || IsAnyAssigned));

    /// <summary>The store's answer to <see cref="RegionEffect.AskWithData"/>.</summary>
    public void TakeWithData(IReadOnlyList<int> withData)
    {
        Dictionary<int, long> answered = asked ?? [];
        asked = null;
        HashSet<int> stored = [.. withData];
        foreach ((int shardId, long epoch) in answered)
        {
            // One that was lost and won again since is asked for anew: who had it in between may have written.
            if (!owned.TryGetValue(shardId, out OwnedShard? shard) || shard.Stage != Stage.Unknown || shard.Epoch != epoch)
            {
                continue;
            }

            if (stored.Contains(shardId))
            {
                Enqueue(shard);
            }
            else
            {
                Set(shard, Stage.Empty);
                Do(shard, shard.HandOver.Opened());
            }
        }
    }

    /// <summary>The store did not answer <see cref="RegionEffect.AskWithData"/>.</summary>
    public void TakeNoAnswer(long nowMs) => (asked, askAgainMs) = (null, nowMs + ReopenMs);

    /// <summary>A collector wants a shard.</summary>
    /// <returns>Its actor, or 0 when it must ask again later or elsewhere.</returns>
    public long Use(int shardId)
    {
        if (!owned.TryGetValue(shardId, out OwnedShard? shard))
        {
            return 0;
        }

        if (shard.Stage == Stage.Empty && !shard.IsMoving)
        {
            Open(shard, Stage.OpeningEmpty);
        }

        return shard.Actor;
    }

    /// <summary>A shard's actor serves.</summary>
    public void TakeReady(long instance)
    {
        if (OwnedOf(instance) is { } shard)
        {
            Set(shard, Stage.Ready);
            Do(shard, shard.HandOver.Opened());
        }
    }

    /// <summary>A shard's actor cannot read what is stored.</summary>
    public void TakeUnreadable(long instance)
    {
        if (OwnedOf(instance) is { Stage: Stage.Loading } shard)
        {
            Set(shard, Stage.Damaged);
        }
    }

    /// <summary>A shard's actor has ended: fenced, or it found in the store that the shard is not this node's.</summary>
    public void TakeEnded(long instance, long nowMs)
    {
        if (OwnedOf(instance) is { } shard)
        {
            shardOfActor.Remove(instance);
            shard.Actor = 0;
            shard.ClosedAtMs = nowMs;
            Set(shard, Stage.Closed);
            shard.HandOver = new HandOverState();
            effects.Add(new RegionEffect.LookAgain(long.MaxValue));
            ForgetGrant(shard);
        }
        else
        {
            TakeOtherEnded(instance);
        }
    }

    /// <summary>Time has passed.</summary>
    /// <param name="nowMs">Milliseconds of a clock that only rises.</param>
    public void Tick(long nowMs)
    {
        foreach (OwnedShard shard in owned.Values)
        {
            if (shard.Stage == Stage.Closed && nowMs - shard.ClosedAtMs >= ReopenMs)
            {
                Enqueue(shard);
                FollowMove(shard);
            }
        }

        TickMoves(nowMs);
        Advance(nowMs);
    }

    /// <summary>Starts what has a place now. Call it after each event.</summary>
    public void Advance(long nowMs)
    {
        while (stages[(int)Stage.Loading] < LoadsMax && queue.TryDequeue(out int shardId))
        {
            if (owned.TryGetValue(shardId, out OwnedShard? shard) && shard.Stage == Stage.Queued)
            {
                Open(shard, Stage.Loading);
            }
        }

        if (asked is null && stages[(int)Stage.Unknown] > 0 && nowMs >= askAgainMs)
        {
            asked = owned.Values.Where(s => s.Stage == Stage.Unknown).ToDictionary(s => s.ShardId, s => s.Epoch);
            effects.Add(new RegionEffect.AskWithData());
        }
    }

    /// <summary>What to do, in order; each is given once.</summary>
    public IReadOnlyList<RegionEffect> TakeEffects()
    {
        RegionEffect[] taken = [.. effects];
        effects.Clear();
        return taken;
    }

    /// <summary>The shards whose description may have changed since this was last asked.</summary>
    public IReadOnlyList<int> TakeChanged()
    {
        int[] taken = [.. changed];
        changed.Clear();
        return taken;
    }

    /// <summary>What a shard is to this node, and its actor; null when it is nothing to it.</summary>
    public (LocalShard Shard, long Actor)? Describe(int shardId)
    {
        if (owned.TryGetValue(shardId, out OwnedShard? shard))
        {
            LocalShardStatus status = shard.Stage switch
            {
                Stage.Ready => LocalShardStatus.Ready,
                Stage.Empty or Stage.OpeningEmpty => LocalShardStatus.Empty,
                _ => LocalShardStatus.Loading,
            };
            return (new LocalShard(shardId, shard.Epoch, status, null) { IsMoving = shard.IsMoving }, shard.Actor);
        }

        return released.TryGetValue(shardId, out ReleasedShard? gone)
            ? (new LocalShard(shardId, gone.Epoch, LocalShardStatus.Released, null), gone.Actor)
            : null;
    }

    private void Enqueue(OwnedShard shard)
    {
        Set(shard, Stage.Queued);
        queue.Enqueue(shard.ShardId);
    }

    private void Open(OwnedShard shard, Stage stage)
    {
        shard.Actor = NewActor(new ShardRecipe(shard.ShardId, shard.Epoch, Incarnation, IsWarming: false));
        Set(shard, stage);
    }

    private long NewActor(ShardRecipe recipe)
    {
        shardOfActor[++lastInstance] = recipe.ShardId;
        effects.Add(new RegionEffect.OpenActor(lastInstance, recipe));
        return lastInstance;
    }

    private void StopActor(long instance)
    {
        if (shardOfActor.Remove(instance))
        {
            effects.Add(new RegionEffect.StopActor(instance));
        }
    }

    private OwnedShard Own(int shardId, long epoch)
    {
        var shard = new OwnedShard(shardId, epoch);
        owned[shardId] = shard;
        stages[(int)shard.Stage]++;
        changed.Add(shardId);
        return shard;
    }

    private void Disown(OwnedShard shard)
    {
        owned.Remove(shard.ShardId);
        stages[(int)shard.Stage]--;
        changed.Add(shard.ShardId);
    }

    private void Set(OwnedShard shard, Stage stage)
    {
        stages[(int)shard.Stage]--;
        stages[(int)stage]++;
        shard.Stage = stage;
        changed.Add(shard.ShardId);
    }

    private OwnedShard? OwnedOf(long instance) =>
        shardOfActor.TryGetValue(instance, out int shardId) && owned.TryGetValue(shardId, out OwnedShard? shard) && shard.Actor == instance ? shard : null;

    private sealed class OwnedShard(int shardId, long epoch)
    {
        public int ShardId { get; } = shardId;

        public long Epoch { get; } = epoch;

        public Stage Stage { get; set; }

        public long Actor { get; set; }

        public long ClosedAtMs { get; set; }

        public long WarmAskedMs { get; set; }

        public bool IsWarmUnanswered { get; set; }

        public HandOverState HandOver { get; set; } = new();

        public bool IsMoving => HandOver.Step != HandOverStep.None;
    }
}
