using System.Runtime.CompilerServices;

namespace MonitorCluster.TimeSeries.Detectors;

/// <summary>What each two hours of the week add to the hour of the day, in units of the slow scale. 252 bytes.</summary>
/// <remarks>
/// Offsets in scales fit in half precision: they stay within the clip, and 0.004 of a scale is below any noise. Blittable; one writer.
/// </remarks>
internal struct WeekSlots
{
    /// <summary>Slots of a week.</summary>
    public const int Count = 84;

    private const float Overshoot = 1.5f; // as in DaySlots
    private Offsets offsets;
    private Visits visits;

    /// <summary>The offset from the day's value in scales, 0 and false where neither slot has been visited.</summary>
    public readonly bool TryGet(in SlotPosition at, out float offset)
    {
        bool first = visits[at.First] > 0, second = visits[at.Second] > 0;
        offset = first && second ? ((float)offsets[at.First] * (1 - at.SecondWeight)) + ((float)offsets[at.Second] * at.SecondWeight)
            : first ? (float)offsets[at.First]
            : second ? (float)offsets[at.Second]
            : 0;
        return first || second;
    }

    /// <summary>Moves both slots by their shares of how far <paramref name="target"/> is from the offset that was predicted.</summary>
    public void Learn(in SlotPosition at, float target, float predicted, float gain)
    {
        LearnOne(at.First, 1 - at.SecondWeight, target, predicted, gain);
        LearnOne(at.Second, at.SecondWeight, target, predicted, gain);
    }

    private void LearnOne(int slot, float weight, float target, float predicted, float gain)
    {
        int before = visits[slot];
        float moved = (float)offsets[slot] + (Math.Max(gain, 1f / (before + 1)) * weight * Overshoot * (target - predicted));
        offsets[slot] = (Half)(before == 0 ? target : moved);
        visits[slot] = (byte)Math.Min(before + 1, byte.MaxValue);
    }

    [InlineArray(Count)]
    private struct Offsets
    {
        private Half first;
    }

    [InlineArray(Count)]
    private struct Visits
    {
        private byte first;
    }
}
