using System.Buffers;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using MonitorCluster.TimeSeries.Detectors;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Detect;

/// <summary>A value that was estimated from the parts of a histogram for one step, to be stored like any other sample.</summary>
/// <param name="Labels">The labels of the estimate's series.</param>
/// <param name="TimestampMs">The last millisecond of the step.</param>
/// <param name="Value">The estimate.</param>
public readonly record struct Estimate(LabelSet Labels, long TimestampMs, double Value);

/// <summary>The histograms and summaries of a shard: of each step of their parts a mean and, where there are buckets, a median and a 99th percentile.</summary>
/// <remarks>
/// A step is estimated when all parts that are alive have closed it; one that has not closed a step for ten is not alive. So parts may come in
/// any order and in several batches, and a histogram that is torn between two steps gives no value instead of a wrong one; the first step after
/// a gap gives none either, because the part that closes it first is the only one alive.
/// A pure function of the calls in their order. One writer: the shard's mailbox. Cost: of a sample as for any counter.
/// </remarks>
internal sealed class Histograms
{
    private const int AliveSteps = 10;
    private const double EventsMin = 5; // of fewer, a quantile is one event's fate
    private const double MedianQuantile = 0.5, TailQuantile = 0.99;
    private const int PartsMax = 512; // of one histogram

    private readonly Dictionary<LabelSet, Histogram> histograms = [];
    private readonly Dictionary<int, int> slots = []; // by series
    private readonly Stack<int> freeSlots = new();
    private readonly Pages<StepAccumulator> steps = new();
    private readonly List<Part> parts = [];
    private readonly List<Estimate> estimates = [];

    /// <summary>Estimates since the last <see cref="ClearEstimates"/>.</summary>
    public IReadOnlyList<Estimate> Estimates => estimates;

    /// <summary>Forgets the estimates that were stored, or that a replay finds in the journal.</summary>
    public void ClearEstimates() => estimates.Clear();

    /// <summary>Gives a series that is a part its place.</summary>
    /// <returns>The place, for <see cref="Observe"/>; -1 when the series is no part of anything that would be judged.</returns>
    public int Register(int series, LabelSet labels)
    {
        HistogramPart kind = HistogramName.Parse(labels.Metric, out string family);
        double bound = double.NaN;
        if (kind == HistogramPart.None || family.Length == 0
            || (kind == HistogramPart.Bucket && !TryReadBound(labels[HistogramName.BoundLabel], out bound))
            || MetricClass.Of(family + HistogramName.Mean, string.Empty).Direction == AnomalyDirection.None)
        {
            return -1;
        }

        LabelSet key = labels.Without(HistogramName.BoundLabel).With(LabelSet.NameLabel, family);
        if (!histograms.TryGetValue(key, out Histogram? histogram))
        {
            histograms[key] = histogram = new Histogram(key);
        }

        if (!slots.TryGetValue(series, out int slot))
        {
            if (histogram.Parts.Count == PartsMax)
            {
                return -1;
            }

            slots[series] = slot = AddSlot();
        }

        if (parts[slot].Of is null)
        {
            parts[slot] = new Part(histogram, kind, bound);
            histogram.Add(slot, parts);
        }

        return slot;
    }

    /// <summary>Takes a sample of a part.</summary>
    /// <returns>End of the part's open step.</returns>
    public long Observe(int slot, long timestampMs, double value, DetectorSettings settings)
    {
        ref StepAccumulator step = ref steps[slot];
        if (step.Observe(timestampMs, value, settings.StepMs, StepValue.Rate))
        {
            OnClosed(slot, settings);
        }

        return step.OpenEndMs;
    }

    /// <summary>Closes the steps whose end plus lateness has passed.</summary>
    /// <param name="nowMs">The tick.</param>
    /// <param name="settings">The constants.</param>
    /// <param name="openEndMsMin">Earliest end of an open step; moved down to that of the parts.</param>
    /// <returns>True when anything changed.</returns>
    public bool Tick(long nowMs, DetectorSettings settings, ref long openEndMsMin)
    {
        bool changed = false;
        for (int slot = 0; slot < steps.Count; slot++)
        {
            ref StepAccumulator step = ref steps[slot];
            long endMs = step.OpenEndMs;
            if (step.Tick(nowMs, settings.LatenessMs))
            {
                OnClosed(slot, settings);
            }

            changed |= endMs != step.OpenEndMs;
            openEndMsMin = Math.Min(openEndMsMin, step.OpenEndMs);
        }

        return changed;
    }

    /// <summary>The series begins anew.</summary>
    public void Reset(int series)
    {
        if (slots.TryGetValue(series, out int slot))
        {
            steps[slot] = default;
        }
    }

    /// <summary>The series is gone.</summary>
    public void Forget(int series)
    {
        if (!slots.Remove(series, out int slot))
        {
            return;
        }

        if (parts[slot].Of is { } histogram)
        {
            histogram.Parts.Remove(slot);
            if (histogram.Parts.Count == 0)
            {
                histograms.Remove(histogram.Labels);
            }
        }

        (steps[slot], parts[slot]) = (default, default);
        freeSlots.Push(slot);
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        histograms.Clear();
        slots.Clear();
        freeSlots.Clear();
        steps.Clear();
        parts.Clear();
        estimates.Clear();
    }

    /// <summary>Writes the open steps.</summary>
    public void Snapshot(IBufferWriter<byte> target)
    {
        Varint.Write(target, (ulong)slots.Count);
        foreach ((int series, int slot) in slots.OrderBy(s => s.Key))
        {
            Varint.Write(target, (ulong)series);
            target.Write(MemoryMarshal.AsBytes(new ReadOnlySpan<StepAccumulator>(in steps[slot])));
        }
    }

    /// <summary>Reads what <see cref="Snapshot"/> wrote; then register the series anew.</summary>
    public bool TryRestore(ReadOnlySpan<byte> source, ref int offset)
    {
        int size = Unsafe.SizeOf<StepAccumulator>();
        Clear();
        if (!Varint.TryRead(source, ref offset, out int count))
        {
            return false;
        }

        for (int i = 0; i < count; i++)
        {
            if (!Varint.TryRead(source, ref offset, out int series) || source.Length - offset < size || slots.ContainsKey(series))
            {
                return false;
            }

            int slot = slots[series] = AddSlot();
            steps[slot] = MemoryMarshal.Read<StepAccumulator>(source[offset..]);
            offset += size;
        }

        return true;
    }

    private static bool TryReadBound(string text, out double bound)
    {
        bound = double.PositiveInfinity;
        return text == "+Inf" || (double.TryParse(text, CultureInfo.InvariantCulture, out bound) && double.IsFinite(bound));
    }

    private int AddSlot()
    {
        if (freeSlots.TryPop(out int free))
        {
            return free;
        }

        parts.Add(default);
        return steps.Add(default);
    }

    private void OnClosed(int slot, DetectorSettings settings)
    {
        if (parts[slot].Of is not { } histogram)
        {
            return; // restored, and the series has gone since
        }

        long endMs = steps[slot].ClosedEndMs, aliveMs = endMs - (AliveSteps * settings.StepMs);
        foreach (int other in histogram.Parts)
        {
            long closedMs = steps[other].ClosedEndMs;
            if (closedMs != endMs && closedMs > aliveMs)
            {
                return;
            }
        }

        if (endMs > histogram.EstimatedMs)
        {
            histogram.EstimatedMs = endMs;
            Judge(histogram, endMs, settings);
        }
    }

    private void Judge(Histogram histogram, long endMs, DetectorSettings settings)
    {
        Span<double> bounds = stackalloc double[PartsMax], cumulative = stackalloc double[PartsMax];
        double sum = double.NaN, count = double.NaN, seconds = settings.StepMs / 1000.0;
        int buckets = 0;
        foreach (int slot in histogram.Parts)
        {
            if (steps[slot].ClosedEndMs != endMs)
            {
                continue;
            }

            double rate = steps[slot].ClosedValue;
            switch (parts[slot].Kind)
            {
                case HistogramPart.Bucket: (bounds[buckets], cumulative[buckets++]) = (parts[slot].Bound, rate); break;
                case HistogramPart.Sum: sum = rate; break;
                default: count = rate; break;
            }
        }

        double events = (buckets > 0 ? cumulative[buckets - 1] : count) * seconds;
        if (!(events >= EventsMin))
        {
            return;
        }

        Add(histogram.Mean, endMs, sum / count);
        Add(histogram.Median, endMs, HistogramQuantile.Of(MedianQuantile, bounds[..buckets], cumulative[..buckets]));
        Add(histogram.Tail, endMs, HistogramQuantile.Of(TailQuantile, bounds[..buckets], cumulative[..buckets]));
    }

    private void Add(LabelSet labels, long endMs, double value)
    {
        if (double.IsFinite(value))
        {
            estimates.Add(new Estimate(labels, endMs - 1, value));
        }
    }

    private readonly record struct Part(Histogram? Of, HistogramPart Kind, double Bound);

    private sealed class Histogram(LabelSet labels)
    {
        public LabelSet Labels { get; } = labels;

        public LabelSet Mean { get; } = Named(labels, HistogramName.Mean);

        public LabelSet Median { get; } = Named(labels, HistogramName.Median);

        public LabelSet Tail { get; } = Named(labels, HistogramName.Tail);

        /// <summary>Where its parts lie; buckets ascending by bound, the others behind them.</summary>
        public List<int> Parts { get; } = [];

        /// <summary>End of the newest step that was estimated. In no snapshot: a step that is estimated again gives what is stored already.</summary>
        public long EstimatedMs { get; set; }

        public void Add(int slot, List<Part> all)
        {
            double bound = all[slot].Bound; // NaN of the others
            int at = Parts.FindIndex(p => !(all[p].Bound <= bound));
            Parts.Insert(double.IsNaN(bound) || at < 0 ? Parts.Count : at, slot);
        }

        private static LabelSet Named(LabelSet labels, string suffix) => labels.With(LabelSet.NameLabel, labels.Metric + suffix);
    }
}
