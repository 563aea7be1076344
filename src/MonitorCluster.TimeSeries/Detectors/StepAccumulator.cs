using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace MonitorCluster.TimeSeries.Detectors;

/// <summary>What a step makes of its samples.</summary>
public enum StepValue : byte
{
    /// <summary>The mean of a gauge.</summary>
    Mean,

    /// <summary>The rate of a counter, per second.</summary>
    Rate,

    /// <summary>The largest of a gauge that is a maximum itself: the mean of peaks would hide the peak.</summary>
    Max,
}

/// <summary>Gathers the samples of one series into aligned steps: the mean or the maximum of a gauge, the rate of a counter.</summary>
/// <remarks>
/// Times are after 1970. A step is closed by the first in-order sample at or past its end, or by a tick past its end plus the lateness. Samples not
/// newer than the newest are ignored: what was scored is never scored again. A counter's decrease is a reset and drops that difference; NaN,
/// infinities and the stale marker are no values, and a difference is not taken across them.
/// Blittable: its bytes are its snapshot. One writer: the shard's mailbox. Cost per sample: a few compares and an addition.
/// </remarks>
[StructLayout(LayoutKind.Sequential)]
public struct StepAccumulator
{
    private long newestMs;
    private long stepEndMs; // 0 = no step is open
    private long closedEndMs;
    private double newestValue;
    private double sum; // gauge: of values, or the largest; counter: of increases
    private float weight; // gauge: number of values; counter: seconds
    private float closedValue;
    private byte hasNewest;
    private byte changed; // whether a value of the open step differed from its predecessor
    private byte closedChanged;

    /// <summary>End of the open step, or <see cref="long.MaxValue"/> when none is open.</summary>
    public readonly long OpenEndMs => stepEndMs == 0 ? long.MaxValue : stepEndMs;

    /// <summary>End of the last closed step.</summary>
    public readonly long ClosedEndMs => closedEndMs;

    /// <summary>Value of the last closed step.</summary>
    public readonly float ClosedValue => closedValue;

    /// <summary>Whether any value inside the last closed step differed from the one before it.</summary>
    public readonly bool ClosedChanged => closedChanged != 0;

    /// <summary>Adds a sample. True: the sample ended the step before it, whose value is now in the Closed members.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Observe(long timestampMs, double value, long stepMs, StepValue kind)
    {
        if (timestampMs <= newestMs)
        {
            return false;
        }

        bool closed = timestampMs >= stepEndMs && Advance(timestampMs, stepMs);
        if (!double.IsFinite(value))
        {
            hasNewest = 0;
            newestMs = timestampMs;
            return closed;
        }

        if (kind == StepValue.Mean)
        {
            sum += value;
            weight += 1;
        }
        else if (kind == StepValue.Max)
        {
            sum = weight > 0 ? Math.Max(sum, value) : value;
            weight = 1;
        }
        else if (hasNewest != 0 && value >= newestValue)
        {
            sum += value - newestValue;
            weight += (timestampMs - newestMs) * 0.001f;
        }

        changed |= (byte)(hasNewest != 0 && value == newestValue ? 0 : 1);
        hasNewest = 1;
        newestMs = timestampMs;
        newestValue = value;
        return closed;
    }

    /// <summary>Closes the open step when its end plus the lateness has passed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Tick(long nowMs, long latenessMs) => stepEndMs != 0 && nowMs - latenessMs >= stepEndMs && Close();

    // Division only here, once a step.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool Advance(long timestampMs, long stepMs)
    {
        bool closed = stepEndMs != 0 && Close();
        stepEndMs = ((timestampMs / stepMs) + 1) * stepMs;
        return closed;
    }

    private bool Close()
    {
        bool hasValue = weight > 0;
        if (hasValue)
        {
            closedValue = (float)(sum / weight);
            closedEndMs = stepEndMs;
            closedChanged = changed;
        }

        (sum, weight, changed, stepEndMs) = (0, 0, 0, 0);
        return hasValue && float.IsFinite(closedValue);
    }
}
