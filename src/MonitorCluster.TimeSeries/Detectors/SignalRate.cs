using System.Runtime.InteropServices;

namespace MonitorCluster.TimeSeries.Detectors;

/// <summary>Which share of a group's series has a signal at any time: the learnt base that a group is tested against. 16 bytes.</summary>
/// <remarks>
/// Series of one machine are not independent, and machines differ: one that builds all day has bursts in which a dozen series go together, and
/// the base learns that. Blittable; one writer.
/// </remarks>
[StructLayout(LayoutKind.Sequential)]
public struct SignalRate
{
    private const int PriorWindows = 12; // an hour of windows of five minutes: what the budget says, until the group has said more
    private const int MemoryWindows = 288; // a day of them
    private const double ShareMin = 1e-4;
    private const double ClipFactor = 5; // one bad window is not the new normal
    private double share;
    private int windows;
    private int padding; // no byte of a snapshot is left to chance

    /// <summary>The usual share, over 0.</summary>
    /// <param name="budgetShare">The share that healthy, independent series would have.</param>
    public readonly double Share(double budgetShare)
    {
        double weight = Math.Min(1, windows / (double)PriorWindows);
        return Math.Max(ShareMin, Math.Max(budgetShare, (weight * share) + ((1 - weight) * budgetShare)));
    }

    /// <summary>Learns one window without an incident.</summary>
    public void Learn(double windowShare, double budgetShare)
    {
        double clipped = Math.Min(windowShare, ClipFactor * Math.Max(Share(budgetShare), ShareMin));
        windows = Math.Min(windows + 1, MemoryWindows);
        padding = 0;
        share += (clipped - share) / windows;
    }
}
