using System.Buffers.Binary;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Stream;

/// <summary>Reads the runs of a section: for each run its instant, then (handle, value) of each sample, in the order in which they were logged.</summary>
/// <remarks>
/// The owner's hot path: no allocation, one pass over handles and values side by side. Hostile bytes never throw: the iteration ends with
/// <see cref="IsMalformed"/>. An owner that must not apply half a section calls <see cref="TryMeasure"/> first; what that accepts, reads through.
/// <code>
/// var reader = new SectionReader(section.Runs.Span);
/// while (reader.MoveNextRun())
/// {
///     while (reader.MoveNext()) { use(reader.TimestampMs, reader.Handle, reader.Value); }
/// }
/// </code>
/// Format: docs/formats/section.md.
/// </remarks>
/// <param name="runs">The bytes.</param>
public ref struct SectionReader(ReadOnlySpan<byte> runs)
{
    /// <summary>The largest handle: a dictionary names at most 2^24 series, so a hostile handle cannot make a table of gigabytes.</summary>
    public const int HandleMax = (1 << 24) - 1;

    private readonly ReadOnlySpan<byte> source = runs;
    private int next;          // where the next run begins
    private int handleOffset;  // the next sample's handle delta
    private int valueOffset;   // the next sample's value

    /// <summary>The instant of the current run, milliseconds since 1970.</summary>
    public long TimestampMs { get; private set; }

    /// <summary>The number of samples in the current run, at least 1.</summary>
    public int Count { get; private set; }

    /// <summary>The current sample's series.</summary>
    public int Handle { get; private set; }

    /// <summary>The current sample's value.</summary>
    public double Value { get; private set; }

    /// <summary>Whether the iteration ended because the bytes are not runs.</summary>
    public bool IsMalformed { get; private set; }

    /// <summary>Checks every byte of the runs, as an owner does before it applies the first sample.</summary>
    /// <param name="runs">The bytes.</param>
    /// <param name="handleCount">How many handles the dictionary has: each handle must be below.</param>
    /// <param name="samples">The number of samples in all runs.</param>
    /// <param name="handleHighest">
    /// The highest handle named, -1 when there is none; at or over <paramref name="handleCount"/> when false is returned for that.
    /// </param>
    /// <returns>False when the bytes are not runs or name a handle that the dictionary does not have.</returns>
    public static bool TryMeasure(ReadOnlySpan<byte> runs, int handleCount, out int samples, out int handleHighest)
    {
        samples = 0;
        handleHighest = -1;
        var reader = new SectionReader(runs);
        while (reader.MoveNextRun())
        {
            samples += reader.Count;
            while (reader.MoveNext())
            {
                handleHighest = Math.Max(handleHighest, reader.Handle);
            }
        }

        return !reader.IsMalformed && handleHighest < handleCount;
    }

    /// <summary>Goes to the next run. Samples of the current run that were not read are passed over.</summary>
    /// <returns>False at the end, or when the bytes are malformed.</returns>
    public bool MoveNextRun()
    {
        if (next == source.Length || IsMalformed)
        {
            return false;
        }

        int offset = next;
        if (!Varint.TryRead(source, ref offset, out ulong step) || !Varint.TryRead(source, ref offset, out int count)
            || count == 0 || count > (source.Length - offset) / 9) // a sample is at least one byte of handle and eight of value
        {
            return Malformed();
        }

        int handlesEnd = SkipVarints(source, offset, count);
        if (handlesEnd < 0 || count > (source.Length - handlesEnd) / sizeof(double))
        {
            return Malformed();
        }

        TimestampMs += Varint.UnZigZag(step);
        Count = count;
        Handle = 0;
        handleOffset = offset;
        valueOffset = handlesEnd;
        next = handlesEnd + (count * sizeof(double));
        return true;
    }

    /// <summary>Goes to the next sample of the current run.</summary>
    /// <returns>False at the run's end, or when the bytes are malformed.</returns>
    public bool MoveNext()
    {
        if (valueOffset == next)
        {
            return false;
        }

        // Neighbours in a scrape have neighbouring handles, so the delta is one byte nearly always.
        uint delta = source[handleOffset];
        long handle;
        if (delta < 0x80)
        {
            handleOffset++;
            handle = Handle + (int)((delta >> 1) ^ (uint)-(int)(delta & 1));
        }
        else if (Varint.TryRead(source, ref handleOffset, out ulong wide) && wide <= 2 * (ulong)HandleMax)
        {
            handle = Handle + Varint.UnZigZag(wide);
        }
        else
        {
            return Malformed();
        }

        if ((ulong)handle > HandleMax)
        {
            return Malformed();
        }

        Handle = (int)handle;
        Value = BinaryPrimitives.ReadDoubleLittleEndian(source[valueOffset..]);
        valueOffset += sizeof(double);
        return true;
    }

    // The offset behind `count` varints, or -1 when the bytes end before.
    private static int SkipVarints(ReadOnlySpan<byte> source, int offset, int count)
    {
        if (!source.Slice(offset, count).ContainsAnyInRange((byte)0x80, (byte)0xff))
        {
            return offset + count;
        }

        while (count > 0)
        {
            if (offset == source.Length)
            {
                return -1;
            }

            count -= source[offset++] < 0x80 ? 1 : 0;
        }

        return offset;
    }

    private bool Malformed()
    {
        IsMalformed = true;
        next = source.Length;
        valueOffset = next;
        return false;
    }
}
