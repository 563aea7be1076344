using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Act;

/// <summary>Makes an actor for every policy, and one for every policy that is gone and has left something to take back.</summary>
/// <remarks>Only on nodes that have a folder of policies: where there never was one, the store is not asked.</remarks>
internal sealed class ActuationActor : ReceiveActor, IWithTimers
{
    /// <summary>What it listens to; subscribed by whoever makes it, before there is any.</summary>
    public static readonly IReadOnlyList<Type> Events = [typeof(MembershipReady), typeof(ClusterViewChanged)];

    private const int SweepsPerDeletion = 120; // an hour
    private const int DeletedMax = 1_000;
    private static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(30);

    private readonly ActuationSetup setup;
    private readonly Dictionary<(string Name, string Backend), (ActuationPolicy Policy, IActorRef Actor)> policies = [];
    private int sweeps;
    private MembershipReady? ready;
    private ClusterViewChanged? view;

    public ActuationActor(ActuationSetup setup)
    {
        this.setup = setup;
        Receive<MembershipReady>(m =>
        {
            ready = m;
            Forward(m);
            Timers.StartPeriodicTimer("sweep", SweepDue.Instance, SweepInterval);
            Sweep();
        });
        Receive<ClusterViewChanged>(m =>
        {
            view = m;
            Forward(m);
        });
        Receive<TellWhatIsKnown>(_ =>
        {
            foreach (object known in ((object?[])[ready, view]).OfType<object>())
            {
                Sender.Tell(known);
            }
        });
        Receive<SweepDue>(_ => Sweep());
        Receive<StoreReply>(m => Adopt((IReadOnlyList<ActuationRow>)m.Result!));
        Receive<StoreFailed>(_ => { }); // the next sweep asks again
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart()
    {
        foreach (ActuationPolicy policy in setup.Policies)
        {
            Add(policy);
        }
    }

    private void Forward(object message)
    {
        foreach ((_, IActorRef actor) in policies.Values)
        {
            actor.Tell(message);
        }
    }

    private void Sweep()
    {
        TimeSpan keep = setup.Keep;
        bool isTimeToDelete = sweeps++ % SweepsPerDeletion == 0;
        setup.Control.Tell(new StoreCommand("open-actuations", s =>
        {
            if (isTimeToDelete)
            {
                s.DeleteActuationsOlderThan(keep, DeletedMax);
            }

            return s.OpenActuations();
        }));
    }

    // The target names endpoint, backend and server: what a policy did can be taken back when nothing else of it is known.
    private void Adopt(IReadOnlyList<ActuationRow> open)
    {
        foreach (ActuationRow row in open)
        {
            if (policies.Values.Any(p => p.Policy.Name == row.Policy && p.Policy.ServerOf(row.Target) is not null))
            {
                continue;
            }

            int space = row.Target.IndexOf(' ', StringComparison.Ordinal), slash = row.Target.LastIndexOf('/');
            if (space > 0 && slash > space && HaproxyNames.IsValid(row.Target[(space + 1)..slash])
                && HaproxyEndpoint.TryParse(row.Target[..space], out HaproxyEndpoint endpoint, out _))
            {
                Add(new ActuationPolicy
                {
                    Name = row.Policy,
                    File = "(none)",
                    IsDryRun = false,
                    IsRetired = true,
                    Endpoint = endpoint,
                    Backend = row.Target[(space + 1)..slash],
                });
            }
        }
    }

    private void Add(ActuationPolicy policy)
    {
        IActorRef actor = Context.ActorOf(Props.Create(() => new PolicyActor(policy, setup)));
        policies.Add((policy.Name, policy.TargetOf(string.Empty)), (policy, actor));
    }

    private sealed class SweepDue
    {
        public static readonly SweepDue Instance = new();
    }
}
