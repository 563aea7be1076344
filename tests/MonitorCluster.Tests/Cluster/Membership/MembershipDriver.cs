using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Cluster.Transport;

namespace MonitorCluster.Tests.Cluster.Membership;

/// <summary>Drives the whole machine of one node without actors: transactions and other nodes answer as the test says, timers fire in virtual time.</summary>
internal sealed class MembershipDriver
{
    internal const long Me = 1;

    private readonly MembershipState state;
    private readonly Dictionary<MembershipTimer, TimeSpan> timers = [];
    private readonly Queue<MembershipEvent> happened = new();

    internal MembershipDriver(params string[] seeds)
    {
        state = new MembershipState(new Machines().Config(1, seeds));
        Store = Answer;
        Members.Add(Me, Machines.Row(Me, MemberStatus.Joining));
    }

    internal TimeSpan Now { get; private set; }

    internal SortedDictionary<long, MemberRow> Members { get; } = [];

    internal ShardOwner[] Shards { get; } = [.. Enumerable.Range(0, 4).Select(id => new ShardOwner(id, 1, Me, null, 2))];

    internal long Version { get; set; } = 2;

    internal long Alerts { get; set; }

    internal long? Lease { get; set; } = 1;

    /// <summary>What a transaction returns; an exception fails it, <see cref="Pending"/> leaves it under way.</summary>
    internal Func<StoreCall, object?> Store { get; set; }

    /// <summary>What another node answers: its identity and bytes, or a failure; null leaves it under way.</summary>
    internal Func<PeerRequest, MembershipEvent?> Peer { get; set; } = request =>
        new MembershipEvent.Unanswered((PeerTag)request.Tag!, PeerFailure.NotListening, "refused");

    internal List<(double At, StoreCall Call)> Calls { get; } = [];

    internal List<PeerRequest> Asked { get; } = [];

    internal List<object> Published { get; } = [];

    internal List<ReachabilityChanged> Reached { get; } = [];

    internal List<object> Answers { get; } = [];

    internal List<(double At, string Text)> Reports { get; } = [];

    internal bool HasTimers => timers.Count > 0;

    internal static object Pending { get; } = new();

    internal static MembershipEvent Answered(PeerRequest request, PeerIdentity peer, ReadOnlyMemory<byte> body = default) =>
        new MembershipEvent.Answered((PeerTag)request.Tag!, peer, body);

    internal static MembershipEvent Failed(PeerRequest request, PeerFailure failure, string reason) =>
        new MembershipEvent.Unanswered((PeerTag)request.Tag!, failure, reason);

    /// <summary>A healthy cluster: pings and witnesses answer, joins are admitted.</summary>
    internal static MembershipEvent Healthy(PeerRequest request)
    {
        PeerIdentity peer = Machines.Peer(long.Parse(request.Address.Split('.', ':')[3], System.Globalization.CultureInfo.InvariantCulture));
        return Answered(request, peer, request.Kind == RequestKind.Join ? new JoinReply(JoinOutcome.Admitted, Me, [], []).ToBytes() : default);
    }

    /// <summary>To the state of an active member beside others.</summary>
    internal static MembershipDriver Running(params long[] others)
    {
        MembershipDriver driver = new() { Peer = Healthy };
        foreach (long other in others)
        {
            driver.Members.Add(other, Machines.Row(other));
        }

        driver.Start();
        driver.Forget();
        return driver;
    }

    internal void Start() => Step(new MembershipEvent.Started());

    internal void Wish(object wish) => Step(new MembershipEvent.Wished(wish, Machines.Asker));

    internal void Ask(RequestKind kind, PeerIdentity peer, ReadOnlyMemory<byte> body) =>
        Step(new MembershipEvent.Asked(new IncomingRequest(kind, peer, body), Machines.Asker));

    internal void Step(MembershipEvent first)
    {
        happened.Enqueue(first);
        while (happened.TryDequeue(out MembershipEvent? next))
        {
            foreach (MembershipEffect effect in state.Step(Now, next))
            {
                Take(effect);
            }
        }
    }

    internal void Advance(double seconds)
    {
        TimeSpan end = Now + TimeSpan.FromSeconds(seconds);
        while (timers.Count > 0 && timers.MinBy(timer => timer.Value) is var (timer, due) && due <= end)
        {
            timers.Remove(timer);
            Now = due;
            Step(new MembershipEvent.Elapsed(timer));
        }

        Now = end;
    }

    internal int Count(MembershipOperation operation) => Calls.Count(call => call.Call.Operation == operation);

    internal void Forget()
    {
        Calls.Clear();
        Asked.Clear();
        Published.Clear();
        Answers.Clear();
        Reports.Clear();
    }

    /// <summary>Members beat, as those that live do.</summary>
    internal void Beat(params long[] members)
    {
        foreach (long member in members)
        {
            Members[member] = Members[member] with { HeartbeatSeq = Members[member].HeartbeatSeq + 1 };
        }
    }

    internal ClusterView View() => new(Version, [.. Members.Values], [.. Shards]);

    internal object? Answer(StoreCall call) => call.Operation switch
    {
        MembershipOperation.Open => new StoreInfo(Machines.ClusterUuid, 1, 4, false),
        MembershipOperation.Admit => new AdmitResult(Me, []),
        MembershipOperation.AdmitOther => new AdmitResult(7, []),
        MembershipOperation.Activate => SetActive(),
        MembershipOperation.AcquireLease => Lease,
        MembershipOperation.Heartbeat => Members[Me].Status == MemberStatus.Dead ? null : new HeartbeatResult(Members[Me].Status, Version, Alerts),
        MembershipOperation.ReadView => View(),
        MembershipOperation.ReadAlerts => Alerts,
        MembershipOperation.Vote => new VoteResult(false, 1, 2),
        MembershipOperation.Evict => new List<long>(),
        MembershipOperation.Suspicions => new List<SuspicionRow>(),
        MembershipOperation.BeginLeave => SetLeaving(),
        MembershipOperation.Control => Pending,
        MembershipOperation.Tidy => 0,
        _ => true,
    };

    private bool SetActive()
    {
        Members[Me] = Members[Me] with { Status = MemberStatus.Active };
        Version++;
        return true;
    }

    private bool SetLeaving()
    {
        Members[Me] = Members[Me] with { Status = MemberStatus.Leaving };
        Version++;
        return true;
    }

    private void Take(MembershipEffect effect)
    {
        switch (effect)
        {
            case MembershipEffect.RunStore run:
                Calls.Add((Now.TotalSeconds, run.Call));
                object? result = Store(run.Call);
                if (!ReferenceEquals(result, Pending))
                {
                    happened.Enqueue(result is Exception error ? new MembershipEvent.Failed(run.Call, error) : new MembershipEvent.Succeeded(run.Call, result));
                }

                break;
            case MembershipEffect.AskPeer ask:
                Asked.Add(ask.Request);
                if (Peer(ask.Request) is { } answer)
                {
                    happened.Enqueue(answer);
                }

                break;
            case MembershipEffect.SetTimer timer:
                timers[timer.Timer] = Now + timer.Delay;
                break;
            case MembershipEffect.CancelTimers:
                timers.Clear();
                break;
            case MembershipEffect.Publish { Message: ReachabilityChanged reached }:
                Reached.Add(reached);
                break;
            case MembershipEffect.Publish publish:
                Published.Add(publish.Message);
                break;
            case MembershipEffect.Answer told:
                Answers.Add(told.Message);
                break;
            case MembershipEffect.Report report:
                Reports.Add((Now.TotalSeconds, report.Text));
                break;
        }
    }
}
