using System.Numerics;

namespace MonitorCluster.Actors;

/// <summary>Delays of the current and the last window of time, counted by size: enough for a quantile, little enough to have one for each actor.</summary>
/// <remarks>
/// One writer; readers on any thread, without a lock. A reader sees a window that has ended, which its writer changes no more. Sizes are octaves of
/// nanoseconds from 1 us in four parts each, so that a quantile is off by an eighth of itself at most; over two minutes is two minutes.
/// Cost: some ns for <see cref="Add"/>, no allocation; 880 bytes.
/// </remarks>
public sealed class DelayWindow
{
    /// <summary>How many sizes are told apart.</summary>
    public const int Sizes = 1 + (PartsPerOctave * (OctaveMax - OctaveMin + 1));

    private const int PartsPerOctave = 4;
    private const int OctaveMin = 10; // 2^10 ns is about 1 us
    private const int OctaveMax = 36; // 2^37 ns is 137 s

    // One array and two fields: an actor's runs wander from core to core, and each cache line goes with them.
    private readonly int[] _counts = new int[2 * Sizes];
    private readonly TimeProvider _time;
    private readonly long _ticksPerWindow;
    private readonly double _nanosecondsPerTick;
    private long _endsAt; // of the window that is being counted
    private int _start; // of its counts
    private long _even = -1; // which window each half of the counts is of
    private long _odd = -1;

    /// <summary>Makes an empty one.</summary>
    /// <param name="time">Whose timestamps it is given.</param>
    /// <param name="length">Length of a window, over zero.</param>
    public DelayWindow(TimeProvider time, TimeSpan length)
    {
        ArgumentNullException.ThrowIfNull(time);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(length, TimeSpan.Zero);
        _time = time;
        _ticksPerWindow = (long)(length.TotalSeconds * time.TimestampFrequency);
        _nanosecondsPerTick = 1e9 / time.TimestampFrequency;
    }

    /// <summary>Counts a delay. One writer.</summary>
    /// <param name="at">When it ended: a timestamp of the clock.</param>
    /// <param name="ticks">How long it was, in the clock's timestamps; below zero counts as zero.</param>
    public void Add(long at, long ticks)
    {
        if (at >= _endsAt)
        {
            Begin(at / _ticksPerWindow);
        }

        _counts[_start + SizeOf((long)(ticks * _nanosecondsPerTick))]++;
    }

    /// <summary>Adds the counts of the last window that has ended to others, so that several can be read as one.</summary>
    /// <param name="counts">At least <see cref="Sizes"/>.</param>
    public void AddLastTo(Span<long> counts)
    {
        long last = (_time.GetTimestamp() / _ticksPerWindow) - 1;
        bool isOdd = (last & 1) == 1;
        if (last < 0 || (isOdd ? Volatile.Read(ref _odd) : Volatile.Read(ref _even)) != last)
        {
            return;
        }

        for (int size = 0; size < Sizes; size++)
        {
            counts[size] += Volatile.Read(ref _counts[StartOf(isOdd) + size]);
        }
    }

    /// <summary>A quantile of counts.</summary>
    /// <param name="counts">As <see cref="AddLastTo"/> gave them.</param>
    /// <param name="q">0 to 1.</param>
    /// <returns>Seconds; null when nothing was counted.</returns>
    public static double? QuantileSeconds(ReadOnlySpan<long> counts, double q)
    {
        long total = 0;
        foreach (long count in counts)
        {
            total += count;
        }

        if (total == 0)
        {
            return null;
        }

        double rank = q * total, below = 0;
        int size = 0;
        while (size < Sizes - 1 && (counts[size] == 0 || below + counts[size] < rank))
        {
            below += counts[size++];
        }

        double share = counts[size] == 0 ? 1 : Math.Clamp((rank - below) / counts[size], 0, 1);
        return (LowerOf(size) + (share * (LowerOf(size + 1) - LowerOf(size)))) / 1e9;
    }

    private void Begin(long window)
    {
        bool isOdd = (window & 1) == 1;
        (_start, _endsAt) = (StartOf(isOdd), (window + 1) * _ticksPerWindow);
        _counts.AsSpan(_start, Sizes).Clear();
        if (isOdd)
        {
            Volatile.Write(ref _odd, window);
        }
        else
        {
            Volatile.Write(ref _even, window);
        }
    }

    private static int StartOf(bool isOdd) => isOdd ? Sizes : 0;

    private static int SizeOf(long nanoseconds)
    {
        if (nanoseconds < 1L << OctaveMin)
        {
            return 0;
        }

        int octave = BitOperations.Log2((ulong)nanoseconds);
        return octave > OctaveMax ? Sizes - 1 : 1 + ((octave - OctaveMin) * PartsPerOctave) + (int)((nanoseconds >> (octave - 2)) & (PartsPerOctave - 1));
    }

    // In nanoseconds.
    private static double LowerOf(int size)
    {
        if (size == 0)
        {
            return 0;
        }

        (int octave, int part) = Math.DivRem(size - 1, PartsPerOctave);
        return Math.ScaleB(PartsPerOctave + part, OctaveMin + octave - 2);
    }
}
