using System.Runtime.CompilerServices;

namespace MonitorCluster.TimeSeries.Detectors;

/// <summary>The last six hours of a series in 26 points, the dense end now: as many points to a minute's past as to an hour's. 160 bytes.</summary>
/// <remarks>
/// A full set gives up the point whose neighbours are closest together for its age, so the spacing grows with the age, by about 1.5 from point to point
/// at 1 s steps. Doubling one common spacing whenever the set is full was refused: after six quiet hours its points are 20 minutes apart, and a disk
/// that fills in ten is not seen. Times are kept in half seconds modulo nine hours, which ages of at most six plus a gap of two do not exceed.
/// Blittable; one writer. Cost of an addition: 26 divisions.
/// </remarks>
internal struct ThinnedPoints
{
    /// <summary>Largest number of points.</summary>
    public const int CountMax = 26;

    private const long UnitMs = 500;
    private const int AgeMax = 6 * 3_600_000 / (int)UnitMs;
    private const long GapMsMax = 2 * 3_600_000;
    private const float SecondsPerUnit = UnitMs / 1_000f;
    private Values values; // oldest first
    private Times times;
    private byte count;

    /// <summary>Number of points.</summary>
    public readonly int Count => count;

    /// <summary>The value of a point; 0 is the oldest.</summary>
    public readonly float Value(int index) => values[index];

    /// <summary>How long before the newest point a point was, in seconds.</summary>
    public readonly float AgeSeconds(int index) => Age(index) * SecondsPerUnit;

    /// <summary>Adds a point.</summary>
    /// <param name="endMs">Its time, newer than all before it.</param>
    /// <param name="passedMs">Time since the newest point; after more than two hours the older points are forgotten.</param>
    /// <param name="value">Its value, finite.</param>
    public void Add(long endMs, long passedMs, float value)
    {
        if (passedMs > GapMsMax)
        {
            count = 0;
        }
        else if (count == CountMax)
        {
            Remove(LeastMissed());
        }

        values[count] = value;
        times[count++] = unchecked((ushort)(endMs / UnitMs));
        while (Age(0) > AgeMax)
        {
            Remove(0);
        }
    }

    private readonly int Age(int index) => unchecked((ushort)(times[count - 1] - times[index]));

    private readonly int LeastMissed()
    {
        (int least, float leastGap) = (1, float.MaxValue);
        for (int i = 1; i < count - 1; i++)
        {
            float gap = (Age(i - 1) - Age(i + 1)) / (float)Math.Max(1, Age(i));
            (least, leastGap) = gap < leastGap ? (i, gap) : (least, leastGap);
        }

        return least;
    }

    private void Remove(int index)
    {
        count--;
        ((Span<float>)values)[(index + 1)..(count + 1)].CopyTo(((Span<float>)values)[index..]);
        ((Span<ushort>)times)[(index + 1)..(count + 1)].CopyTo(((Span<ushort>)times)[index..]);
    }

    [InlineArray(CountMax)]
    private struct Values
    {
        private float first;
    }

    [InlineArray(CountMax)]
    private struct Times
    {
        private ushort first;
    }
}
