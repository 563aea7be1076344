using System.Buffers.Binary;
using System.Text;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Aggregate;

/// <summary>Builds the body of a journal row: what changed a shard's state, in the order in which it was applied.</summary>
/// <remarks>
/// Format (docs/formats/journal.md): u8 version, then records. Record 1, runs: varint length, then runs as in a section, with series
/// numbers in the handles' place. Record 2, tick: zigzag varint of milliseconds. Record 3, acknowledgement: zigzag varint of milliseconds
/// and three texts: the alert, who, and a comment. Record 4, feedback: one text, its JSON.
/// The buffer is reused from row to row. One writer: the shard's mailbox.
/// </remarks>
internal sealed class JournalBody
{
    public const byte Version = 1;
    public const byte RunsRecord = 1;
    public const byte TickRecord = 2;
    public const byte AcknowledgeRecord = 3;
    public const byte FeedbackRecord = 4;

    private byte[] buffer = new byte[4096];
    private int length;
    private int recordStart;
    private long previousTimestampMs;

    /// <summary>Samples written since the last <see cref="Take"/>.</summary>
    public int Samples { get; private set; }

    /// <summary>Bytes written since the last <see cref="Take"/>; 0 when nothing was.</summary>
    public int Bytes => length;

    /// <summary>Starts a runs record. Its length is filled in by <see cref="EndRuns"/>.</summary>
    public void BeginRuns()
    {
        Reserve(8);
        Start();
        buffer[length++] = RunsRecord;
        length += sizeof(uint);
        recordStart = length;
        previousTimestampMs = 0;
    }

    /// <summary>Adds the samples of one instant.</summary>
    public void AddRun(long timestampMs, ReadOnlySpan<int> series, ReadOnlySpan<double> values)
    {
        Reserve((2 * Varint.BytesMax) + (series.Length * (5 + sizeof(double))));
        length += Varint.Write(buffer.AsSpan(length), Varint.ZigZag(timestampMs - previousTimestampMs));
        length += Varint.Write(buffer.AsSpan(length), (ulong)series.Length);
        previousTimestampMs = timestampMs;
        int previous = 0;
        foreach (int number in series)
        {
            length += Varint.Write(buffer.AsSpan(length), Varint.ZigZag(number - previous));
            previous = number;
        }

        foreach (double value in values)
        {
            BinaryPrimitives.WriteDoubleLittleEndian(buffer.AsSpan(length), value);
            length += sizeof(double);
        }

        Samples += series.Length;
    }

    /// <summary>Ends the runs record; one without runs is taken back.</summary>
    public void EndRuns()
    {
        int size = length - recordStart;
        if (size == 0)
        {
            length = recordStart - sizeof(uint) - 1;
            length = length == 1 ? 0 : length;
            return;
        }

        BinaryPrimitives.WriteUInt32LittleEndian(buffer.AsSpan(recordStart - sizeof(uint)), (uint)size);
    }

    /// <summary>Makes a row due without a record: alerts changed for a reason that replay finds again by itself.</summary>
    public void Touch()
    {
        Reserve(1);
        Start();
    }

    /// <summary>Records that time reached an instant.</summary>
    public void AddTick(long nowMs)
    {
        Reserve(2 + Varint.BytesMax);
        Start();
        buffer[length++] = TickRecord;
        length += Varint.Write(buffer.AsSpan(length), Varint.ZigZag(nowMs));
    }

    /// <summary>Records that a person acknowledged an alert.</summary>
    public void AddAcknowledge(long nowMs, string alertId, string by, string comment)
    {
        byte[][] texts = [Encoding.UTF8.GetBytes(alertId), Encoding.UTF8.GetBytes(by), Encoding.UTF8.GetBytes(comment)];
        Reserve(2 + (4 * Varint.BytesMax) + texts.Sum(t => t.Length));
        Start();
        buffer[length++] = AcknowledgeRecord;
        length += Varint.Write(buffer.AsSpan(length), Varint.ZigZag(nowMs));
        foreach (byte[] text in texts)
        {
            Write(text);
        }
    }

    /// <summary>Records what a person said of anomalies.</summary>
    public void AddFeedback(string json)
    {
        byte[] text = Encoding.UTF8.GetBytes(json);
        Reserve(2 + Varint.BytesMax + text.Length);
        Start();
        buffer[length++] = FeedbackRecord;
        Write(text);
    }

    /// <summary>The finished body; the writer is empty afterwards.</summary>
    public byte[] Take()
    {
        byte[] body = buffer.AsSpan(0, length).ToArray();
        length = 0;
        Samples = 0;
        return body;
    }

    private void Write(byte[] text)
    {
        length += Varint.Write(buffer.AsSpan(length), (ulong)text.Length);
        text.CopyTo(buffer.AsSpan(length));
        length += text.Length;
    }

    private void Start()
    {
        if (length == 0)
        {
            buffer[length++] = Version;
        }
    }

    private void Reserve(int bytes)
    {
        if (buffer.Length - length < bytes)
        {
            Array.Resize(ref buffer, Math.Max(buffer.Length * 2, length + bytes));
        }
    }
}
