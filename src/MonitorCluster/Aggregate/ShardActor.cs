using Microsoft.Extensions.Logging;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Stream;

namespace MonitorCluster.Aggregate;

/// <summary>What every shard of a node shares.</summary>
/// <param name="Aggregate">Options.</param>
/// <param name="Detect">Options.</param>
/// <param name="Counters">The node's counts.</param>
/// <param name="Reader">Where shards are loaded from: not the store actor of heartbeats and flushes, which must not wait for it.</param>
/// <param name="Journal">Where rows go.</param>
/// <param name="Logger">For the rare line.</param>
internal sealed record ShardContext(
    AggregateOptions Aggregate, Detect.DetectOptions Detect, AggregateCounters Counters, IActorRef Reader, IActorRef Journal, ILogger Logger);

/// <summary>The mailbox round a <see cref="ShardState"/>: loads it, then runs all its aggregators on one mailbox.</summary>
/// <remarks>
/// :: Step 5 accept, 6 aggregate, 7 detect; it hands rows to the journal (8) and answers pins (11). Until the shard is loaded everything is
/// stashed; senders open before they send, so the stash holds a message or two per collector.
/// </remarks>
internal sealed partial class ShardActor : ReceiveActor, IWithTimers, IWithStash
{
    private static readonly TimeSpan LoadRetryDelay = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan FullRetryDelay = TimeSpan.FromSeconds(1);


    private readonly ShardContext context;
    private readonly ILogger logger;
    private readonly ShardState state;
    private readonly long epoch;
    private readonly Dictionary<long, (Guid Id, IActorRef Sender)> sessions = [];
    private readonly List<(IActorRef Sender, BatchesReceived Answer)> withheld = [];
    private bool announced;
    private bool announcedFull;
    private bool cutPending;
    private long nextCutMs;
    private long loadedAtMs;
    private long samplesAtTick;
    private long tickedAtMs;
    private double samplesPerSecond;

    public ShardActor(ShardContext context, int shardId, long epoch)
    {
        (this.context, this.epoch, logger) = (context, epoch, context.Logger);
        state = new ShardState(shardId, context.Aggregate, context.Detect, context.Counters);
        Receive<StoreReply>(Load);
        Receive<StoreFailed>(LoadFailed);
        Receive<RetryLoad>(_ => AskStore());
        Receive<ShardTick>(_ => { }); // time before the load changes nothing
        ReceiveAny(_ => Stash.Stash());
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public IStash Stash { get; set; } = null!;

    private long NowMs => Context.System.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds();

    protected override void PreStart() => AskStore();

    protected override void PostStop() => context.Counters.AddUnflushed(-state.UnflushedBytes);

    private void AskStore()
    {
        int shardId = state.ShardId;
        long sinceMs = NowMs - (long)context.Aggregate.MemorySpan.TotalMilliseconds;
        context.Reader.Tell(new StoreCommand("load-shard", s => ShardImage.Read(s, shardId, sinceMs), null));
    }

    private void LoadFailed(StoreFailed failure)
    {
        if (!failure.IsUnavailable)
        {
            throw new InvalidOperationException($"shard {state.ShardId} cannot be loaded: {failure.Error.Message}", failure.Error);
        }

        LogLoadFailed(failure.Error, state.ShardId, LoadRetryDelay);
        Timers.StartSingleTimer("load", new RetryLoad(), LoadRetryDelay);
    }

    private void Load(StoreReply reply)
    {
        loadedAtMs = NowMs;
        if (ShardLoader.Restore(state, (ShardImage)reply.Result!, loadedAtMs) is { } damaged)
        {
            LogDamaged(damaged, state.ShardId);
        }

        context.Counters.AddUnflushed(state.UnflushedBytes);

        // Jitter by shard, so that a node's shards are not cut in one second.
        long interval = (long)context.Aggregate.CutInterval.TotalMilliseconds;
        nextCutMs = NowMs + interval - (interval / 4 * (state.ShardId % 16) / 16);
        Become(Ready);
        context.Journal.Tell(new ShardReady(state.ShardId));
        Context.Parent.Tell(new ShardReady(state.ShardId));
        AfterChange();
        Stash.UnstashAll();
    }

    private void Ready()
    {
        Receive<BatchSection>(Accept);
        Receive<CollectorOpen>(Open);
        Receive<TakeJournal>(TakeRow);
        Receive<JournalCommitted>(RowCommitted);
        Receive<CutCommitted>(m =>
        {
            cutPending = false;
            state.CutCommitted(m.CutJseq);
        });
        Receive<ShardTick>(Tick);
        Receive<PinSeries>(m => Sender.Tell(state.Pin(m.Numbers, m.FromMs, m.ToMs)));
        Receive<FindSeries>(m => Sender.Tell(state.Find(m.Metric, m.FixedLabels, m.FromMs, m.ToMs)));
        Receive<GetShardStatistics>(_ => Sender.Tell(state.Statistics(epoch, samplesPerSecond)));
        Receive<GetOpenAlerts>(_ => Sender.Tell(state.OpenAlerts()));
        Receive<AcknowledgeAlert>(Acknowledge);
        Receive<RetireSeries>(Retire);
        Receive<ShardFenced>(_ => Context.Stop(Self));
    }

    private void Open(CollectorOpen message)
    {
        OpenShard open = message.Open;
        if (context.Counters.UnflushedBytes >= context.Aggregate.UnflushedBytesMax)
        {
            // A new session would bring new credit: the samples wait in the collector's log instead.
            Sender.Tell(new NotOwner(open.ShardId, open.CollectorId, open.Session, epoch, FullRetryDelay));
            return;
        }

        CollectorCursor cursor = state.CursorOf(open.CollectorId, message.CollectorNo);
        cursor.Open(open.Session);
        sessions[message.CollectorNo] = (open.CollectorId, Sender);
        Sender.Tell(new ShardOpened(open.ShardId, open.CollectorId, open.Session, epoch, cursor.DurableSeq, cursor.LastSeq));
    }

    // :: Step 5 accept
    private void Accept(BatchSection section)
    {
        SectionOutcome outcome = ChangeState(() => state.Offer(section, NowMs));
        switch (outcome)
        {
            case SectionOutcome.Gap:
            case SectionOutcome.UnknownHandle:
            case SectionOutcome.StaleSession: // ignored by a sender that opened again meanwhile, a reason to open again for one that did not
                RefusalReason reason = outcome == SectionOutcome.UnknownHandle ? RefusalReason.Dictionary : RefusalReason.Gap;
                Sender.Tell(new BatchRefused(section.ShardId, section.CollectorId, section.Session, state.LastSeqOf(section.CollectorId) + 1, reason));
                break;
            default:
                if (outcome == SectionOutcome.Malformed)
                {
                    LogMalformed(section.Seq, section.CollectorId, state.ShardId);
                }

                GiveCredit(section);
                break;
        }
    }

    private void GiveCredit(BatchSection section)
    {
        var answer = new BatchesReceived(
            section.ShardId, section.CollectorId, section.Session, state.LastSeqOf(section.CollectorId), section.Definitions.Length + section.Runs.Length);
        if (context.Counters.UnflushedBytes < context.Aggregate.UnflushedBytesMax)
        {
            Sender.Tell(answer);
        }
        else
        {
            withheld.Add((Sender, answer)); // no credit: the samples wait in the collector's log
        }
    }

    private void TakeRow(TakeJournal message)
    {
        announced = announcedFull = false;
        JournalDraft? row = state.TakeRow();
        bool due = message.ForceCut || NowMs >= nextCutMs || state.JournalBytesSinceCut >= context.Aggregate.CutBytes
            || state.LateSamples >= context.Aggregate.LateSamplesMax;
        CutDraft? cut = due && !cutPending ? state.PrepareCut(NowMs) : null;
        if (cut is not null)
        {
            cutPending = true;
            nextCutMs = NowMs + (long)context.Aggregate.CutInterval.TotalMilliseconds;
        }

        Sender.Tell(new JournalTaken(message.Round, state.ShardId, epoch, row, cut));
    }

    private void RowCommitted(JournalCommitted message)
    {
        state.RowCommitted(message.Row);
        foreach ((long collectorNo, long seq) in message.Row.Marks)
        {
            if (sessions.TryGetValue(collectorNo, out (Guid Id, IActorRef Sender) session))
            {
                session.Sender.Tell(new BatchesDurable(state.ShardId, session.Id, seq));
            }
        }

        foreach ((IActorRef sender, BatchesReceived answer) in withheld)
        {
            sender.Tell(answer);
        }

        withheld.Clear();
        AfterChange(); // what arrived meanwhile
    }

    private void Tick(ShardTick tick)
    {
        if (tick.NowMs - loadedAtMs >= (long)context.Detect.SilenceGrace.TotalMilliseconds)
        {
            ChangeState(() =>
            {
                state.Tick(tick.NowMs);
                return true;
            });
        }

        state.TrimMemory(tick.NowMs);
        NoteRate(tick.NowMs);
        if (tick.NowMs >= nextCutMs && state.JournalBytesSinceCut > 0)
        {
            Announce(urgent: false); // a shard whose samples ended is cut all the same
        }
    }

    // Exponential mean over about five ticks: steady enough to read, quick enough to see a change.
    private void NoteRate(long nowMs)
    {
        if (nowMs > tickedAtMs)
        {
            double now = (state.AcceptedTotal - samplesAtTick) * 1000.0 / (nowMs - tickedAtMs);
            samplesPerSecond = tickedAtMs == 0 ? 0 : samplesPerSecond + (0.2 * (now - samplesPerSecond));
            (samplesAtTick, tickedAtMs) = (state.AcceptedTotal, nowMs);
        }
    }

    private void Retire(RetireSeries message)
    {
        long beforeMs = state.RetentionEnd(message.BeforeMs);
        Sender.Tell(new SeriesRetired(state.ShardId, epoch, beforeMs, ChangeState(() => state.RetireSeries(beforeMs, NowMs))));
    }

    private void Acknowledge(AcknowledgeAlert message)
    {
        Sender.Tell(new AlertAcknowledged(message.AlertId, ChangeState(() => state.Acknowledge(NowMs, message.AlertId, message.By, message.Comment))));
    }

    private T ChangeState<T>(Func<T> change)
    {
        int before = state.UnflushedBytes;
        T result = change();
        context.Counters.AddUnflushed(state.UnflushedBytes - before);
        AfterChange();
        return result;
    }

    private void AfterChange()
    {
        if (state.HasUrgentChange)
        {
            Announce(urgent: true);
        }
        else if (!announced && state.HasChange)
        {
            Announce(urgent: false);
        }
        else if (!announcedFull && context.Counters.UnflushedBytes >= context.Aggregate.FlushBytes)
        {
            announcedFull = true; // said already that there is something; now there is enough
            Announce(urgent: false);
        }
    }

    private void Announce(bool urgent)
    {
        announced = true;
        context.Journal.Tell(new ShardDirty(state.ShardId, urgent));
    }

    [LoggerMessage(EventId = 4001, Level = LogLevel.Warning, Message = "Shard {ShardId} could not be loaded; next try in {Delay}")]
    private partial void LogLoadFailed(Exception exception, int shardId, TimeSpan delay);

    [LoggerMessage(
        EventId = 4002, Level = LogLevel.Error, Message = "Section {Seq} of collector {CollectorId} for shard {ShardId} cannot be read and is skipped")]
    private partial void LogMalformed(long seq, Guid collectorId, int shardId);

    [LoggerMessage(EventId = 4003, Level = LogLevel.Error, Message = "{Damaged} of shard {ShardId}: its samples cannot be read; the rest is served")]
    private partial void LogDamaged(string damaged, int shardId);

    private sealed record RetryLoad;
}
