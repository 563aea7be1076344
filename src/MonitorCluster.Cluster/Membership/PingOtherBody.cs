using System.Buffers.Binary;
using System.Text;
using MonitorCluster.Cluster.Transport;

namespace MonitorCluster.Cluster.Membership;

/// <summary>The bytes of <see cref="RequestKind.PingOther"/>: the incarnation expected there (i64, 0 = any), then the address in UTF-8. The answer: what went
/// wrong, in UTF-8; nothing when it answered.</summary>
internal static class PingOtherBody
{
    // A host name has at most 253 characters, a port 6 with its colon.
    private const int AddressBytesMax = 300;

    internal static ReadOnlyMemory<byte> Write(long incarnation, string address)
    {
        byte[] body = new byte[sizeof(long) + Encoding.UTF8.GetByteCount(address)];
        BinaryPrimitives.WriteInt64LittleEndian(body, incarnation);
        Encoding.UTF8.GetBytes(address, body.AsSpan(sizeof(long)));
        return body;
    }

    internal static bool TryRead(ReadOnlySpan<byte> body, out long incarnation, out string address)
    {
        (incarnation, address) = (0, string.Empty);
        if (body.Length is <= sizeof(long) or > sizeof(long) + AddressBytesMax)
        {
            return false;
        }

        incarnation = BinaryPrimitives.ReadInt64LittleEndian(body);
        address = Encoding.UTF8.GetString(body[sizeof(long)..]);
        return HostPort.IsValid(address);
    }

    /// <summary>What a witness says: null when it reached the other, else why not.</summary>
    internal static string? ReadAnswer(ReadOnlySpan<byte> body) => body.Length == 0 ? null : Encoding.UTF8.GetString(body[..Math.Min(body.Length, 1_000)]);
}
