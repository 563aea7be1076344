using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Collect;

/// <summary>
/// Which source is asked when, and how each one does. A round is one instant: <see cref="Open"/> says whom to ask, <see cref="Answered"/> takes the answers,
/// <see cref="Close"/> ends the round, in time or not. A source that fails or is absent is left out for 1, 2, 4 ... intervals up to the limit; one that did not
/// answer in time is left out until it does, and what it brings then goes with the next round.
/// </summary>
/// <remarks>Pure state; one user: the host collector's mailbox.</remarks>
internal sealed class HostCollectorState
{
    private static readonly MetricFamily Up = new("up", MetricType.Gauge, "1 while this node measures the host.");
    private static readonly MetricFamily Duration =
        new("node_scrape_collector_duration_seconds", MetricType.Gauge, "node_exporter: Duration of a collector scrape.", "seconds");
    private static readonly MetricFamily Success =
        new("node_scrape_collector_success", MetricType.Gauge, "node_exporter: Whether a collector succeeded.");

    private readonly Source[] sources;
    private readonly List<int> asked = [];
    private readonly long intervalMs;
    private readonly long backoffMaxMs;
    private readonly SourceWriter writer;
    private readonly SeriesSlot up;
    private long roundMs;

    /// <summary>Makes the state before the first round.</summary>
    /// <param name="names">The sources' names, unique.</param>
    /// <param name="options">Interval and limit of pauses.</param>
    /// <param name="writer">For the series about the sources themselves.</param>
    public HostCollectorState(IReadOnlyList<string> names, CollectOptions options, SourceWriter writer)
    {
        this.writer = writer;
        intervalMs = Math.Max(1, (long)options.Interval.TotalMilliseconds);
        backoffMaxMs = (long)options.BackoffMax.TotalMilliseconds;
        up = writer.Series(Up);
        sources = [.. names.Select(n => new Source(n, writer))];
    }

    /// <summary>Whether a round is open.</summary>
    public bool IsOpen { get; private set; }

    /// <summary>The instant of the round that is open, or was last.</summary>
    public long RoundMs => roundMs;

    /// <summary>Sources asked in this round that have not answered.</summary>
    public int Waiting { get; private set; }

    /// <summary>Opens a round; the one before must be closed.</summary>
    /// <returns>The sources to ask, valid until the next call.</returns>
    public IReadOnlyList<int> Open(long timestampMs)
    {
        if (IsOpen)
        {
            throw new InvalidOperationException($"round {roundMs} is still open");
        }

        bool clockSteppedBack = timestampMs < roundMs;
        roundMs = timestampMs;
        IsOpen = true;
        asked.Clear();
        for (int i = 0; i < sources.Length; i++)
        {
            Source source = sources[i];
            if (clockSteppedBack)
            {
                source.DueMs = timestampMs; // pauses were measured on a clock that no longer is
            }

            if (source.AskedMs is null && timestampMs >= source.DueMs)
            {
                source.AskedMs = timestampMs;
                asked.Add(i);
            }
        }

        Waiting = asked.Count;
        return asked;
    }

    /// <summary>Takes an answer, of this round or a late one.</summary>
    /// <returns>The state the source was in before, for the log.</returns>
    public SourceState Answered(int index, long timestampMs, SourceResult result)
    {
        Source source = sources[index];
        SourceState before = source.State;
        if (source.AskedMs != timestampMs)
        {
            throw new InvalidOperationException($"{source.Name} answered for {timestampMs}, asked for {source.AskedMs?.ToString() ?? "nothing"}");
        }

        if (IsOpen && timestampMs == roundMs)
        {
            Waiting--;
        }

        source.AskedMs = null;
        source.Note(result);
        source.DueMs = result.State == SourceState.Ok ? 0 : roundMs + Backoff(source.Misses);
        return before;
    }

    /// <summary>Ends the round: who has not answered by now hangs.</summary>
    /// <returns>The sources that began to hang in this round.</returns>
    public IReadOnlyList<int> Close()
    {
        IsOpen = false;
        Waiting = 0;
        List<int>? hung = null;
        foreach (int index in asked)
        {
            Source source = sources[index];
            if (source.AskedMs == roundMs && source.State != SourceState.Hung)
            {
                source.NoteHung();
                (hung ??= []).Add(index);
            }
        }

        return hung ?? (IReadOnlyList<int>)[];
    }

    /// <summary>Writes the series about the sources: for each its duration and success, and <c>up</c>.</summary>
    public void WriteStatus(Stream.SampleBatch batch)
    {
        writer.Begin(batch, roundMs);
        writer.Write(up, 1);
        foreach (Source source in sources)
        {
            writer.Write(source.DurationSlot, source.DurationAt(roundMs).TotalSeconds);
            writer.Write(source.SuccessSlot, source.State == SourceState.Ok ? 1 : 0);
        }

        writer.End();
    }

    /// <summary>The status of every source.</summary>
    public IReadOnlyList<SourceStatus> Statuses() => [.. sources.Select(s => s.ToStatus(roundMs))];

    /// <summary>The status of one source.</summary>
    public SourceStatus StatusOf(int index) => sources[index].ToStatus(roundMs);

    /// <summary>Samples over the limits of series, of all sources.</summary>
    public long SamplesRefusedTotal => sources.Sum(s => s.SamplesRefusedTotal) + writer.RefusedTotal;

    // 1, 2, 4 ... intervals; the shift is capped far above any limit.
    private long Backoff(int misses) => Math.Min(backoffMaxMs, intervalMs << Math.Min(Math.Max(0, misses - 1), 20));

    private sealed class Source(string name, SourceWriter writer)
    {
        private TimeSpan lastDuration;
        private string lastError = string.Empty;
        private long failuresTotal;

        public string Name { get; } = name;

        public SourceState State { get; private set; } = SourceState.Starting;

        // Tries without success since the last one, absences too; it sets the pause.
        public int Misses { get; private set; }

        public long DueMs { get; set; }

        // The instant it was asked for and has not answered; null when it is free.
        public long? AskedMs { get; set; }

        public long SamplesRefusedTotal { get; private set; }

        public SeriesSlot DurationSlot { get; } = writer.Series(Duration, new Label("collector", name));

        public SeriesSlot SuccessSlot { get; } = writer.Series(Success, new Label("collector", name));

        public void Note(SourceResult result)
        {
            State = result.State;
            lastDuration = result.Duration;
            SamplesRefusedTotal = result.SamplesRefusedTotal;
            if (result.State == SourceState.Ok)
            {
                Misses = 0;
                return;
            }

            Misses++;
            lastError = result.Error;
            failuresTotal += result.State == SourceState.Failing ? 1 : 0;
        }

        public void NoteHung()
        {
            State = SourceState.Hung;
            lastError = "no answer in time";
            Misses++;
            failuresTotal++;
        }

        public TimeSpan DurationAt(long nowMs) =>
            State == SourceState.Hung && AskedMs is long asked ? TimeSpan.FromMilliseconds(Math.Max(0, nowMs - asked)) : lastDuration;

        public SourceStatus ToStatus(long nowMs) => new(Name, State, lastError, DurationAt(nowMs), Misses, failuresTotal);
    }
}
