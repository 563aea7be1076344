using MonitorCluster.Cluster.Membership;

namespace MonitorCluster.Stream;

/// <summary>The mailbox round <see cref="ShardSenderState"/>: one per collector. Its children stand for the owners on other nodes.</summary>
/// <remarks>
/// Its parent tells it <see cref="ClusterViewChanged"/> and <see cref="MembershipReady"/>; when an owner knows more than the view, it publishes
/// <see cref="LookAgain"/> on the event stream. Until a member knows its own incarnation nothing is sent, since its own region might be taken for
/// another node's.
/// </remarks>
internal sealed class ShardSenderActor : ReceiveActor, IWithTimers
{
    private const string WakeTimer = "wake";

    // Answers are waited for by the second; pauses are shorter and have a timer of their own.
    private static readonly TimeSpan TickInterval = TimeSpan.FromMilliseconds(250);
    private readonly CollectorSetup setup;
    private readonly IActorRef wal;
    private readonly RouteMap routes = new();
    private readonly Dictionary<long, IActorRef> ownersByIncarnation = []; // on other nodes
    private readonly Dictionary<IActorRef, long> incarnationsByOwner = [];
    private readonly long startTimestamp;
    private IActorRef? region;
    private long self; // this node's incarnation; 0 while it has none
    private ClusterViewChanged? early;
    private ShardSenderState state;
    private long wakeAtMs = long.MaxValue;

    public ShardSenderActor(CollectorSetup setup, IActorRef wal)
    {
        this.setup = setup;
        this.wal = wal;
        region = setup.Region;
        startTimestamp = setup.Time.GetTimestamp();
        state = NewState();
        Handle<StartSending>(m =>
        {
            EndOwners(); // they said hello for the identity before
            state = NewState();
            state.Start(m.Recovery, setup.Name, NowMs);
        });
        Handle<SectionsSynced>(m => state.OnSynced(m.Places, NowMs));
        Handle<SectionsRead>(m => state.OnRead(m, NowMs));
        Handle<ReadSectionsFailed>(m => state.OnReadFailed(m, NowMs));
        Handle<BatchesReceived>(m => state.OnReceived(m, NowMs));
        Handle<BatchesDurable>(m => state.OnDurable(m, NowMs));
        Handle<ShardOpened>(m => state.OnOpened(m, NowMs));
        Handle<BatchRefused>(m => state.OnRefused(m, NowMs));
        Handle<NotOwner>(m => state.OnNotOwner(m, NowMs));
        Handle<CollectorWelcome>(m => state.OnWelcome(IncarnationOf(Sender), m, NowMs));
        Handle<RegionLost>(m => state.OnLost(IncarnationOf(Sender), m.IsAnother, NowMs));
        Handle<ClusterViewChanged>(OnView);
        Handle<MembershipReady>(OnReady);
        Handle<Tick>(_ => state.OnTick(NowMs));
        Handle<Wake>(_ =>
        {
            wakeAtMs = long.MaxValue;
            state.OnTick(NowMs);
        });
        Handle<UseRegion>(OnUseRegion);
        Handle<Terminated>(m => state.OnLost(IncarnationOf(m.ActorRef), isAnother: false, NowMs));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    // Of the monotonic clock: a jump of the wall clock moves no deadline.
    private long NowMs => (long)setup.Time.GetElapsedTime(startTimestamp).TotalMilliseconds;

    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Escalate);

    protected override void PreStart()
    {
        Timers.StartPeriodicTimer(Tick.Instance, Tick.Instance, TickInterval);
        if (region is not null)
        {
            Context.Watch(region);
        }
    }

    private ShardSenderState NewState() => new(setup.Options, setup.Counters, routes, setup.Random);

    private void OnView(ClusterViewChanged view)
    {
        if (region is not null && self == 0)
        {
            early = view;
            return;
        }

        routes.Apply(view);
        state.OnRoutes(NowMs);
    }

    private void OnReady(MembershipReady ready)
    {
        self = ready.Incarnation;
        if (early is { } view)
        {
            early = null;
            OnView(view);
        }
    }

    private void OnUseRegion(UseRegion use)
    {
        if (region is not null)
        {
            Context.Unwatch(region);
        }

        region = Context.Watch(use.Region);
        state.OnLost(self, isAnother: false, NowMs);
    }

    // Whoever is no child of this actor speaks for this node's region: the region itself, or a shard of it. A child that is not known is on its end,
    // and what it says counts for nobody.
    private long IncarnationOf(IActorRef owner) =>
        incarnationsByOwner.TryGetValue(owner, out long incarnation) ? incarnation : Self.Path.Equals(owner.Path.Parent) ? 0 : self;

    private void Handle<T>(Action<T> handler) => Receive<T>(message =>
    {
        handler(message);
        foreach (SenderLane lane in state.EndedLanes)
        {
            EndOwner(lane.Incarnation);
        }

        state.EndedLanes.Clear();
        Flush(state.ToWal, wal);
        foreach (SenderLane lane in state.Lanes)
        {
            if (lane.Outbox.Count > 0)
            {
                Flush(lane.Outbox, OwnerOf(lane));
            }
        }

        Flush(state.ToCollector, Context.Parent);
        foreach (LookAgain wish in state.Wishes)
        {
            Context.System.EventStream.Publish(wish); // membership on a member, the agent's actor on an agent
        }

        state.Wishes.Clear();
        ScheduleWake();
    });

    private IActorRef OwnerOf(SenderLane lane)
    {
        if (lane.Incarnation == self && region is not null)
        {
            return region;
        }

        if (!ownersByIncarnation.TryGetValue(lane.Incarnation, out IActorRef? owner))
        {
            owner = Context.ActorOf(Props.Create(() => new RemoteRegionActor(setup.Peers, lane.Address, lane.Incarnation)));
            ownersByIncarnation.Add(lane.Incarnation, owner);
            incarnationsByOwner.Add(owner, lane.Incarnation);
        }

        return owner;
    }

    private void EndOwners()
    {
        foreach (long incarnation in ownersByIncarnation.Keys.ToArray())
        {
            EndOwner(incarnation);
        }
    }

    private void EndOwner(long incarnation)
    {
        if (ownersByIncarnation.Remove(incarnation, out IActorRef? owner))
        {
            incarnationsByOwner.Remove(owner);
            Context.Stop(owner);
        }
    }

    private void ScheduleWake()
    {
        if (state.WakeAtMs < wakeAtMs)
        {
            wakeAtMs = state.WakeAtMs;
            Timers.StartSingleTimer(WakeTimer, Wake.Instance, TimeSpan.FromMilliseconds(Math.Max(0, wakeAtMs - NowMs)));
        }
    }

    private void Flush(List<object> messages, IActorRef to)
    {
        foreach (object message in messages)
        {
            to.Tell(message, Self);
        }

        messages.Clear();
    }

    private sealed class Tick
    {
        public static readonly Tick Instance = new();
    }

    private sealed class Wake
    {
        public static readonly Wake Instance = new();
    }
}

/// <summary>The node's shard region is another actor from now on (it was stopped and made again).</summary>
/// <param name="Region">The region.</param>
public sealed record UseRegion(IActorRef Region);

/// <summary>A <see cref="RemoteRegionActor"/> has no link to its owner, or lost it; it tries again at the next <see cref="HelloCollector"/>.</summary>
/// <param name="IsAnother">Whether another process answered at the owner's address.</param>
internal sealed record RegionLost(bool IsAnother);
