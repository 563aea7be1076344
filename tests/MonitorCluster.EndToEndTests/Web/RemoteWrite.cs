using System.Buffers.Binary;
using System.Net.Http.Headers;
using System.Text;
using IronSnappy;

namespace MonitorCluster.EndToEndTests.Web;

/// <summary>A remote write 1.0 sender of one sample, written from the protocol and sharing no code with the node.</summary>
internal static class RemoteWrite
{
    /// <summary>Sends one sample and checks that it was taken.</summary>
    /// <param name="node">The node's address.</param>
    /// <param name="timestampMs">The sample's time.</param>
    /// <param name="value">Its value.</param>
    /// <param name="labels">The series' labels, sorted by name, with <c>__name__</c>.</param>
    /// <returns>A task that ends with the answer.</returns>
    public static async Task SendAsync(Uri node, long timestampMs, double value, params (string Name, string Value)[] labels)
    {
        using var content = new ByteArrayContent(Snappy.Encode(Encode(timestampMs, value, labels)));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-protobuf");
        content.Headers.ContentEncoding.Add("snappy");
        content.Headers.Add("X-Prometheus-Remote-Write-Version", "0.1.0");
        using var client = new HttpClient();
        using HttpResponseMessage answer = await client.PostAsync(new Uri(node, "/api/v1/write"), content);
        Assert.True(answer.IsSuccessStatusCode, $"{answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
    }

    private static byte[] Encode(long timestampMs, double value, (string Name, string Value)[] labels)
    {
        using var series = new MemoryStream();
        foreach ((string name, string text) in labels)
        {
            using var label = new MemoryStream();
            WriteField(label, 1, Encoding.UTF8.GetBytes(name));
            WriteField(label, 2, Encoding.UTF8.GetBytes(text));
            WriteField(series, 1, label.ToArray());
        }

        using var sample = new MemoryStream();
        sample.WriteByte(0x09); // Field 1, fixed 64 bits.
        byte[] bits = new byte[8];
        BinaryPrimitives.WriteDoubleLittleEndian(bits, value);
        sample.Write(bits);
        sample.WriteByte(0x10); // Field 2, varint.
        WriteVarint(sample, (ulong)timestampMs);
        WriteField(series, 2, sample.ToArray());
        using var request = new MemoryStream();
        WriteField(request, 1, series.ToArray());
        return request.ToArray();
    }

    private static void WriteField(MemoryStream stream, int field, byte[] bytes)
    {
        WriteVarint(stream, (ulong)((field << 3) | 2));
        WriteVarint(stream, (ulong)bytes.Length);
        stream.Write(bytes);
    }

    private static void WriteVarint(MemoryStream stream, ulong value)
    {
        while (value >= 0x80)
        {
            stream.WriteByte((byte)(value | 0x80));
            value >>= 7;
        }

        stream.WriteByte((byte)value);
    }
}
