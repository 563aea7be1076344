namespace MonitorCluster.Act;

/// <summary>What is known of one server's latency against the others': smoothed, and how many windows in a row say the same. One owner.</summary>
/// <remarks>Logarithms are smoothed, since the law works on ratios: a second of 10 s among 10 ms would else be felt for minutes.</remarks>
internal sealed class ServerTrend
{
    // Below it a difference of latencies is noise of timers and says nothing about a server.
    private const double LatencyMin = 0.0001;

    private double smooth;
    private TimeSpan? last;

    /// <summary>The latency of the last window, in seconds; null when there was no fresh value.</summary>
    public double? Latency { get; private set; }

    /// <summary>What the windows say.</summary>
    public Direction Direction { get; private set; }

    /// <summary>How many windows in a row say so.</summary>
    public int Windows { get; private set; }

    /// <summary>The natural logarithm of the smoothed latency; only of use while there is a <see cref="Latency"/>.</summary>
    public double SmoothLog => smooth;

    /// <summary>Takes the value of one window.</summary>
    public void Take(double? latency, TimeSpan at, TimeSpan smoothing)
    {
        if (latency is not { } value)
        {
            (Latency, last, Windows, Direction) = (null, null, 0, Direction.None);
            return;
        }

        double log = Math.Log(Math.Max(value, LatencyMin));
        smooth = last is { } before ? smooth + ((1 - Math.Exp(-(at - before) / smoothing)) * (log - smooth)) : log;
        (Latency, last) = (Math.Max(value, LatencyMin), at);
    }

    /// <summary>Takes what one window says of the server.</summary>
    public void Count(Direction direction) =>
        (Windows, Direction) = (direction == Direction ? Math.Min(Windows + 1, int.MaxValue - 1) : 1, direction);
}

/// <summary>Which way a weight should go.</summary>
internal enum Direction
{
    /// <summary>It is right, or nobody knows.</summary>
    None,

    /// <summary>The server is slower than the others: less.</summary>
    Lower,

    /// <summary>The server is faster than the others: more.</summary>
    Raise,

    /// <summary>The server is as the others, and has not its initial weight: back to it.</summary>
    Return,
}
