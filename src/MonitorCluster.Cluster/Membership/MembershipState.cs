using MonitorCluster.Cluster.Storage;
using static MonitorCluster.Cluster.Membership.MembershipEffect;
using static MonitorCluster.Cluster.Membership.MembershipEvent;

namespace MonitorCluster.Cluster.Membership;

/// <summary>A node's membership from start to end, without clock, thread or database: events go in, effects come out.</summary>
/// <remarks>
/// <code>
/// start -> open -> admit -> activate -> lease -> assign -> view      heartbeat every 1 s, lease every 2 s
///                    |  a living member in the way: watch it for 3 s, then replace it or be refused
/// </code>
/// A node alone walks through this without waiting for anything but the database. The database being away never ends a membership: the step is
/// repeated, and what was
/// owned stays owned; only the database's own answer that this incarnation is dead does. One writer: the membership actor's mailbox.
/// </remarks>
internal sealed class MembershipState(StoreIdentity identity, AdmitRequest node)
{
    // The lease lives 6 s by the database's clock, so one lost renewal does not lose it.
    internal static readonly TimeSpan HeartbeatInterval = TimeSpan.FromSeconds(1);
    internal static readonly TimeSpan LeaseInterval = TimeSpan.FromSeconds(2);

    /// <summary>Three heartbeats: a living member moves at least twice in it.</summary>
    internal static readonly TimeSpan WatchTime = TimeSpan.FromSeconds(3);
    internal static readonly TimeSpan BackoffMin = TimeSpan.FromMilliseconds(250);
    internal static readonly TimeSpan BackoffMax = TimeSpan.FromSeconds(5);

    private readonly List<MembershipEffect> _effects = [];
    private readonly HashSet<MembershipOperation> _running = [];
    private readonly SortedDictionary<int, ShardOwner> _shards = [];
    private AdmitRequest _node = node;
    private Guid _clusterUuid;
    private long _incarnation;
    private long? _leaseEpoch;
    private long _version;
    private IReadOnlyList<MemberRow> _members = [];
    private IReadOnlyList<ShardEpoch>? _owned;
    private MembershipOperation _toRetry;
    private TimeSpan _backoff = BackoffMin;
    private bool _leaving;
    private bool _ended;

    private bool HasOrphans
    {
        get
        {
            HashSet<long> dead = [.. _members.Where(member => member.Status == MemberStatus.Dead).Select(member => member.Incarnation)];
            return _shards.Values.Any(shard => shard.Owner is not { } owner || dead.Contains(owner));
        }
    }

    /// <summary>Takes one event.</summary>
    /// <returns>What to do, in order.</returns>
    internal IReadOnlyList<MembershipEffect> Step(MembershipEvent happened)
    {
        _effects.Clear();
        if (!_ended)
        {
            Take(happened);
        }

        return [.. _effects];
    }

    private void Take(MembershipEvent happened)
    {
        switch (happened)
        {
            case Started:
                Run(MembershipOperation.Open);
                break;
            case Succeeded succeeded:
                _running.Remove(succeeded.Operation);
                _backoff = BackoffMin;
                TakeResult(succeeded.Operation, succeeded.Result);
                break;
            case Failed failed:
                _running.Remove(failed.Operation);
                TakeFailure(failed.Operation, failed.Error);
                break;
            case Elapsed elapsed when !_leaving:
                TakeTimer(elapsed.Timer);
                break;
            case LeaveRequested when !_leaving:
                Leave();
                break;
        }
    }

    private void TakeResult(MembershipOperation operation, object? result)
    {
        if (_leaving && operation != MembershipOperation.Leave)
        {
            return;
        }

        switch (operation)
        {
            case MembershipOperation.Open:
                _clusterUuid = ((StoreInfo)result!).ClusterUuid;
                Run(MembershipOperation.Admit);
                break;
            case MembershipOperation.Admit:
                TakeAdmission((AdmitResult)result!);
                break;
            case MembershipOperation.Activate when (bool)result!:
                Publish(new MembershipReady(_incarnation, _clusterUuid));
                Run(MembershipOperation.AcquireLease);
                SetTimer(MembershipTimer.Lease, LeaseInterval);
                break;
            case MembershipOperation.Activate:
                Evict();
                break;
            case MembershipOperation.AcquireLease:
                TakeLease((long?)result);
                break;
            case MembershipOperation.AssignShards:
                TakeAssignment((IReadOnlyList<ShardEpoch>?)result);
                break;
            case MembershipOperation.Heartbeat:
                TakeHeartbeat((HeartbeatResult?)result);
                break;
            case MembershipOperation.ReadView:
                TakeView((ClusterView)result!);
                break;
            case MembershipOperation.Leave:
                End(new MembershipLeft(IsRecorded: (bool)result!));
                break;
        }
    }

    private void TakeAdmission(AdmitResult result)
    {
        if (result.IsAdmitted)
        {
            _incarnation = result.Incarnation;
            Run(MembershipOperation.Activate);
            SetTimer(MembershipTimer.Heartbeat, HeartbeatInterval);
        }
        else if (_node.StoodStill.Count == 0)
        {
            _node = _node with { StoodStill = [.. result.InTheWay.Select(member => new ObservedMember(member.Incarnation, member.HeartbeatSeq))] };
            SetTimer(MembershipTimer.Watch, WatchTime);
        }
        else
        {
            End(new MembershipRefused([.. result.InTheWay.Select(WhyInTheWay)]));
        }
    }

    private string WhyInTheWay(MemberRow member)
    {
        string who = $"living node '{member.NodeName}' at {member.Address} (incarnation {member.Incarnation})";
        return member.NodeName == _node.NodeName ? $"Node:Name '{_node.NodeName}' is in use by the {who}."
            : member.Address == _node.Address ? $"The address {_node.Address} is in use by the {who}."
            : $"Cluster:Seeds is empty, but the store already has the {who}. Set Cluster:Seeds={member.Address} to join it.";
    }

    private void TakeLease(long? epoch)
    {
        bool isNew = epoch is not null && epoch != _leaseEpoch;
        _leaseEpoch = epoch;
        if (isNew || (epoch is not null && HasOrphans))
        {
            Run(MembershipOperation.AssignShards);
        }
        else if (_version == 0)
        {
            Run(MembershipOperation.ReadView);
        }
    }

    private void TakeAssignment(IReadOnlyList<ShardEpoch>? owned)
    {
        if (owned is null)
        {
            _leaseEpoch = null; // somebody else is the controller now; the next renewal tells
        }
        else
        {
            SetOwned(owned);
        }

        Run(MembershipOperation.ReadView);
    }

    private void TakeHeartbeat(HeartbeatResult? heartbeat)
    {
        if (heartbeat is not { } alive)
        {
            Evict();
        }
        else if (alive.ClusterVersion != _version)
        {
            Run(MembershipOperation.ReadView);
        }
    }

    private void TakeView(ClusterView view)
    {
        if (view.Version == _version)
        {
            return;
        }

        _version = view.Version;
        _members = view.Members;
        foreach (ShardOwner shard in view.ChangedShards)
        {
            _shards[shard.ShardId] = shard;
        }

        SetOwned([.. _shards.Values.Where(shard => shard.Owner == _incarnation).Select(shard => new ShardEpoch(shard.ShardId, shard.Epoch))]);
        Publish(new ClusterViewChanged(_version, _members, [.. _shards.Values]));
        if (_leaseEpoch is not null && HasOrphans)
        {
            Run(MembershipOperation.AssignShards);
        }
    }

    private void SetOwned(IReadOnlyList<ShardEpoch> owned)
    {
        if (_owned is null || !_owned.SequenceEqual(owned))
        {
            _owned = owned;
            Publish(new ShardsOwned(owned));
        }
    }

    private void TakeFailure(MembershipOperation operation, Exception error)
    {
        if (error is StoreRefusedException refused)
        {
            End(new MembershipRefused(refused.Reasons));
            return;
        }

        switch (operation)
        {
            case MembershipOperation.Open or MembershipOperation.Admit or MembershipOperation.Activate when !_leaving:
                _toRetry = operation;
                _node = _node with { StoodStill = [] }; // while we could not see the store, nobody could move: watch again
                SetTimer(MembershipTimer.Retry, _backoff);
                _backoff = _backoff * 2 < BackoffMax ? _backoff * 2 : BackoffMax;
                break;
            case MembershipOperation.AssignShards:
                _leaseEpoch = null; // so that the next renewal assigns again
                break;
            case MembershipOperation.Leave:
                End(new MembershipLeft(IsRecorded: false));
                break;
        }
    }

    private void TakeTimer(MembershipTimer timer)
    {
        switch (timer)
        {
            case MembershipTimer.Retry:
                Run(_toRetry);
                break;
            case MembershipTimer.Watch:
                Run(MembershipOperation.Admit);
                break;
            case MembershipTimer.Heartbeat:
                Run(MembershipOperation.Heartbeat);
                SetTimer(timer, HeartbeatInterval);
                break;
            case MembershipTimer.Lease:
                Run(MembershipOperation.AcquireLease);
                SetTimer(timer, LeaseInterval);
                break;
        }
    }

    private void Leave()
    {
        _leaving = true;
        if (_incarnation == 0)
        {
            End(new MembershipLeft(IsRecorded: false));
            return;
        }

        _effects.Add(new CancelTimers());
        Run(MembershipOperation.Leave);
    }

    private void Evict() => End(new MembershipEvicted(_incarnation));

    private void End(object last)
    {
        _ended = true;
        _effects.Add(new CancelTimers());
        Publish(last);
    }

    private void Publish(object message) => _effects.Add(new Publish(message));

    private void SetTimer(MembershipTimer timer, TimeSpan delay) => _effects.Add(new SetTimer(timer, delay));

    /// <summary>Runs a transaction unless it is under way: a slow database must not pile them up.</summary>
    private void Run(MembershipOperation operation)
    {
        if (_running.Add(operation))
        {
            _effects.Add(new RunStore(operation, TransactionOf(operation)));
        }
    }

    private Func<SqlStore, object?> TransactionOf(MembershipOperation operation)
    {
        // Copied here, because the transaction runs on the store's thread.
        (AdmitRequest admission, long me, long lease, long version) = (_node, _incarnation, _leaseEpoch ?? 0, _version);
        return operation switch
        {
            MembershipOperation.Open => store => store.Open(identity),
            MembershipOperation.Admit => store => store.Admit(admission),
            MembershipOperation.Activate => store => store.Activate(me),
            MembershipOperation.AcquireLease => store => store.AcquireLease(me),
            MembershipOperation.AssignShards => store => AssignOrphans(store, me, lease),
            MembershipOperation.Heartbeat => store => store.Heartbeat(me),
            MembershipOperation.ReadView => store => store.View(version),
            MembershipOperation.Leave => store => store.Leave(me),
            _ => throw new ArgumentOutOfRangeException(nameof(operation), operation, "no such transaction"),
        };
    }

    private static IReadOnlyList<ShardEpoch>? AssignOrphans(SqlStore store, long me, long lease)
    {
        ClusterView view = store.View(sinceVersion: 0);
        HashSet<long> dead = [.. view.Members.Where(member => member.Status == MemberStatus.Dead).Select(member => member.Incarnation)];
        IEnumerable<ShardOwner> orphans = view.ChangedShards.Where(shard => shard.Owner is not { } owner || dead.Contains(owner));
        int? assigned = store.AssignShards(me, lease, [.. orphans.Select(shard => new ShardAssignment(shard.ShardId, shard.Epoch, me))]);
        return assigned is null ? null : store.ShardsOf(me);
    }
}
