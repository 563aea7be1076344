using System.Runtime.CompilerServices;

namespace MonitorCluster.TimeSeries.Detectors;

/// <summary>The mean of the last steps' clipped distances: small when they scatter, large when all are on one side. 52 bytes.</summary>
/// <remarks>
/// Distances are kept to 1/127 of the clip, which is finer than their noise. Blittable; one writer.
/// Source: the idea of a cumulative sum, Page, "Continuous inspection schemes", 1954, over a window that forgets.
/// </remarks>
internal struct WindowMean
{
    /// <summary>Largest number of steps.</summary>
    public const int StepsMax = 48;

    private short sum; // at most 48 * 127
    private byte next;
    private Ring ring;

    /// <summary>The mean, in parts of the clip: -1 to 1. Steps not yet seen count as 0.</summary>
    public readonly float Mean(int steps) => sum / (sbyte.MaxValue * (float)steps);

    /// <summary>Adds a distance in parts of the clip; beyond -1 to 1 it is clipped.</summary>
    /// <param name="share">The distance over the clip; NaN is not allowed.</param>
    /// <param name="steps">Length of the window, the same in every call.</param>
    public void Add(float share, int steps)
    {
        var quantised = (sbyte)(Math.Clamp(share, -1, 1) * sbyte.MaxValue);
        sum += (short)(quantised - ring[next]);
        ring[next] = quantised;
        next = (byte)(next + 1 >= steps ? 0 : next + 1);
    }

    /// <summary>Forgets all distances.</summary>
    public void Clear() => this = default;

    [InlineArray(StepsMax)]
    private struct Ring
    {
        private sbyte first;
    }
}
