using System.Buffers.Binary;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Stream;

/// <summary>Encodes one section: definitions and runs of docs/formats/section.md. Reused from section to section.</summary>
/// <remarks>
/// One writer: the collector's mailbox. Consecutive samples of one instant make one run. No allocation per sample: the buffers grow to the
/// largest section and stay. Handle deltas and values of the open run are kept apart, since all deltas precede the values.
/// </remarks>
public sealed class SectionWriter
{
    private byte[] definitions = new byte[256];
    private byte[] runs = new byte[4096];
    private byte[] deltas = new byte[1024];   // of the open run
    private byte[] values = new byte[4096];   // of the open run
    private int definitionsLength;
    private int runsLength;
    private int deltasLength;
    private int runCount;
    private long runTimestampMs;
    private long previousTimestampMs;
    private int previousHandle;

    /// <summary>The number of samples added since the last <see cref="Clear"/>.</summary>
    public int SampleCount { get; private set; }

    /// <summary>The encoded size so far, within a few bytes: what the limit of a section is compared with.</summary>
    public int SizeBytes => definitionsLength + runsLength + deltasLength + (runCount * sizeof(double));

    /// <summary>The definitions written.</summary>
    public ReadOnlySpan<byte> Definitions => definitions.AsSpan(0, definitionsLength);

    /// <summary>Adds a series definition; it must come before the first sample that uses the handle.</summary>
    public void Define(int handle, LabelSet labels)
    {
        ArgumentNullException.ThrowIfNull(labels);
        ReadOnlySpan<byte> bytes = labels.Bytes;
        Reserve(ref definitions, definitionsLength, (2 * Varint.BytesMax) + bytes.Length);
        definitionsLength += Varint.Write(definitions.AsSpan(definitionsLength), (ulong)handle);
        definitionsLength += Varint.Write(definitions.AsSpan(definitionsLength), (ulong)bytes.Length);
        bytes.CopyTo(definitions.AsSpan(definitionsLength));
        definitionsLength += bytes.Length;
    }

    /// <summary>Adds one sample.</summary>
    public void Add(int handle, long timestampMs, double value)
    {
        if (runCount == 0 || timestampMs != runTimestampMs)
        {
            CloseRun();
            runTimestampMs = timestampMs;
        }

        Reserve(ref deltas, deltasLength, Varint.BytesMax);
        Reserve(ref values, runCount * sizeof(double), sizeof(double));
        deltasLength += Varint.Write(deltas.AsSpan(deltasLength), Varint.ZigZag(handle - previousHandle));
        BinaryPrimitives.WriteDoubleLittleEndian(values.AsSpan(runCount * sizeof(double)), value);
        previousHandle = handle;
        runCount++;
        SampleCount++;
    }

    /// <summary>Closes the last run and gives all runs. Valid until the next <see cref="Clear"/>.</summary>
    public ReadOnlySpan<byte> FinishRuns()
    {
        CloseRun();
        return runs.AsSpan(0, runsLength);
    }

    /// <summary>Makes the writer ready for another section.</summary>
    public void Clear()
    {
        definitionsLength = runsLength = deltasLength = runCount = previousHandle = SampleCount = 0;
        previousTimestampMs = 0;
    }

    private static void Reserve(ref byte[] buffer, int used, int more)
    {
        if (buffer.Length - used < more)
        {
            Array.Resize(ref buffer, Math.Max(buffer.Length * 2, used + more));
        }
    }

    private void CloseRun()
    {
        if (runCount == 0)
        {
            return;
        }

        int valuesLength = runCount * sizeof(double);
        Reserve(ref runs, runsLength, (2 * Varint.BytesMax) + deltasLength + valuesLength);
        runsLength += Varint.Write(runs.AsSpan(runsLength), Varint.ZigZag(unchecked(runTimestampMs - previousTimestampMs)));
        runsLength += Varint.Write(runs.AsSpan(runsLength), (ulong)runCount);
        deltas.AsSpan(0, deltasLength).CopyTo(runs.AsSpan(runsLength));
        runsLength += deltasLength;
        values.AsSpan(0, valuesLength).CopyTo(runs.AsSpan(runsLength));
        runsLength += valuesLength;
        previousTimestampMs = runTimestampMs;
        deltasLength = runCount = previousHandle = 0;
    }
}
