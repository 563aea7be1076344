using Microsoft.Extensions.Logging;
using MonitorCluster.Stream;

namespace MonitorCluster.Aggregate;

/// <summary>What every shard of a node shares.</summary>
/// <param name="Aggregate">Options.</param>
/// <param name="Detect">Options.</param>
/// <param name="Counters">The node's counts.</param>
/// <param name="Loader">Where shards are loaded from: not the store actor of heartbeats and flushes, which must not wait for it.</param>
/// <param name="Journal">Where rows go.</param>
/// <param name="Logger">For the rare line.</param>
internal sealed record ShardContext(
    AggregateOptions Aggregate, Detect.DetectOptions Detect, AggregateCounters Counters, IActorRef Loader, IActorRef Journal, ILogger Logger);

/// <summary>The mailbox round a <see cref="ShardState"/>: loads it, then runs all its aggregators on one mailbox.</summary>
/// <remarks>
/// :: Step 5 accept, 6 aggregate, 7 detect; it hands rows to the journal (8) and answers pins (11). Until the shard is loaded everything is
/// stashed; senders open before they send, so the stash holds a message or two per collector.
/// ShardActor.Opening.cs loads; ShardActor.Moving.cs hands over.
/// </remarks>
internal sealed partial class ShardActor : ReceiveActor, IWithTimers, IWithStash
{
    private static readonly TimeSpan FullRetryDelay = TimeSpan.FromSeconds(1);

    private readonly ShardContext context;
    private readonly ShardRecipe recipe;
    private readonly ILogger logger;
    private readonly ShardMeter meter;
    private readonly Dictionary<long, (Guid Id, IActorRef Sender)> sessions = [];
    private readonly List<(IActorRef Sender, BatchesReceived Answer)> withheld = [];
    private ShardState state;
    private long epoch;
    private bool announced;
    private bool announcedFull;
    private bool cutPending;
    private long nextCutMs;
    private long readyAt; // by the clock that only rises
    private long samplesAtTick;
    private long tickedAtMs;
    private double samplesPerSecond;

    public ShardActor(ShardContext context, ShardRecipe recipe)
    {
        (this.context, this.recipe, epoch, logger) = (context, recipe, recipe.Epoch, context.Logger);
        meter = recipe.Meter ?? new ShardMeter(Context.System.TimeProvider);
        state = NewState();
        isWarming = recipe.IsWarming;
        Opening();
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public IStash Stash { get; set; } = null!;

    private long NowMs => Context.System.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds();

    protected override void PreStart() => AskStore();

    protected override void PostStop() => context.Counters.AddUnflushed(-state.UnflushedBytes);

    private void Ready()
    {
        Receive<BatchSection>(Accept);
        Receive<CollectorOpen>(Open);
        Receive<TakeJournal>(TakeRow);
        Receive<JournalCommitted>(m => RowCommitted(m.Row));
        Receive<CutCommitted>(CutStored);
        Receive<ShardTick>(Tick);
        Queries();
        Receive<AcknowledgeAlert>(Acknowledge);
        Receive<GiveFeedback>(m => Sender.Tell(new FeedbackGiven(ChangeState(() => state.Give(m.Command, NowMs)))));
        Receive<RetireSeries>(Retire);
        Moves();
        Receive<ShardFenced>(_ => Context.Stop(Self));
    }

    // What a shard answers also when it takes nothing any more.
    private void Queries()
    {
        Receive<PinSeries>(m => Sender.Tell(state.Pin(m.Numbers, m.FromMs, m.ToMs)));
        Receive<FindSeries>(m => Sender.Tell(state.Find(m.Metric, m.FixedLabels, m.FromMs, m.ToMs)));
        Receive<GetShardStatistics>(_ => Sender.Tell(state.Statistics(epoch, samplesPerSecond)));
        Receive<GetOpenAlerts>(_ => Sender.Tell(state.OpenAlerts()));
        Receive<GetVerdicts>(m => Sender.Tell(state.Verdicts(m.Metric, m.FixedLabels, m.All, NowMs)));
        Receive<GetMutes>(_ => Sender.Tell(state.Mutes()));
        Receive<GetSignals>(_ => Sender.Tell(state.Signals(NowMs)));
    }

    private ShardState NewState() => new(recipe.ShardId, context.Aggregate, context.Detect, context.Counters);

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
        meter.Note(state);
        bool due = message.ForceCut || NowMs >= nextCutMs || state.IsCutDue;
        CutDraft? cut = due && !cutPending && !IsMoving ? state.PrepareCut(NowMs) : null;
        if (cut is not null)
        {
            cutPending = true;
            nextCutMs = NowMs + (long)context.Aggregate.CutInterval.TotalMilliseconds;
        }

        Sender.Tell(new JournalTaken(message.Round, state.ShardId, epoch, row, cut));
    }

    private void RowCommitted(JournalDraft row)
    {
        state.RowCommitted(row);
        foreach ((long collectorNo, long seq) in row.Marks)
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
        if (Context.System.TimeProvider.GetElapsedTime(readyAt) >= context.Detect.SilenceGrace)
        {
            ChangeState(() =>
            {
                state.Tick(tick.NowMs);
                return true;
            });
        }

        state.TrimMemory(tick.NowMs);
        meter.NoteMemory(state);
        NoteRate(tick.NowMs);
        if (tick.NowMs >= nextCutMs && state.JournalBytesSinceCut > 0 && !IsMoving)
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
        IReadOnlyList<int> retired = IsMoving ? [] : ChangeState(() => state.RetireSeries(beforeMs, NowMs));
        isRetiring = retired.Count > 0;
        Sender.Tell(new SeriesRetired(state.ShardId, epoch, beforeMs, retired));
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
        meter.Note(state);
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

    [LoggerMessage(
        EventId = 4002, Level = LogLevel.Error, Message = "Section {Seq} of collector {CollectorId} for shard {ShardId} cannot be read and is skipped")]
    private partial void LogMalformed(long seq, Guid collectorId, int shardId);
}
