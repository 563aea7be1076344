namespace MonitorCluster.Stream;

/// <summary>The mailbox round <see cref="ShardSenderState"/>: one per shard region that this node's collector sends to.</summary>
internal sealed class ShardSenderActor : ReceiveActor, IWithTimers
{
    // The finest pause is 100 ms (a move of a shard); answers are waited for by the second.
    private static readonly TimeSpan TickInterval = TimeSpan.FromMilliseconds(250);
    private readonly IActorRef wal;
    private readonly WalOptions options;
    private readonly StreamCounters counters;
    private readonly TimeProvider time;
    private IActorRef region;
    private ShardSenderState state;

    public ShardSenderActor(IActorRef region, IActorRef wal, string collectorName, WalOptions options, StreamCounters counters, TimeProvider time)
    {
        this.region = region;
        this.wal = wal;
        this.options = options;
        this.counters = counters;
        this.time = time;
        state = new ShardSenderState(options, counters);
        Handle<StartSending>(m =>
        {
            state = new ShardSenderState(this.options, this.counters);
            state.Start(m.Recovery, collectorName, NowMs);
        });
        Handle<SectionsSynced>(m => state.OnSynced(m.Places, NowMs));
        Handle<SectionsRead>(m => state.OnRead(m, NowMs));
        Handle<ReadSectionsFailed>(m => state.OnReadFailed(m, NowMs));
        Handle<BatchesReceived>(m => state.OnReceived(m, NowMs));
        Handle<BatchesDurable>(m => state.OnDurable(m, NowMs));
        Handle<ShardOpened>(m => state.OnOpened(m, NowMs));
        Handle<BatchRefused>(m => state.OnRefused(m, NowMs));
        Handle<NotOwner>(m => state.OnNotOwner(m, NowMs));
        Handle<CollectorWelcome>(m => state.OnWelcome(m, NowMs));
        Handle<Tick>(_ => state.OnTick(NowMs));
        Handle<UseRegion>(m =>
        {
            Context.Unwatch(this.region);
            this.region = Context.Watch(m.Region);
            state.OnRegionLost(NowMs);
        });
        Handle<Terminated>(_ => state.OnRegionLost(NowMs)); // hello again, every second, until somebody answers or another region is named
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private long NowMs => time.GetUtcNow().ToUnixTimeMilliseconds();

    protected override void PreStart()
    {
        Context.Watch(region);
        Timers.StartPeriodicTimer(Tick.Instance, Tick.Instance, TickInterval);
    }

    private void Handle<T>(Action<T> handler) => Receive<T>(message =>
    {
        handler(message);
        Flush(state.ToWal, wal);
        Flush(state.ToRegion, region);
        Flush(state.ToCollector, Context.Parent);
    });

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
}

/// <summary>The node's shard region is another actor from now on (it was stopped and made again).</summary>
/// <param name="Region">The region.</param>
public sealed record UseRegion(IActorRef Region);
