using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace MonitorCluster.TimeSeries.Detectors;

/// <summary>The largest share of a group's series that had a signal at once, by hour of the day, over the last days. 384 bytes.</summary>
/// <remarks>
/// What came at this hour on both days before is a job, not news: a nightly backup moves a dozen series, each as surprising as something that
/// happens once a day can be. One day alone is no habit: a fault of yesterday does not hide today's. Times are the wall clock's. Blittable; one writer.
/// </remarks>
[StructLayout(LayoutKind.Sequential)]
public struct HourPeaks
{
    private const int Hours = 24;
    private const long HourMs = 3_600_000;

    private Slots slots;

    /// <summary>The share that this hour had on both days before: the larger, but at most twice the smaller; 0 when there were no such days.</summary>
    public readonly double Usual(long atMs)
    {
        (int day, int hour) = At(atMs);
        Slot slot = slots[hour];
        (float one, float other) = slot.Day == day ? (slot.Yesterday, slot.Before) : slot.Day == day - 1 ? (slot.Today, slot.Yesterday) : default;
        return Math.Min(2 * Math.Min(one, other), Math.Max(one, other));
    }

    /// <summary>Notes a share.</summary>
    public void Note(long atMs, double share)
    {
        (int day, int hour) = At(atMs);
        ref Slot slot = ref slots[hour];
        if (day < slot.Day)
        {
            return; // a backlog of yesterday's says nothing of what was known then
        }

        if (slot.Day != day)
        {
            bool isNext = slot.Day == day - 1;
            slot = new Slot { Day = day, Yesterday = isNext ? slot.Today : 0, Before = isNext ? slot.Yesterday : 0 };
        }

        slot.Today = Math.Max(slot.Today, (float)share);
    }

    private static (int Day, int Hour) At(long atMs) => ((int)(atMs / (Hours * HourMs)), (int)(atMs / HourMs % Hours));

    private struct Slot
    {
        public int Day;
        public float Today;
        public float Yesterday;
        public float Before;
    }

    [InlineArray(Hours)]
    private struct Slots
    {
        private Slot first;
    }
}
