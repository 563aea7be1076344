namespace MonitorCluster.TimeSeries.Detectors;

/// <summary>Where an instant lies between the centres of two neighbouring slots of a cycle.</summary>
/// <param name="First">Index of the slot whose centre is at or before the instant.</param>
/// <param name="Second">Index of the next slot, round the end of the cycle.</param>
/// <param name="SecondWeight">Share of the second slot, 0 to 1 (exclusive); the first has the rest.</param>
internal readonly record struct SlotPosition(int First, int Second, float SecondWeight)
{
    /// <summary>Position of an instant (milliseconds since 1970, UTC) in a cycle of <paramref name="slots"/> slots.</summary>
    public static SlotPosition Of(long timeMs, long cycleMs, int slots)
    {
        float phase = ((timeMs % cycleMs) * ((float)slots / cycleMs)) - 0.5f;
        phase += phase < 0 ? slots : 0;
        int first = (int)phase;
        float weight = phase - first;
        first -= first >= slots ? slots : 0;
        return new SlotPosition(first, first + 1 == slots ? 0 : first + 1, weight);
    }
}
