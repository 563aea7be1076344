using System.Runtime.CompilerServices;
using MonitorCluster.Alert;
using MonitorCluster.TimeSeries.Detectors;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Detect;

/// <summary>A sample that detection derives from a closed step, to be stored like any other.</summary>
/// <param name="Series">The series that was scored.</param>
/// <param name="EndMs">The step's end, milliseconds since 1970.</param>
/// <param name="Score">Its score in decades.</param>
/// <param name="Bit">1 for a signal; 0 for the first step after one.</param>
public readonly record struct DerivedScore(int Series, long EndMs, float Score, byte Bit);

/// <summary>Detection for all series of one shard: samples and ticks in, transitions in the shard's <see cref="AlertBook"/> out.</summary>
/// <remarks>
/// A deterministic function of Register, Observe, Tick and Give calls in their order; time comes only as arguments. A tick for which
/// <see cref="Tick"/> returns false has changed nothing, so it need not be journalled: replaying without it gives the same state.
/// Samples close steps (<see cref="StepAccumulator"/>); closed steps are scored (<see cref="SeriesDetector"/>) and shown to the rules; what is
/// unusual becomes a member of its host (<see cref="HostWatch"/>), which decides whether that is an incident.
/// One writer: the shard's mailbox. Cost: a few compares per sample; one walk over the open steps per step that a tick closes.
/// Parts: ShardDetection.Hosts.cs judges hosts and writes alerts; .Feedback.cs takes what people say; .Snapshot.cs saves and restores;
/// .Verdicts.cs answers what it thinks; .Signals.cs tells the fleet.
/// </remarks>
public sealed partial class ShardDetection
{
    /// <summary>A series with this label stands for something that was promised to users: unusual, it is critical.</summary>
    public const string ObjectiveLabel = "slo";

    private const int SeriesMax = 16 << 20;
    private const int NoSlot = -1;
    private readonly DetectorSettings settings;
    private readonly bool enabled;
    private readonly double budgetShare;
    private readonly FeedbackBook feedback;
    private readonly List<HostWatch> hosts = [];
    private readonly Dictionary<string, int> hostNumbers = new(StringComparer.Ordinal);
    private readonly Pages<StepAccumulator> steps = new();
    private readonly Pages<SeriesDetector> detectors = new();
    private readonly List<int> seriesOfSlot = [];
    private readonly Stack<int> freeSlots = new(); // of series that are gone; empty as in Reset
    private readonly SeriesRules rules = new();
    private readonly Histograms histograms = new();
    private readonly List<DerivedScore> derived = [];
    private Watched[] watched = [];
    private int seriesCount;
    private long openEndMsMin = long.MaxValue; // no open step ends earlier

    /// <summary>Detection that has seen nothing.</summary>
    /// <param name="settings">The constants.</param>
    /// <param name="book">The shard's alerts.</param>
    /// <param name="enabled">Whether series are scored at all; silent hosts are found even when not.</param>
    /// <param name="budgetShare">Share of healthy series that have a signal within one group window, by the alert budget.</param>
    public ShardDetection(DetectorSettings settings, AlertBook book, bool enabled = true, double budgetShare = 0.003)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(book);
        (this.settings, Book, this.enabled, this.budgetShare) = (settings, book, enabled, budgetShare);
        feedback = new FeedbackBook(settings.Model.Clock);
    }

    /// <summary>The shard's alerts.</summary>
    public AlertBook Book { get; }

    /// <summary>Closed steps scored since the start of the process.</summary>
    public long StepsScored { get; private set; }

    /// <summary>Signals among them: steps over the signal threshold, outside their band.</summary>
    public long Signals { get; private set; }

    /// <summary>One more than the highest series that detection knows of.</summary>
    public int SeriesCount => seriesCount;

    /// <summary>Scores since the last <see cref="ClearDerived"/>, ascending in time for each series.</summary>
    public IReadOnlyList<DerivedScore> Derived => derived;

    /// <summary>Estimates of histograms since the last <see cref="ClearDerived"/>: what their series are judged by, once they are stored.</summary>
    public IReadOnlyList<Estimate> Estimates => histograms.Estimates;

    /// <summary>Forgets the scores and estimates that were stored, or that a replay finds in the journal.</summary>
    public void ClearDerived()
    {
        derived.Clear();
        histograms.ClearEstimates();
    }

    /// <summary>Gives a series' labels; before its first sample, and again after a restore. Indices are dense, from 0.</summary>
    public void Register(int series, LabelSet labels)
    {
        ArgumentNullException.ThrowIfNull(labels);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)series, (uint)SeriesMax);
        seriesCount = Math.Max(seriesCount, series + 1);
        Grow();
        if (DerivedMetric.IsVerdict(labels.Metric))
        {
            watched[series] = new Watched(labels, MetricClass.Of(labels.Metric, string.Empty), NoSlot, NoSlot, NoSlot, false);
            return; // derived: neither scored nor a sign of life
        }

        MetricClass metric = MetricClass.Of(labels.Metric, labels["mode"]);
        int slot = watched[series].Slot;
        bool isJudged = enabled && metric.Direction != AnomalyDirection.None;
        if (isJudged && slot == NoSlot)
        {
            slot = AddSlot(series);
        }

        if (isJudged && watched[series].Labels is null)
        {
            CountJudged(labels.Metric, HostNumber(labels.Host), 1);
        }

        int part = enabled ? histograms.Register(series, labels) : NoSlot;
        bool isObjective = labels[ObjectiveLabel].Length > 0;
        watched[series] = new Watched(labels, metric, HostNumber(labels.Host), isJudged ? slot : NoSlot, part, isObjective);
        hosts[watched[series].Host].SeriesCount++;
        feedback.Register(series, labels);
        if (isJudged)
        {
            rules.Register(series, metric);
            hosts[watched[series].Host].Scored += IsScored(slot) ? 1 : 0;
        }
    }

    /// <summary>Takes one applied, in-order sample of a registered series. No allocation unless a step is unusual.</summary>
    /// <returns>True when the sample closed a detection step.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Observe(int series, long timestampMs, double value)
    {
        ref readonly Watched by = ref watched[series];
        if (by.Host == NoSlot)
        {
            return false;
        }

        hosts[by.Host].Silence.Observe(timestampMs);
        if (Sample.IsStaleMarker(value))
        {
            End(series, timestampMs);
            return false;
        }

        if (by.Part != NoSlot)
        {
            openEndMsMin = Math.Min(openEndMsMin, histograms.Observe(by.Part, timestampMs, value, settings));
        }

        if (by.Slot == NoSlot)
        {
            return false;
        }

        ref StepAccumulator step = ref steps[by.Slot];
        bool closed = step.Observe(timestampMs, value, settings.StepMs, by.Step);
        openEndMsMin = Math.Min(openEndMsMin, step.OpenEndMs);
        if (closed)
        {
            OnClosed(series, step);
        }

        return closed;
    }

    /// <summary>Closes the steps whose end plus lateness has passed, and judges hosts.</summary>
    /// <returns>True when anything changed: this tick must be journalled.</returns>
    public bool Tick(long nowMs)
    {
        bool changed = false;
        if (nowMs - settings.LatenessMs >= openEndMsMin)
        {
            openEndMsMin = long.MaxValue;
            for (int slot = 0; slot < steps.Count; slot++)
            {
                ref StepAccumulator step = ref steps[slot];
                long endMs = step.OpenEndMs;
                if (step.Tick(nowMs, settings.LatenessMs))
                {
                    OnClosed(seriesOfSlot[slot], step);
                }

                changed |= endMs != step.OpenEndMs;
                openEndMsMin = Math.Min(openEndMsMin, step.OpenEndMs);
            }

            changed |= histograms.Tick(nowMs, settings, ref openEndMsMin);
        }

        if (nowMs >= feedback.NextEndMs)
        {
            changed |= feedback.EndMutes(nowMs);
            MuteAnew();
        }

        return JudgeHosts(nowMs) || changed;
    }

    /// <summary>A series has ended: its alerts are resolved and its detector starts anew should it come back.</summary>
    public void Forget(int series, long atMs)
    {
        int host = watched[series].Host;
        if (watched[series].Labels is not null)
        {
            End(series, atMs);
        }

        Clear(series);
        if (host != NoSlot && hosts[host].SeriesCount == 0)
        {
            Book.Resolve(hosts[host].Labels, DetectionWords.IncidentChannel, "the host is gone", null, atMs);
            Book.Resolve(hosts[host].Labels, DetectionWords.StaleChannel, "the host is gone", null, atMs);
            hosts[host].Clear();
        }
    }

    /// <summary>Drops what is known of a number that no series has.</summary>
    public void Clear(int series)
    {
        if (series >= seriesCount)
        {
            return;
        }

        if (watched[series] is { Labels: { } labels, Slot: not NoSlot } by)
        {
            CountJudged(labels.Metric, by.Host, -1);
        }

        Reset(series);
        rules.Forget(series);
        histograms.Forget(series);
        feedback.Forget(series);
        (int host, int slot) = (watched[series].Host, watched[series].Slot);
        if (host != NoSlot)
        {
            hosts[host].SeriesCount--;
        }

        if (slot != NoSlot)
        {
            freeSlots.Push(slot);
        }

        watched[series] = Watched.Nobody;
    }

    // The source says that the series ended: whatever was wrong with it is over, and what comes later is another life.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void End(int series, long atMs)
    {
        ref readonly Watched by = ref watched[series];
        if (by.Host != NoSlot)
        {
            hosts[by.Host].Forget(series);
            hosts[by.Host].IsDirty = true;
        }

        ResolveOf(by.Labels!, "the series ended", atMs);
        feedback.Thaw(series);
        Reset(series);
        rules.Reset(series);
        histograms.Reset(series);
    }

    private void Reset(int series)
    {
        (int host, int slot) = (watched[series].Host, watched[series].Slot);
        if (slot == NoSlot)
        {
            return;
        }

        if (host == NoSlot)
        {
            // Restored, but the series has gone since: nobody but its members knows whose it was.
            hosts.ForEach(h => h.Forget(series));
        }
        else
        {
            hosts[host].Scored -= IsScored(slot) ? 1 : 0;
        }

        (steps[slot], detectors[slot]) = (default, default);
    }

    // The way of a step: model, excursion, rules, members of the host.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void OnClosed(int series, in StepAccumulator step)
    {
        StepsScored++;
        ref readonly Watched by = ref watched[series];
        if (by.Labels is null || by.Slot == NoSlot)
        {
            return; // restored but not registered: the shard no longer has the series
        }

        ref SeriesDetector detector = ref detectors[by.Slot];
        bool wasScored = IsScored(by.Slot), wasSignal = detector.IsSignal, wasStuck = detector.IsStuck;
        SeriesFeedback told = feedback.Of(series, step.ClosedEndMs, detector.Excursion.IsOpen);
        JudgedStep judged = detector.Step(
            step.ClosedEndMs, step.ClosedValue, step.ClosedChanged, by.Metric, told, settings, out ExcursionChange change);
        HostWatch host = hosts[by.Host];
        host.Scored += !wasScored && IsScored(by.Slot) ? 1 : 0;
        if (judged.IsSignal || wasSignal)
        {
            Signals += judged.IsSignal ? 1 : 0;
            derived.Add(new DerivedScore(series, judged.EndMs, judged.Decades, judged.IsSignal ? (byte)1 : (byte)0));
        }

        if (change != ExcursionChange.None || detector.Excursion.IsOpen)
        {
            NoteExcursion(series, host, detector.Excursion, judged, change);
        }

        if (wasStuck != detector.IsStuck && !feedback.IsMuted(series))
        {
            OnStuck(by, detector, step);
        }

        if (by.Metric.Rule != MetricRule.None && rules.Step(series, by.Metric, step.ClosedEndMs, step.ClosedValue, settings, out SignalMember held)
            && !feedback.IsMuted(series))
        {
            host.Note(held);
        }

        // At the step's own time: in a backlog that arrives at once, a fault that came and went must be told all the same.
        if (host.IsDirty)
        {
            Apply(host, host.Judge(judged.EndMs, SeriesOf, settings, budgetShare), judged.EndMs);
        }
    }

    private void NoteExcursion(int series, HostWatch host, in Excursion excursion, in JudgedStep judged, ExcursionChange change)
    {
        bool isOver = change is ExcursionChange.Returned or ExcursionChange.Accepted;
        if (isOver)
        {
            feedback.Thaw(series);
        }
        else if (feedback.IsMuted(series))
        {
            return;
        }

        (float expected, float low, float high) = excursion.Band;
        host.Note(new SignalMember
        {
            Series = series,
            Cause = Cause.Unusual,
            Channel = judged.Channel,
            IsOn = (byte)(isOver ? 0 : 1),
            IsConfirmed = (byte)(excursion.IsConfirmed ? 1 : 0),
            SinceMs = excursion.SinceMs,
            NewestMs = judged.EndMs,
            Score = excursion.Peak,
            Value = excursion.PeakValue,
            Expected = expected,
            Low = low,
            High = high,
        });
    }

    private bool IsScored(int slot) => detectors[slot].StepsSeen > 0 && detectors[slot].StepsUntilScored(settings) == 0;

    private int AddSlot(int series)
    {
        if (freeSlots.TryPop(out int free))
        {
            seriesOfSlot[free] = series;
            return free;
        }

        seriesOfSlot.Add(series);
        detectors.Add(default);
        return steps.Add(default);
    }

    private int HostNumber(string host)
    {
        if (!hostNumbers.TryGetValue(host, out int number))
        {
            number = hosts.Count;
            hosts.Add(new HostWatch(host));
            hostNumbers[host] = number;
        }

        return number;
    }

    private void Grow()
    {
        if (seriesCount > watched.Length)
        {
            int from = watched.Length;
            Array.Resize(ref watched, Math.Max(64, Math.Max(seriesCount, watched.Length * 2)));
            watched.AsSpan(from).Fill(Watched.Nobody);
        }
    }

    /// <param name="Labels">The series' labels; null when no series has the number.</param>
    /// <param name="Metric">What is known of its metric.</param>
    /// <param name="Host">Its host's number; -1 for what detection derives itself.</param>
    /// <param name="Slot">Where its detector lies; -1 when it is not judged.</param>
    /// <param name="Part">Where its place in a histogram lies; -1 when it is part of none.</param>
    /// <param name="IsObjective">Whether it stands for something that was promised to users.</param>
    private readonly record struct Watched(LabelSet? Labels, MetricClass Metric, int Host, int Slot, int Part, bool IsObjective)
    {
        public static readonly Watched Nobody = new(null, default, NoSlot, NoSlot, NoSlot, false);

        public StepValue Step { get; } = Metric.Step;
    }
}
