namespace MonitorCluster.Cluster.Membership;

/// <summary>The way of a node out of the cluster: its shards first, then its last flush, then itself.</summary>
/// <remarks>
/// <code>
/// LeaveCluster -> status 'leaving' -> the controller drains -> no shards | nobody takes them | 30 s passed -> ShardsDrained
///              -> the node's last flush -> LeaveNow -> status 'dead', reason 'left' -> MembershipLeft
/// </code>
/// A shard whose owner has left is assigned like that of any dead member; draining only makes the pause shorter. The fence makes an over-run harmless.
/// </remarks>
internal sealed class LeavingState(MembershipConfig config, MembershipOutbox outbox, ClusterMap map, long me)
{
    private readonly List<IActorRef> waitForDrain = [];
    private readonly List<IActorRef> waitForEnd = [];
    private bool isDraining;
    private ShardsDrained? drained;

    /// <summary>Whether the node has begun to leave.</summary>
    internal bool HasBegun { get; private set; }

    /// <summary>Set when the store has, or has not, taken the end.</summary>
    internal MembershipLeft? Left { get; private set; }

    internal void Drain(IActorRef asker)
    {
        if (drained is not null)
        {
            outbox.Answer(asker, drained);
            return;
        }

        waitForDrain.Add(asker);
        if (!HasBegun)
        {
            HasBegun = true;
            long member = me;
            outbox.Run(MembershipOperation.BeginLeave, store => store.BeginLeave(member));
        }
    }

    /// <summary>The status was written, or the store is away: then nobody drains this node.</summary>
    internal void Begun(bool isWritten)
    {
        if (!isWritten)
        {
            EndDrain();
            return;
        }

        isDraining = true;
        outbox.SetTimer(MembershipTimer.Drain, config.Timing.Drain);
        TakeView();
    }

    /// <summary>The view was read: perhaps nothing is left to give, or nobody to give it to.</summary>
    internal void TakeView()
    {
        if (isDraining && (!map.OwnsShards(me) || !map.CanTakeShards(but: me)))
        {
            EndDrain();
        }
    }

    internal void EndDrain()
    {
        isDraining = false;
        drained ??= new ShardsDrained(!map.OwnsShards(me));
        waitForDrain.ForEach(asker => outbox.Answer(asker, drained));
        waitForDrain.Clear();
    }

    internal void Leave(IActorRef asker)
    {
        HasBegun = true;
        waitForEnd.Add(asker);
        long member = me;
        outbox.Run(MembershipOperation.Leave, store => store.MarkDead(member, "left"));
    }

    internal void Ended(bool isRecorded) => Left = new MembershipLeft(isRecorded);

    /// <summary>Membership is over, however it came about: nobody waits any more.</summary>
    internal void Release(MembershipLeft left)
    {
        Left ??= left;
        EndDrain();
        waitForEnd.ForEach(asker => outbox.Answer(asker, Left));
        waitForEnd.Clear();
    }
}
