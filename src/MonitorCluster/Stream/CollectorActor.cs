using Microsoft.Extensions.Logging;
using MonitorCluster.Cluster.Membership;

namespace MonitorCluster.Stream;

/// <summary>The node's collector: takes <see cref="SubmitSamples"/> from sources, answers when the samples are safe, streams them to their shards.</summary>
/// <remarks>
/// Subscribe it to <see cref="ClusterViewChanged"/> and, on a member, to <see cref="MembershipReady"/> before there are any.
/// A shell round <see cref="CollectorState"/>, with two children: the WAL actor (its own thread) and the sender. A child that fails takes the
/// collector with it: both are then made again and read the log, which is what a restart of the node would do.
/// <list type="number">
/// <item>A batch is cut into sections, numbered and encoded here, and goes to the WAL actor as one append.</item>
/// <item>The fsync that covers it comes back: the source is answered, and the sender learns the places of the sections.</item>
/// <item>The sender reads them back and sends them; this is also how a restart goes on, so there is one path and not two.</item>
/// <item>The owner has journalled them: sources that wait for that are answered, and segments without such sections are deleted.</item>
/// </list>
/// </remarks>
public sealed partial class CollectorActor : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan SweepInterval = TimeSpan.FromHours(1);
    private readonly List<SectionPlace> places = [];
    private readonly List<BatchWaiter> waiters = [];
    private readonly List<IActorRef> waitingForAll = [];
    private readonly CollectorSetup setup;
    private readonly ILogger logger;
    private CollectorState state;
    private ForeignReplay? replay;
    private IActorRef wal = ActorRefs.Nobody;
    private IActorRef sender = ActorRefs.Nobody;

    /// <summary>Makes the actor; see <see cref="CollectorSetup"/>.</summary>
    public CollectorActor(CollectorSetup setup)
    {
        ArgumentNullException.ThrowIfNull(setup);
        this.setup = setup;
        logger = setup.Logger;
        state = NewState();
        Receive<SubmitSamples>(OnSubmit);
        Receive<WalSynced>(OnSynced);
        Receive<SectionsDurable>(OnDurable);
        Receive<WalFailed>(OnFailed);
        Receive<WalOpened>(m => OnOpened(m.Recovery));
        Receive<WalOpenFailed>(_ => Timers.StartSingleTimer(nameof(OpenWal), new OpenWal(NewIdentity: false), RetryDelay));
        Receive<OpenWal>(m => wal.Tell(m, Self));
        Receive<IdentityRejected>(OnIdentityRejected);
        Receive<ForeignRead>(OnForeignRead);
        Receive<ForeignReadFailed>(_ => RetryForeign());
        Receive<ReplayTick>(_ => ReadForeign());
        Receive<SweepTick>(_ => OnSweep());
        Receive<UseRegion>(m => sender.Tell(m, Self));
        Receive<ClusterViewChanged>(m => sender.Tell(m, Self));
        Receive<MembershipReady>(m => sender.Tell(m, Self));
        Receive<WhenEverythingIsDurable>(_ =>
        {
            waitingForAll.Add(Sender);
            AnswerIfEverythingIsDurable();
        });
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    private long NowMs => setup.Time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <inheritdoc/>
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Escalate);

    /// <inheritdoc/>
    protected override void PreStart()
    {
        var log = new WalLog(setup.Files, setup.Options, setup.Random);
        wal = Context.ActorOf(
            Props.Create(() => new WalActor(log, setup.Counters, setup.Time, setup.Logger)).WithDispatcher(Props.PinnedDispatcher), "wal");
        sender = Context.ActorOf(
            Props.Create(() => new ShardSenderActor(setup, wal)), "sender");
        wal.Tell(new OpenWal(NewIdentity: false), Self);
        Timers.StartPeriodicTimer(nameof(SweepTick), SweepTick.Instance, SweepInterval);
    }

    /// <inheritdoc/>
    protected override void PostStop() => CloseState();

    private CollectorState NewState() => new(setup.Options, setup.Counters, setup.Random);

    private void OnSubmit(SubmitSamples submit)
    {
        var waiter = new BatchWaiter(Sender, submit.Tag, submit.WaitDurable, submit.Batch.Count);
        Offer(submit.Batch, submit.Protocol, waiter);
    }

    private void Offer(SampleBatch batch, string protocol, BatchWaiter waiter)
    {
        SubmitRefusal? refusal = state.Submit(batch, protocol, waiter, NowMs, out WalAppend? append);
        batch.Return();
        if (append is not null)
        {
            wal.Tell(append, Self);
        }
        else
        {
            Answer(waiter, refusal);
        }
    }

    private void OnSynced(WalSynced synced)
    {
        places.Clear();
        state.OnSynced(synced.Lsn, places, waiters);
        if (places.Count > 0)
        {
            sender.Tell(new SectionsSynced([.. places]), Self);
        }

        AnswerAll(null);
        DeleteWhatIsDone();
        AnswerIfEverythingIsDurable();
    }

    private void OnDurable(SectionsDurable durable)
    {
        if (durable.CollectorId != state.CollectorId)
        {
            return; // said before the collector took a new identity
        }

        state.OnDurable(durable, waiters);
        AnswerAll(null);
        DeleteWhatIsDone();
        AnswerIfEverythingIsDurable();
    }

    private void AnswerIfEverythingIsDurable()
    {
        if (setup.Counters.OldestUnackedMs == 0 && !state.IsSyncing)
        {
            waitingForAll.ForEach(asker => asker.Tell(EverythingDurable.Instance, Self));
            waitingForAll.Clear();
        }
    }

    private void OnFailed(WalFailed failed)
    {
        state.OnFailed(failed.Lsn, NowMs, waiters);
        AnswerAll(SubmitRefusal.WalFailed);
        AnswerIfEverythingIsDurable();
    }

    private void OnOpened(WalRecovery recovery)
    {
        foreach (WalDamage damage in recovery.Damage)
        {
            if (damage.IsTail)
            {
                LogTornTail(damage.SizeBytes, damage.Segment, damage.Offset);
            }
            else
            {
                LogCorrupt(damage.Segment, damage.Offset, damage.SizeBytes, damage.Expected, damage.Found);
            }
        }

        state.Start(recovery, NowMs);
        sender.Tell(new StartSending(recovery), Self);
        LogOpened(recovery.CollectorId, recovery.Segments.Count, recovery.Sections.Count);
        replay = recovery.ForeignSegments.Count > 0 ? new ForeignReplay(recovery.ForeignSegments, setup.Catalog) : null;
        ReadForeign();
    }

    private void OnIdentityRejected(IdentityRejected rejected)
    {
        if (rejected.CollectorId != state.CollectorId || !state.IsStarted)
        {
            return;
        }

        LogIdentityRejected(rejected.ShardId, rejected.OwnerLastSeq, rejected.LogLastSeq, rejected.KnownDurableSeq);
        setup.Counters.IdentitiesMintedTotal++;
        CloseState();
        state = NewState();
        wal.Tell(new OpenWal(NewIdentity: true), Self);
    }

    private void CloseState()
    {
        replay = null;
        state.Close(waiters);
        AnswerAll(SubmitRefusal.Interrupted);
    }

    private void DeleteWhatIsDone()
    {
        IReadOnlyList<long> deletable = state.TakeDeletable();
        if (deletable.Count > 0)
        {
            wal.Tell(new DeleteSegments(deletable), Self);
        }
    }

    private void ReadForeign()
    {
        if (replay is null)
        {
            return;
        }

        if (replay.Cursor is { } cursor)
        {
            wal.Tell(new ReadForeign(cursor), Self);
            return;
        }

        wal.Tell(new DeleteSegments(replay.Segments), Self);
        replay = null;
    }

    private void OnForeignRead(ForeignRead read)
    {
        if (replay is not { } current)
        {
            return;
        }

        IReadOnlyList<SampleBatch> batches = current.OnRead(read, out int lost);
        if (lost > 0)
        {
            LogReplayLost(lost);
        }

        if (batches.Count == 0)
        {
            current.Advance();
            ReadForeign();
            return;
        }

        foreach (SampleBatch batch in batches)
        {
            Offer(batch, "replay", new BatchWaiter(null, current, waitDurable: false, batch.Count));
        }
    }

    private void OnSweep()
    {
        int removed = setup.Catalog.Sweep();
        LogSwept(removed);
    }

    private void RetryForeign() => Timers.StartSingleTimer(nameof(ReplayTick), ReplayTick.Instance, RetryDelay);

    private void AnswerAll(SubmitRefusal? refusal)
    {
        foreach (BatchWaiter waiter in waiters)
        {
            Answer(waiter, refusal);
        }

        waiters.Clear();
    }

    private void Answer(BatchWaiter waiter, SubmitRefusal? refusal)
    {
        if (waiter.Source is IActorRef source)
        {
            source.Tell(refusal is { } reason ? new SamplesRefused(waiter.Tag, reason) : new SamplesLogged(waiter.Tag), Self);
        }
        else if (replay is not null && ReferenceEquals(waiter.Tag, replay) && replay.OnSettled(isLogged: refusal is null))
        {
            RetryOrGoOn(refusal);
        }
    }

    private void RetryOrGoOn(SubmitRefusal? refusal)
    {
        if (refusal is null)
        {
            Self.Tell(ReplayTick.Instance, Self);
        }
        else
        {
            RetryForeign();
        }
    }

    [LoggerMessage(EventId = 3111, Level = LogLevel.Warning,
        Message = "The WAL's torn tail was cut: {Bytes} bytes of segment {Segment} from offset {Offset}; none of it was acknowledged")]
    private partial void LogTornTail(int bytes, long segment, int offset);

    [LoggerMessage(EventId = 3112, Level = LogLevel.Error,
        Message = "The WAL is corrupt in segment {Segment} at offset {Offset}, {Bytes} bytes: expected {Expected}, found {Found}; "
            + "acknowledged samples may be lost")]
    private partial void LogCorrupt(long segment, int offset, int bytes, string expected, string found);

    [LoggerMessage(EventId = 3113, Level = LogLevel.Information,
        Message = "The WAL of collector {CollectorId} is open: {Segments} segments, {Sections} sections")]
    private partial void LogOpened(Guid collectorId, int segments, int sections);

    [LoggerMessage(EventId = 3114, Level = LogLevel.Error,
        Message = "Shard {ShardId} has applied {OwnerLastSeq}, the WAL gave numbers up to {LogLastSeq} and knew {KnownDurableSeq} to be journalled: "
            + "one of them is older than it was. The collector takes a new identity and sends all it holds again")]
    private partial void LogIdentityRejected(int shardId, long ownerLastSeq, long logLastSeq, long knownDurableSeq);

    [LoggerMessage(EventId = 3115, Level = LogLevel.Error, Message = "{Samples} samples of another identity's segments name no known series and are lost")]
    private partial void LogReplayLost(int samples);

    [LoggerMessage(EventId = 3116, Level = LogLevel.Debug, Message = "{Removed} series that no longer send left the catalog")]
    private partial void LogSwept(int removed);

    private sealed class ReplayTick
    {
        public static readonly ReplayTick Instance = new();
    }

    private sealed class SweepTick
    {
        public static readonly SweepTick Instance = new();
    }
}
