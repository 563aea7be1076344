using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Query;

/// <summary>Writes the bytes of legs and answers; <see cref="LegReader"/> is its inverse.</summary>
internal sealed class LegWriter
{
    private readonly ArrayBufferWriter<byte> buffer = new(256);

    /// <summary>What was written.</summary>
    public ReadOnlyMemory<byte> Written => buffer.WrittenMemory;

    public void Byte(byte value)
    {
        buffer.GetSpan(1)[0] = value;
        buffer.Advance(1);
    }

    public void Number(long value) => Varint.Write(buffer, (ulong)value);

    public void Signed(long value) => Varint.Write(buffer, Varint.ZigZag(value));

    public void Time(long? ms)
    {
        Byte((byte)(ms is null ? 0 : 1));
        if (ms is { } value)
        {
            Signed(value);
        }
    }

    public void Double(double value)
    {
        BinaryPrimitives.WriteDoubleLittleEndian(buffer.GetSpan(sizeof(double)), value);
        buffer.Advance(sizeof(double));
    }

    public void Maybe(double? value)
    {
        Byte((byte)(value is null ? 0 : 1));
        if (value is { } number)
        {
            Double(number);
        }
    }

    public void Bytes(ReadOnlySpan<byte> bytes)
    {
        Number(bytes.Length);
        buffer.Write(bytes);
    }

    public void Text(string text)
    {
        Number(Encoding.UTF8.GetByteCount(text));
        Encoding.UTF8.GetBytes(text, buffer);
    }
}
