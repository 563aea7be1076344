using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Aggregate;

// Planned moves, cluster protocol 2.2. A gives, B takes:
//
//   both see the move in the view
//   A  BeginMove to the shard: no cut, no retention from here on; MoveBegun          the shard goes on as ever
//   A -> B  Warm                                                                      B loads snapshot and journal aside, answers the last row's number
//   A  FreezeShard: the shard takes nothing more, its last row goes to the journal    at the answer or a refusal; without one B is asked again
//   A  T8: last row and new owner in one transaction                                  done | cancelled: goes on here | fenced: lost
//   A -> B  Grant                                                                     B reads the rows it lacks, and serves
//   A  Released: answers queries for 5 s                                              for those whose map is older, or while B reads
//
// A shard that B cannot read stays with A: what A holds in memory may be the only good copy. Otherwise no message is needed: a Warm that is refused
// lets B load the whole shard when it sees its row, without Grant it sees its row with the next view, and a shard that was warmed for nothing is
// dropped when the view shows the move gone, or after 40 s.
internal sealed partial class RegionState
{
    /// <summary>How long the giver waits for the new owner to have loaded.</summary>
    internal static readonly TimeSpan WarmTimeout = TimeSpan.FromSeconds(5);

    /// <summary>How long a shard answers queries after it was handed over.</summary>
    internal const long ReleasedMs = 5_000;

    /// <summary>How long a shard is kept that was warmed: a move lives 30 s.</summary>
    internal const long WarmKeptMs = 40_000;

    /// <summary>Shards warmed at once: memory that belongs to nobody yet. The controller moves two at a time to a node, or eight to a new one.</summary>
    internal const int WarmMax = 16;

    private readonly Dictionary<int, ReleasedShard> released = [];
    private readonly Dictionary<int, WarmShard> warm = [];

    /// <summary>Another node asks to load a shard that will be this node's.</summary>
    public void TakeWarmRequest(WarmRequest request, IActorRef asker, long nowMs)
    {
        if (warm.TryGetValue(request.ShardId, out WarmShard? shard) && shard.MoveId != request.MoveId)
        {
            EndWarm(shard, "another move has begun");
            shard = null;
        }

        if (shard is { Jseq: { } jseq })
        {
            effects.Add(new RegionEffect.AnswerWarm(asker, new WarmAnswer(jseq), string.Empty));
            return;
        }

        if (shard is null)
        {
            string? refusal = Incarnation == 0 || !known.ContainsKey(request.ShardId) ? "it does not know the shard"
                : owned.ContainsKey(request.ShardId) ? "it owns the shard"
                : request.Epoch < EpochOf(request.ShardId) ? "it knows a later epoch"
                : version >= request.Version && !IsMovingHere(known[request.ShardId], request.MoveId) ? "the move is over"
                : warm.Count >= WarmMax ? $"it warms {WarmMax} shards already"
                : null;
            if (refusal is not null)
            {
                effects.Add(new RegionEffect.AnswerWarm(asker, null, refusal));
                return;
            }

            var recipe = new ShardRecipe(request.ShardId, request.Epoch, Incarnation, IsWarming: true);
            warm[request.ShardId] = shard = new WarmShard(request, NewActor(recipe), nowMs);
        }

        shard.Askers.Add(asker);
        if (request.Version > version)
        {
            effects.Add(new RegionEffect.LookAgain(request.Version));
        }
    }

    /// <summary>A warming shard is loaded.</summary>
    public void TakeWarmed(long instance, long jseq)
    {
        if (WarmOf(instance) is { } shard)
        {
            shard.Jseq = jseq;
            shard.Askers.ForEach(a => effects.Add(new RegionEffect.AnswerWarm(a, new WarmAnswer(jseq), string.Empty)));
            shard.Askers.Clear();
        }
    }

    /// <summary>Another node says that it has handed a shard over to this one.</summary>
    public void TakeGrant(GrantRequest grant)
    {
        if (grant.Epoch <= EpochOf(grant.ShardId))
        {
            return;
        }

        effects.Add(new RegionEffect.LookAgain(long.MaxValue));
        if (warm.TryGetValue(grant.ShardId, out WarmShard? shard) && shard.MoveId == grant.MoveId && shard.Epoch + 1 == grant.Epoch)
        {
            // Believed because it is checked: what loads the rest of the shard reads its row.
            known[grant.ShardId] = known[grant.ShardId] with { Epoch = grant.Epoch, Owner = Incarnation, Target = null, MoveId = null };
            Follow(known[grant.ShardId]);
        }
    }

    /// <summary>A shard that moves has ended its cut and its retention.</summary>
    public void TakeMoveBegun(long instance, long moveId)
    {
        if (OwnedOf(instance) is { } shard)
        {
            Do(shard, shard.HandOver.Begun(moveId));
        }
    }

    /// <summary>The new owner has loaded the shard, or says that it will not before the shard is its own.</summary>
    public void TakeWarmAnswer(int shardId, long moveId)
    {
        if (owned.TryGetValue(shardId, out OwnedShard? shard))
        {
            Do(shard, shard.HandOver.Warmed(moveId));
        }
    }

    /// <summary>The new owner cannot read what is stored of the shard: it stays here, where it is served, and the controller cancels the move.</summary>
    public void TakeWarmUnreadable(int shardId, long moveId)
    {
        if (owned.TryGetValue(shardId, out OwnedShard? shard) && shard.HandOver.MoveId == moveId)
        {
            Do(shard, shard.HandOver.GiveUp());
        }
    }

    /// <summary>
    /// The new owner does not answer. A shard that is well stays where it is: the new owner is asked again until the controller ends the move.
    /// </summary>
    public void TakeNoWarmAnswer(int shardId, long moveId)
    {
        if (owned.TryGetValue(shardId, out OwnedShard? shard) && shard.HandOver.MoveId == moveId)
        {
            shard.IsWarmUnanswered = true;
        }
    }

    /// <summary>The transaction has said how a hand-over ended.</summary>
    /// <param name="ended">What it said.</param>
    /// <param name="instance">The shard's actor; 0 for an empty shard.</param>
    /// <param name="nowMs">The time.</param>
    public void TakeHandOverEnded(HandOverEnded ended, long instance, long nowMs)
    {
        OwnedShard? shard = owned.GetValueOrDefault(ended.ShardId);
        if (shard is null || shard.Actor != instance || shard.Epoch != ended.Epoch || shard.HandOver.Step != HandOverStep.Frozen
            || shard.HandOver.MoveId != ended.MoveId)
        {
            return; // the view was ahead, and the shard has gone its way
        }

        effects.Add(ended.Kind == HandOverKind.Done ? new RegionEffect.TellHandedOver() : new RegionEffect.LookAgain(long.MaxValue));
        switch (ended.Kind)
        {
            case HandOverKind.Done:
                Release(shard, ended, nowMs);
                break;
            case HandOverKind.Cancelled:
                Do(shard, shard.HandOver.Thawed(ended.MoveId));
                break;
            case HandOverKind.Fenced when instance == 0:
                shard.ClosedAtMs = nowMs;
                shard.HandOver = new HandOverState();
                Set(shard, Stage.Closed);
                break;
            default:
                break; // its actor stops by itself
        }
    }

    private void Release(OwnedShard shard, HandOverEnded ended, long nowMs)
    {
        long target = shard.HandOver.Target;
        known[shard.ShardId] = known[shard.ShardId] with { Epoch = shard.Epoch + 1, Owner = target, Target = null, MoveId = null };
        Disown(shard);
        if (shard.Actor != 0)
        {
            released[shard.ShardId] = new ReleasedShard(shard.Epoch, shard.Actor, nowMs + ReleasedMs);
            if (AddressOf(target) is { } address)
            {
                effects.Add(new RegionEffect.SendGrant(address, new GrantRequest(shard.ShardId, shard.Epoch + 1, ended.MoveId, ended.Jseq)));
            }
        }

        ShardOwner row = rows.FirstOrDefault(r => r.ShardId == shard.ShardId);
        if (row.Epoch > shard.Epoch + 1)
        {
            known[shard.ShardId] = row; // the view is ahead already
            Follow(row);
        }
    }

    private void Do(OwnedShard shard, HandOverAction action)
    {
        changed.Add(shard.ShardId);
        HandOverState move = shard.HandOver;
        switch (action)
        {
            case HandOverAction.Begin when shard.Actor == 0:
                Do(shard, move.Begun(move.MoveId));
                break;
            case HandOverAction.Begin:
                effects.Add(new RegionEffect.TellActor(shard.Actor, new BeginMove(move.MoveId)));
                break;
            case HandOverAction.AskWarm when AddressOf(move.Target) is not { } address:
                Do(shard, move.GiveUp()); // dead or leaving: the transaction would say no
                break;
            case HandOverAction.AskWarm when shard.Actor == 0:
                Do(shard, move.Warmed(move.MoveId));
                break;
            case HandOverAction.AskWarm:
                (shard.WarmAskedMs, shard.IsWarmUnanswered) = (0, false);
                effects.Add(new RegionEffect.AskWarm(AddressOf(move.Target)!, new WarmRequest(shard.ShardId, shard.Epoch, move.MoveId, version)));
                break;
            case HandOverAction.Freeze when shard.Actor == 0:
                effects.Add(new RegionEffect.HandOverEmpty(new HandOverShard(shard.ShardId, shard.Epoch, move.MoveId, 0, null, 0)));
                break;
            case HandOverAction.Freeze:
                effects.Add(new RegionEffect.TellActor(shard.Actor, new FreezeShard(move.MoveId)));
                break;
            case HandOverAction.End when shard.Actor != 0:
                effects.Add(new RegionEffect.TellActor(shard.Actor, new EndMove()));
                break;
        }
    }

    private string? AddressOf(long incarnation) =>
        members.FirstOrDefault(m => m.Incarnation == incarnation) is { Status: MemberStatus.Active, Address.Length: > 0 } member ? member.Address : null;

    private void TakeOverWarm(OwnedShard shard)
    {
        if (!warm.Remove(shard.ShardId, out WarmShard? ready))
        {
            return;
        }

        ready.Askers.ForEach(a => effects.Add(new RegionEffect.AnswerWarm(a, null, "the shard is its own already")));
        if (ready.Epoch + 1 == shard.Epoch)
        {
            shard.Actor = ready.Actor;
            Set(shard, Stage.Loading);
            effects.Add(new RegionEffect.TellActor(ready.Actor, new TakeOverShard(shard.Epoch)));
        }
        else
        {
            StopActor(ready.Actor); // somebody else had it in between
        }
    }

    private void DropWarm(ShardOwner row)
    {
        if (warm.TryGetValue(row.ShardId, out WarmShard? shard) && version >= shard.Version && !IsMovingHere(row, shard.MoveId))
        {
            EndWarm(shard, "the move is over");
        }
    }

    private bool IsMovingHere(ShardOwner row, long moveId) => row.Target == Incarnation && row.MoveId == moveId;

    private void EndWarm(WarmShard shard, string reason)
    {
        shard.Askers.ForEach(a => effects.Add(new RegionEffect.AnswerWarm(a, null, reason)));
        warm.Remove(shard.ShardId);
        StopActor(shard.Actor);
    }

    private void TickMoves(long nowMs)
    {
        foreach (ReleasedShard shard in released.Values.Where(s => nowMs >= s.UntilMs).ToArray())
        {
            TakeOtherEnded(shard.Actor, stop: true);
        }

        foreach (WarmShard shard in warm.Values.Where(s => nowMs - s.SinceMs >= WarmKeptMs).ToArray())
        {
            EndWarm(shard, "the move takes too long");
        }

        // The peers actor answers in time by itself; this is for the answer that is lost with it.
        foreach (OwnedShard shard in owned.Values.Where(s => s.HandOver.Step == HandOverStep.Warming).ToArray())
        {
            shard.WarmAskedMs = shard.WarmAskedMs == 0 ? nowMs : shard.WarmAskedMs;
            if (shard.IsWarmUnanswered || nowMs - shard.WarmAskedMs > (long)WarmTimeout.TotalMilliseconds)
            {
                Do(shard, HandOverAction.AskWarm);
            }
        }
    }

    private void TakeOtherEnded(long instance, bool stop = false)
    {
        if (!shardOfActor.TryGetValue(instance, out int shardId))
        {
            return;
        }

        if (released.TryGetValue(shardId, out ReleasedShard? gone) && gone.Actor == instance)
        {
            released.Remove(shardId);
            changed.Add(shardId);
        }
        else if (WarmOf(instance) is { } shard)
        {
            shard.Askers.ForEach(a => effects.Add(new RegionEffect.AnswerWarm(a, new WarmAnswer(null), string.Empty)));
            shard.Askers.Clear();
            EndWarm(shard, string.Empty);
            return;
        }

        if (stop)
        {
            StopActor(instance);
        }
        else
        {
            shardOfActor.Remove(instance);
        }
    }

    private WarmShard? WarmOf(long instance) =>
        shardOfActor.TryGetValue(instance, out int shardId) && warm.TryGetValue(shardId, out WarmShard? shard) && shard.Actor == instance ? shard : null;

    private sealed record ReleasedShard(long Epoch, long Actor, long UntilMs);

    private sealed class WarmShard(WarmRequest request, long actor, long sinceMs)
    {
        public int ShardId => request.ShardId;

        public long Epoch => request.Epoch;

        public long MoveId => request.MoveId;

        public long Version => request.Version;

        public long Actor => actor;

        public long SinceMs => sinceMs;

        public long? Jseq { get; set; }

        public List<IActorRef> Askers { get; } = [];
    }
}
