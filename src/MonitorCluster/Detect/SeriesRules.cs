using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using MonitorCluster.TimeSeries.Detectors;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Detect;

/// <summary>The deterministic companions of the model: what needs no learning. Only series whose metric has a rule have state here.</summary>
internal sealed class SeriesRules
{
    // What a rule counts for beside scores: a target that does not answer outweighs most surprises, a bounded metric at its bound few.
    private const float DownScore = 7;
    private const float FillingScore = 6;
    private const float SaturatedScore = 3;

    /// <summary>Size of the rules' structs together.</summary>
    public static int Bytes => Unsafe.SizeOf<DownRule>() + Unsafe.SizeOf<SaturationRule>() + Unsafe.SizeOf<FillingRule>();

    private readonly RuleTable<DownRule> down = new();
    private readonly RuleTable<SaturationRule> saturation = new();
    private readonly RuleTable<FillingRule> filling = new();

    /// <summary>Makes room for the rule of a series' metric.</summary>
    public void Register(int series, in MetricClass metric)
    {
        switch (metric.Rule)
        {
            case MetricRule.Down: down.Add(series); break;
            case MetricRule.Saturation: saturation.Add(series); break;
            case MetricRule.Filling: filling.Add(series); break;
            case MetricRule.None: break;
        }
    }

    /// <summary>The series begins anew.</summary>
    public void Reset(int series)
    {
        down.Reset(series);
        saturation.Reset(series);
        filling.Reset(series);
    }

    /// <summary>The series is gone.</summary>
    public void Forget(int series)
    {
        down.Remove(series);
        saturation.Remove(series);
        filling.Remove(series);
    }

    /// <summary>Shows a closed step to the series' rule.</summary>
    /// <returns>True when the rule holds, or has just ceased to; then <paramref name="member"/> says what.</returns>
    public bool Step(int series, in MetricClass metric, long endMs, float value, DetectorSettings settings, out SignalMember member)
    {
        member = new SignalMember { Series = series, NewestMs = endMs, Value = value, IsConfirmed = 1 };
        switch (metric.Rule)
        {
            case MetricRule.Down:
                ref DownRule one = ref down.Of(series);
                bool changed = one.Step(endMs, value, settings.StepMs);
                return Held(ref member, Cause.Down, changed, one.IsDown, DownScore, 0);
            case MetricRule.Saturation:
                ref SaturationRule bound = ref saturation.Of(series);
                changed = bound.Step(endMs, value, settings.StepMs, metric.Bound);
                member.High = metric.Bound;
                return Held(ref member, Cause.Saturated, changed, bound.IsSaturated, SaturatedScore, metric.Bound);
            case MetricRule.Filling:
                ref FillingRule left = ref filling.Of(series);
                changed = left.Step(endMs, value, settings.StepMs);
                return Held(ref member, Cause.Filling, changed, left.IsFilling, FillingScore, (float)left.SecondsLeft);
            default:
                return false;
        }
    }

    /// <summary>Writes all rules.</summary>
    public void Snapshot(IBufferWriter<byte> target)
    {
        down.Snapshot(target);
        saturation.Snapshot(target);
        filling.Snapshot(target);
    }

    /// <summary>Reads what <see cref="Snapshot"/> wrote.</summary>
    public bool TryRestore(ReadOnlySpan<byte> source, ref int offset) =>
        down.TryRestore(source, ref offset) && saturation.TryRestore(source, ref offset) && filling.TryRestore(source, ref offset);

    // A rule that goes on only updates what it said; the host hears its beginning through the member's own "since".
    private static bool Held(ref SignalMember member, Cause cause, bool changed, bool holds, float score, float detail)
    {
        (member.Cause, member.IsOn, member.Score, member.Detail) = (cause, (byte)(holds ? 1 : 0), score, detail);
        member.SinceMs = member.NewestMs;
        return holds || changed;
    }

    private sealed class RuleTable<T>
        where T : unmanaged
    {
        private readonly Dictionary<int, int> slots = [];
        private readonly Pages<T> rules = new();

        public ref T Of(int series) => ref rules[slots[series]];

        public void Add(int series)
        {
            if (!slots.ContainsKey(series))
            {
                slots[series] = rules.Add(default);
            }
        }

        public void Reset(int series)
        {
            if (slots.TryGetValue(series, out int slot))
            {
                rules[slot] = default;
            }
        }

        public void Remove(int series) => slots.Remove(series);

        public void Snapshot(IBufferWriter<byte> target)
        {
            Varint.Write(target, (ulong)slots.Count);
            foreach ((int series, int slot) in slots.OrderBy(s => s.Key))
            {
                Varint.Write(target, (ulong)series);
                target.Write(MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in rules[slot])));
            }
        }

        public bool TryRestore(ReadOnlySpan<byte> source, ref int offset)
        {
            int size = Unsafe.SizeOf<T>();
            if (!Varint.TryRead(source, ref offset, out int count))
            {
                return false;
            }

            slots.Clear();
            rules.Clear();
            for (int i = 0; i < count; i++)
            {
                if (!Varint.TryRead(source, ref offset, out int series) || source.Length - offset < size)
                {
                    return false;
                }

                slots[series] = rules.Add(MemoryMarshal.Read<T>(source[offset..]));
                offset += size;
            }

            return true;
        }
    }
}
