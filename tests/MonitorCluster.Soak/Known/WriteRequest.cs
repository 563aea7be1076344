using System.Buffers.Binary;
using System.Net.Http.Headers;
using System.Text;
using IronSnappy;

namespace MonitorCluster.Soak.Known;

/// <summary>Builds remote write 1.0 requests from the protocol's page alone: nothing here comes from the node's sources.</summary>
/// <remarks>Source: Prometheus remote-write specification 1.0; protobuf wire format.</remarks>
internal sealed class WriteRequest
{
    private readonly List<byte> _message = [];

    /// <summary>Adds a series with samples; labels go out in the order given.</summary>
    public WriteRequest Series((string Name, string Value)[] labels, params ReadOnlySpan<(long TimestampMs, double Value)> samples)
    {
        List<byte> series = [];
        foreach ((string name, string value) in labels)
        {
            List<byte> label = [];
            Field(label, 1, Encoding.UTF8.GetBytes(name));
            Field(label, 2, Encoding.UTF8.GetBytes(value));
            Field(series, 1, label);
        }

        foreach ((long timestampMs, double value) in samples)
        {
            Field(series, 2, Sample(timestampMs, value));
        }

        Field(_message, 1, series);
        return this;
    }

    /// <summary>Adds what a family is.</summary>
    public WriteRequest Metadata(int type, string family, string help)
    {
        List<byte> metadata = [];
        metadata.Add(0x08); // field 1, varint
        Varint(metadata, (ulong)type);
        Field(metadata, 2, Encoding.UTF8.GetBytes(family));
        Field(metadata, 4, Encoding.UTF8.GetBytes(help));
        Field(_message, 3, metadata);
        return this;
    }

    /// <summary>The protobuf message.</summary>
    public byte[] ToArray() => [.. _message];

    /// <summary>The request's body as it goes over the wire.</summary>
    public ByteArrayContent ToContent() => Content(Snappy.Encode(ToArray()));

    /// <summary>Any bytes as a remote write body.</summary>
    public static ByteArrayContent Content(byte[] body, string type = "application/x-protobuf", string encoding = "snappy")
    {
        var content = new ByteArrayContent(body);
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        content.Headers.ContentEncoding.Add(encoding);
        content.Headers.Add("X-Prometheus-Remote-Write-Version", "0.1.0");
        return content;
    }

    private static List<byte> Sample(long timestampMs, double value)
    {
        List<byte> sample = [];
        sample.Add(0x09); // field 1, fixed 64 bits
        Span<byte> bits = stackalloc byte[8];
        BinaryPrimitives.WriteDoubleLittleEndian(bits, value);
        sample.AddRange(bits);
        sample.Add(0x10); // field 2, varint
        Varint(sample, (ulong)timestampMs);
        return sample;
    }

    private static void Field(List<byte> stream, int field, IReadOnlyCollection<byte> bytes)
    {
        Varint(stream, (ulong)((field << 3) | 2));
        Varint(stream, (ulong)bytes.Count);
        stream.AddRange(bytes);
    }

    private static void Varint(List<byte> stream, ulong value)
    {
        while (value >= 0x80)
        {
            stream.Add((byte)(value | 0x80));
            value >>= 7;
        }

        stream.Add((byte)value);
    }
}
