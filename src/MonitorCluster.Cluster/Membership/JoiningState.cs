using MonitorCluster.Cluster.Storage;
using MonitorCluster.Cluster.Transport;

namespace MonitorCluster.Cluster.Membership;

/// <summary>The way of a node into the cluster, from opening the store to being active.</summary>
/// <remarks>
/// <code>
/// open store -> ask seeds in order -> admitted -> pings in both directions with every active member -> activate
///                |  a member refuses: the end           |  not within 30 s: dead by its own hand, with the failing pairs
///                |  no seed is a member, and this node's seeds are empty or name itself: it admits itself by the same transaction
///                |  no seed is a member, and the seeds name only others: another round, for ever
///                |  a member holds the name or the address: watch it for 8 s and ping it, then replace it or be refused
/// </code>
/// There is no first seed and no island: whoever admits, the database decides.
/// </remarks>
internal sealed class JoiningState(MembershipConfig config, MembershipOutbox outbox, ClusterMap map)
{
    private readonly MembershipTiming timing = config.Timing;
    private readonly List<string> others = [.. config.Seeds.Where(seed => !IsSelf(seed, config.Node))];
    private readonly List<string> silence = [];
    private readonly List<string> refusals = [];
    private AdmitRequest node = config.Node with { Alone = config.Seeds.Count == 0 };
    private bool namesItself = config.Seeds.Any(seed => IsSelf(seed, config.Node));
    private bool isReached;
    private bool isWatching;
    private int seed = -1;
    private TimeSpan backoff = config.Timing.BackoffMin;
    private TimeSpan nextReport = config.Timing.JoinReport;
    private MembershipOperation toRetry;
    private Reachability? reachability;
    private TimeSpan deadline;

    /// <summary>Where the way ended.</summary>
    internal enum Ending
    {
        /// <summary>It goes on.</summary>
        None,

        /// <summary>The node is an active member.</summary>
        Active,

        /// <summary>The store says that the node is dead.</summary>
        Evicted,

        /// <summary>It may not join.</summary>
        Refused,
    }

    internal Ending End { get; private set; }

    /// <summary>Every reason, where it may not join.</summary>
    internal IReadOnlyList<string> Reasons { get; private set; } = [];

    /// <summary>Whether starting again may help.</summary>
    internal bool MayRetry { get; private set; }

    internal Guid ClusterUuid { get; private set; }

    /// <summary>0 until it is admitted.</summary>
    internal long Incarnation { get; private set; }

    internal void Start() => Run(MembershipOperation.Open);

    internal void OwnBeat() => reachability?.OwnBeat();

    internal void Succeeded(MembershipOperation operation, object? result)
    {
        backoff = timing.BackoffMin;
        switch (operation)
        {
            case MembershipOperation.Open:
                ClusterUuid = ((StoreInfo)result!).ClusterUuid;
                BeginRound();
                break;
            case MembershipOperation.Admit when result is AdmitResult { IsAdmitted: true } admitted:
                Admitted(admitted.Incarnation);
                break;
            case MembershipOperation.Admit:
                Obstructed(JoinReply.From((AdmitResult)result!).InTheWay);
                break;
            case MembershipOperation.Activate:
                End = (bool)result! ? Ending.Active : Ending.Evicted;
                break;
            case MembershipOperation.GiveUp:
                End = Ending.Refused;
                break;
        }
    }

    internal void Failed(MembershipOperation operation, Exception error)
    {
        if (error is StoreRefusedException refused)
        {
            Refuse(refused.Reasons);
            return;
        }

        switch (operation)
        {
            case MembershipOperation.Open or MembershipOperation.Admit or MembershipOperation.Activate:
                toRetry = operation;
                WatchAnew();
                outbox.SetTimer(MembershipTimer.Retry, backoff);
                backoff = backoff * 2 < timing.BackoffMax ? backoff * 2 : timing.BackoffMax;
                break;
            case MembershipOperation.ReadView:
                deadline = outbox.Now + timing.Reach; // while the store is away nobody's heartbeat tells who must be reached
                break;
            case MembershipOperation.GiveUp:
                End = Ending.Refused;
                break;
        }
    }

    internal void Elapsed(MembershipTimer timer)
    {
        switch (timer)
        {
            case MembershipTimer.Retry when toRetry != MembershipOperation.Admit:
                Run(toRetry);
                break;
            case MembershipTimer.Retry or MembershipTimer.Watch or MembershipTimer.JoinRound:
                BeginRound();
                break;
            case MembershipTimer.Reach when outbox.Now >= deadline && !outbox.IsRunning(MembershipOperation.Activate):
                GiveUp();
                break;
            case MembershipTimer.Reach:
                outbox.SetTimer(MembershipTimer.Reach, timing.ReachRetry);
                Run(MembershipOperation.ReadView);
                break;
        }
    }

    internal void Answered(PeerTag tag, PeerIdentity peer, ReadOnlySpan<byte> body)
    {
        switch (tag)
        {
            case PeerTag.Join join when join.Seed == seed:
                SeedAnswered(peer, JoinReply.Read(body));
                break;
            case PeerTag.Obstacle obstacle when peer.Incarnation == obstacle.Member:
                node = node with { StoodStill = [.. node.StoodStill.Where(member => member.Incarnation != obstacle.Member)] }; // it lives
                break;
            case PeerTag.ReachOut reach:
                reachability?.Out(reach.Member, null);
                Proceed();
                break;
            case PeerTag.ReachBack reach:
                reachability?.Back(reach.Member, PingOtherBody.ReadAnswer(body));
                Proceed();
                break;
        }
    }

    internal void Unanswered(PeerTag tag, PeerFailure failure, string reason)
    {
        switch (tag)
        {
            case PeerTag.Join join when join.Seed == seed && failure is PeerFailure.WrongToken or PeerFailure.WrongCluster:
                SeedRefused([$"The seed {others[join.Seed]} refuses this node: {reason}"]);
                break;
            case PeerTag.Join join when join.Seed == seed:
                namesItself |= failure == PeerFailure.Itself; // the seed is another name of this very node
                silence.Add($"{others[join.Seed]}: {reason}");
                AskNextSeed();
                break;
            case PeerTag.ReachOut reach:
                reachability?.Out(reach.Member, reason);
                break;
            case PeerTag.ReachBack reach:
                reachability?.Back(reach.Member, reason);
                break;
        }
    }

    /// <summary>The members were read.</summary>
    internal void TakeView()
    {
        reachability?.TakeView();
        Proceed();
    }

    private static bool IsSelf(string seed, AdmitRequest node)
    {
        int port = node.Address.LastIndexOf(':');
        return seed == node.Address || (port >= 0 && seed == node.NodeName + node.Address[port..]);
    }

    private void BeginRound()
    {
        (seed, isReached) = (-1, false);
        silence.Clear();
        refusals.Clear();
        AskNextSeed();
    }

    private void AskNextSeed()
    {
        if (++seed < others.Count)
        {
            ReadOnlyMemory<byte> body = JoinRequest.From(node, config.Identity, ClusterUuid).ToBytes();
            outbox.Ask(new PeerTag.Join(seed), others[seed], RequestKind.Join, body, timing.Join);
        }
        else if (!isReached && refusals.Count > 0)
        {
            Refuse(refusals);
        }
        else if (!isReached && (node.Alone || namesItself))
        {
            Run(MembershipOperation.Admit);
        }
        else
        {
            WatchAnew();
            WaitForSeeds();
        }
    }

    private void WaitForSeeds()
    {
        if (outbox.Now >= nextReport)
        {
            nextReport = outbox.Now + timing.JoinReport;
            outbox.Warn($"Waiting for a seed that is a member of the cluster. {string.Join("; ", silence)}");
        }

        outbox.SetTimer(MembershipTimer.JoinRound, timing.JoinRound * (0.5 + config.Random.NextDouble()));
    }

    private void SeedAnswered(PeerIdentity peer, JoinReply? reply)
    {
        switch (reply?.Outcome)
        {
            case JoinOutcome.Admitted:
                Admitted(reply.Incarnation);
                break;
            case JoinOutcome.InTheWay when reply.InTheWay.Count > 0:
                Obstructed(reply.InTheWay);
                break;
            case JoinOutcome.Refused when reply.Reasons.Count > 0 && peer.Incarnation != 0 && peer.ClusterUuid == ClusterUuid:
                Refuse(reply.Reasons);
                break;
            case JoinOutcome.Refused when reply.Reasons.Count > 0:
                SeedRefused(reply.Reasons);
                break;
            case JoinOutcome.NotMember:
                silence.Add($"{others[seed]}: no member yet");
                AskNextSeed();
                break;
            case JoinOutcome.Busy:
                isReached = true;
                silence.Add($"{others[seed]}: its store does not answer");
                AskNextSeed();
                break;
            default:
                isReached = true;
                silence.Add($"{others[seed]}: its answer cannot be read");
                AskNextSeed();
                break;
        }
    }

    /// <summary>Perhaps only that seed is a wrong one: the others are asked too.</summary>
    private void SeedRefused(IReadOnlyList<string> reasons)
    {
        refusals.AddRange(reasons);
        silence.AddRange(reasons);
        AskNextSeed();
    }

    private void Obstructed(IReadOnlyList<JoinObstacle> inTheWay)
    {
        if (!isWatching)
        {
            isWatching = true;
            node = node with { StoodStill = [.. inTheWay.Select(member => new ObservedMember(member.Incarnation, member.HeartbeatSeq))] };
            outbox.SetTimer(MembershipTimer.Watch, timing.Obstruction);
            foreach (JoinObstacle member in inTheWay.Where(member => member.Address != node.Address))
            {
                outbox.Ask(new PeerTag.Obstacle(member.Incarnation), member.Address, RequestKind.Ping, default, timing.Join);
            }
        }
        else
        {
            Refuse([.. inTheWay.Select(WhyInTheWay)]);
        }
    }

    private string WhyInTheWay(JoinObstacle member)
    {
        string who = $"living node '{member.NodeName}' at {member.Address} (incarnation {member.Incarnation})";
        return member.NodeName == node.NodeName ? $"Node:Name '{node.NodeName}' is in use by the {who}."
            : member.Address == node.Address ? $"The address {node.Address} is in use by the {who}."
            : !node.Alone ? $"Node:DataDir is that of the {who}, or a copy of it: give each node a folder of its own."
            : $"Cluster:Seeds is empty, but the store already has the {who}. Set Cluster:Seeds={member.Address} to join it.";
    }

    /// <summary>What could not be watched without a break may have moved meanwhile.</summary>
    private void WatchAnew() => (node, isWatching) = (node with { StoodStill = [] }, false);

    private void Admitted(long incarnation)
    {
        Incarnation = incarnation;
        outbox.Tell(new UseIdentity(new PeerIdentity(node.NodeName, incarnation, node.Address, node.Roles, node.Build, ClusterUuid)));
        outbox.SetTimer(MembershipTimer.Heartbeat, timing.Heartbeat);
        outbox.SetTimer(MembershipTimer.Reach, timing.ReachRetry);
        reachability = new Reachability(config, outbox, map, incarnation);
        deadline = outbox.Now + timing.Reach;
        Run(MembershipOperation.ReadView);
    }

    private void Proceed()
    {
        if (End == Ending.None && map.Version > 0 && reachability is { IsComplete: true } && !outbox.IsRunning(MembershipOperation.GiveUp))
        {
            Run(MembershipOperation.Activate);
        }
    }

    private void GiveUp()
    {
        IReadOnlyList<string> missing = reachability!.Missing();
        (Reasons, MayRetry) = ([.. missing.Select(pair => $"Could not join within {timing.Reach.TotalSeconds:0} s: {pair}.")], true);
        (long me, string reason) = (Incarnation, "join: " + string.Join("; ", missing));
        outbox.Run(MembershipOperation.GiveUp, store => store.MarkDead(me, reason.Length <= 1_000 ? reason : reason[..1_000]));
    }

    private void Refuse(IReadOnlyList<string> reasons) => (End, Reasons) = (Ending.Refused, reasons);

    private void Run(MembershipOperation operation)
    {
        // Copied here, because the transaction runs on the store's thread.
        (AdmitRequest admission, StoreIdentity identity, long me, long version) = (node, config.Identity, Incarnation, map.Version);
        outbox.Run(operation, operation switch
        {
            MembershipOperation.Open => store => store.Open(identity),
            MembershipOperation.Admit => store => store.Admit(admission),
            MembershipOperation.Activate => store => store.Activate(me),
            MembershipOperation.ReadView => store => store.View(version),
            _ => throw new ArgumentOutOfRangeException(nameof(operation), operation, "no transaction of joining"),
        });
    }
}
