using System.Runtime.CompilerServices;

namespace MonitorCluster.TimeSeries.Detectors;

/// <summary>The usual value at each hour of the day, straight lines between the hours' centres. 120 bytes.</summary>
/// <remarks>Blittable; one writer.</remarks>
internal struct DaySlots
{
    /// <summary>Slots of a day.</summary>
    public const int Count = 24;

    private const float Overshoot = 1.5f; // a step moves two slots by its share in each: together by less than one whole gain
    private Values values;
    private Visits visits;

    /// <summary>The usual value, or false where neither slot has been visited.</summary>
    public readonly bool TryGet(in SlotPosition at, out float value)
    {
        bool first = visits[at.First] > 0, second = visits[at.Second] > 0;
        value = first && second ? (values[at.First] * (1 - at.SecondWeight)) + (values[at.Second] * at.SecondWeight)
            : first ? values[at.First]
            : values[at.Second];
        return first || second;
    }

    /// <summary>Moves both slots by their shares of a clipped residual; a slot that was never visited starts at the value.</summary>
    public void Learn(in SlotPosition at, float value, float residual, float gain)
    {
        LearnOne(at.First, 1 - at.SecondWeight, value, residual, gain);
        LearnOne(at.Second, at.SecondWeight, value, residual, gain);
    }

    /// <summary>Moves all slots that were visited.</summary>
    public void Shift(float by)
    {
        for (int slot = 0; slot < Count; slot++)
        {
            values[slot] += visits[slot] > 0 ? by : 0;
        }
    }

    private void LearnOne(int slot, float weight, float value, float residual, float gain)
    {
        int before = visits[slot];
        float share = before < byte.MaxValue ? Math.Max(gain, 1f / (before + 1)) : gain; // at steps of seconds the gain is less than 1 / 256
        values[slot] = before == 0 ? value : values[slot] + (share * weight * Overshoot * residual);
        visits[slot] = (byte)Math.Min(before + 1, byte.MaxValue);
    }

    [InlineArray(Count)]
    private struct Values
    {
        private float first;
    }

    [InlineArray(Count)]
    private struct Visits
    {
        private byte first;
    }
}
