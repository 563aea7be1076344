using Microsoft.Extensions.Logging;
using MonitorCluster.Stream;

namespace MonitorCluster.Collect;

/// <summary>
/// Measures this host. Stage 1 of a sample's way (DESIGN, section 4):
/// 1. A timer fires at each whole multiple of Collect:Interval; the instant is the timestamp of everything that follows.
/// 2. Every source that is free and not in a pause gets <see cref="CollectSamples"/>; each is an actor, those that may hang on a thread of their own.
/// 3. Their answers are gathered into one batch until all have come or Collect:SourceTimeout is over; who is late hangs, and is asked again when it answered.
/// 4. The batch, with the series about the sources themselves, goes to the collector as <see cref="SubmitSamples"/>. It is not acknowledged before the
///    collector logged it; when the collector refuses it, that instant is lost and counted: a second of a gauge is not worth a queue in front of a full WAL.
/// </summary>
/// <remarks>A thin shell round <see cref="HostCollectorState"/> and <see cref="AlignedClock"/>; never awaits, never touches a file.</remarks>
public sealed partial class HostCollectorActor : ReceiveActor, IWithTimers
{
    private const string Protocol = "native";
    private const string TickTimer = "tick";
    private const string TimeoutTimer = "timeout";

    private readonly HostCollectorSetup setup;
    private readonly HostCollectorState state;
    private readonly AlignedClock clock;
    private readonly IReadOnlyList<ISampleSource> sources;
    private readonly List<IActorRef> actors = [];
    private SampleBatch gathered = SampleBatch.Rent();
    private long ticksTotal;
    private long batchesRefusedTotal;
    private bool isRefused;

    private HostCollectorActor(HostCollectorSetup setup)
    {
        this.setup = setup;
        clock = new AlignedClock(setup.Options.Interval);
        sources = setup.CreateSources();
        state = new HostCollectorState([.. sources.Select(s => s.Name)], setup.Options, NewWriter());
        Receive<Tick>(_ => OnTick());
        Receive<SourceCollected>(OnCollected);
        Receive<TimeoutOver>(t => OnTimeout(t.TimestampMs));
        Receive<SamplesLogged>(_ => isRefused = false);
        Receive<SamplesRefused>(OnRefused);
        Receive<GetHostCollectorStatus>(_ => Sender.Tell(
            new HostCollectorStatus(state.Statuses(), ticksTotal, clock.MissedTotal, batchesRefusedTotal, state.SamplesRefusedTotal)));
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    private TimeProvider Time => Context.System.TimeProvider;

    /// <summary>How to make the actor.</summary>
    public static Props CreateProps(HostCollectorSetup setup)
    {
        ArgumentNullException.ThrowIfNull(setup);
        return Props.Create(() => new HostCollectorActor(setup));
    }

    /// <inheritdoc/>
    protected override void PreStart()
    {
        for (int i = 0; i < sources.Count; i++)
        {
            actors.Add(Context.ActorOf(SourceActor.CreateProps(i, sources[i], NewWriter(), Time), sources[i].Name));
        }

        ScheduleTick();
    }

    // :: Step 1 and 2
    private void OnTick()
    {
        long nowMs = Time.GetUtcNow().ToUnixTimeMilliseconds();
        if (clock.TryTake(nowMs, out long instantMs))
        {
            if (state.IsOpen)
            {
                EndRound(); // the timeout's message is behind this one in the mailbox
            }

            ticksTotal++;
            foreach (int index in state.Open(instantMs))
            {
                actors[index].Tell(new CollectSamples(instantMs));
            }

            Timers.StartSingleTimer(TimeoutTimer, new TimeoutOver(instantMs), setup.Options.SourceTimeout);
            EndRoundWhenComplete();
        }

        ScheduleTick();
    }

    // :: Step 3
    private void OnCollected(SourceCollected answer)
    {
        ReadOnlySpan<CollectedSeries> series = answer.Batch.Series;
        for (int i = 0; i < series.Length; i++)
        {
            gathered.Add(series[i], answer.Batch.TimestampsMs[i], answer.Batch.Values[i]);
        }

        SourceState before = state.Answered(answer.Index, answer.TimestampMs, answer.Result);
        LogChange(state.StatusOf(answer.Index), before);
        EndRoundWhenComplete();
    }

    private void OnTimeout(long timestampMs)
    {
        if (state.IsOpen && state.RoundMs == timestampMs)
        {
            EndRound();
        }
    }

    private void EndRoundWhenComplete()
    {
        if (state.IsOpen && state.Waiting == 0)
        {
            Timers.Cancel(TimeoutTimer);
            EndRound();
        }
    }

    // :: Step 4
    private void EndRound()
    {
        foreach (int index in state.Close())
        {
            LogHung(setup.Logger, state.StatusOf(index).Name, setup.Options.SourceTimeout);
        }

        state.WriteStatus(gathered);
        setup.Collector.Tell(new SubmitSamples(gathered, Protocol, WaitDurable: false, Tag: null), Self);
        gathered = SampleBatch.Rent();
    }

    private void OnRefused(SamplesRefused refused)
    {
        batchesRefusedTotal++;
        if (!isRefused)
        {
            isRefused = true;
            LogRefused(setup.Logger, refused.Reason);
        }
    }

    private void ScheduleTick() =>
        Timers.StartSingleTimer(TickTimer, Tick.Instance, clock.DelayFrom(Time.GetUtcNow().ToUnixTimeMilliseconds()));

    private SourceWriter NewWriter() => new(setup.Series, setup.Metrics, setup.Host, setup.Options.SeriesPerSourceMax);

    private void LogChange(SourceStatus status, SourceState before)
    {
        if (status.State == before)
        {
            return;
        }

        switch (status.State)
        {
            case SourceState.Failing:
                LogFailing(setup.Logger, status.Name, status.LastError);
                break;
            case SourceState.Absent:
                LogAbsent(setup.Logger, status.Name, status.LastError);
                break;
            case SourceState.Ok when before != SourceState.Starting:
                LogOkAgain(setup.Logger, status.Name, before);
                break;
        }
    }

    [LoggerMessage(EventId = 3101, Level = LogLevel.Warning, Message = "Source {Source} fails: {Error}")]
    private static partial void LogFailing(ILogger logger, string source, string error);

    [LoggerMessage(EventId = 3102, Level = LogLevel.Debug, Message = "Source {Source} is absent on this host: {Error}")]
    private static partial void LogAbsent(ILogger logger, string source, string error);

    [LoggerMessage(
        EventId = 3103, Level = LogLevel.Warning, Message = "Source {Source} hangs: no answer within {Timeout}; it is not asked again until it answers")]
    private static partial void LogHung(ILogger logger, string source, TimeSpan timeout);

    [LoggerMessage(EventId = 3104, Level = LogLevel.Information, Message = "Source {Source} is ok again, was {Before}")]
    private static partial void LogOkAgain(ILogger logger, string source, SourceState before);

    [LoggerMessage(
        EventId = 3105, Level = LogLevel.Warning, Message = "The collector refuses this host's samples: {Reason}; they are dropped until it takes them again")]
    private static partial void LogRefused(ILogger logger, SubmitRefusal reason);

    private sealed record Tick
    {
        public static readonly Tick Instance = new();
    }

    private sealed record TimeoutOver(long TimestampMs);
}
