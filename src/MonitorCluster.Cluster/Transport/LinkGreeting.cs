using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Cluster.Transport;

/// <summary>The opener's first message.</summary>
/// <param name="ProtocolMin">The oldest protocol it speaks.</param>
/// <param name="ProtocolMax">The newest protocol it speaks.</param>
/// <param name="ClusterId">Its <c>Cluster:Id</c>.</param>
/// <param name="Nonce">Its nonce.</param>
/// <param name="Peer">Who it says it is.</param>
/// <param name="Purpose">What the link is for.</param>
internal sealed record LinkHello(int ProtocolMin, int ProtocolMax, string ClusterId, byte[] Nonce, PeerIdentity Peer, LinkPurpose Purpose);

/// <summary>The acceptor's answer.</summary>
/// <param name="Protocol">The protocol both speak.</param>
/// <param name="Nonce">Its nonce.</param>
/// <param name="Peer">Who it says it is.</param>
/// <param name="Mac">Its proof.</param>
internal sealed record LinkChallenge(int Protocol, byte[] Nonce, PeerIdentity Peer, byte[] Mac);

/// <summary>The bodies of the handshake's messages; docs/formats/frame.md.</summary>
internal static class LinkGreeting
{
    public const int ClusterIdBytesMax = 64;
    public const int NameBytesMax = 4 * 253;
    public const int AddressBytesMax = 512;
    public const int BuildBytesMax = 128;
    public const int ReasonBytesMax = 1_024;
    public const int MacBytes = 32;

    private const int ProtocolMax = 1_000_000;

    public static byte[] Write(LinkHello hello)
    {
        var writer = new WireWriter(256);
        writer.WriteVarint((ulong)hello.ProtocolMin);
        writer.WriteVarint((ulong)hello.ProtocolMax);
        writer.WriteString(hello.ClusterId);
        writer.WriteBytes(hello.Nonce);
        Write(ref writer, hello.Peer);
        writer.WriteByte((byte)hello.Purpose);
        return writer.Written.ToArray();
    }

    /// <summary>Newer programs may put more behind what this one knows: the proofs cover it, whatever it is.</summary>
    public static bool TryRead(ReadOnlySpan<byte> body, out LinkHello hello)
    {
        hello = null!;
        var reader = new WireReader(body);
        if (!reader.TryCount(ProtocolMax, out int min) || !reader.TryCount(ProtocolMax, out int max) || min > max
            || !reader.TryString(ClusterIdBytesMax, out string clusterId)
            || !TryReadFixed(ref reader, LinkNonces.NonceBytes, out byte[] nonce)
            || !TryRead(ref reader, out PeerIdentity peer)
            || !reader.TryByte(out byte purpose))
        {
            return false;
        }

        hello = new LinkHello(min, max, clusterId, nonce, peer, (LinkPurpose)purpose);
        return true;
    }

    /// <summary>A challenge without its proof, which is made of these bytes.</summary>
    public static byte[] Write(int protocol, byte[] nonce, PeerIdentity peer)
    {
        var writer = new WireWriter(256);
        writer.WriteVarint((ulong)protocol);
        writer.WriteBytes(nonce);
        Write(ref writer, peer);
        return writer.Written.ToArray();
    }

    /// <summary>Reads a challenge; its last bytes are the proof.</summary>
    public static bool TryRead(ReadOnlySpan<byte> body, out LinkChallenge challenge)
    {
        challenge = null!;
        if (body.Length < MacBytes)
        {
            return false;
        }

        var reader = new WireReader(body[..^MacBytes]);
        if (!reader.TryCount(ProtocolMax, out int protocol)
            || !TryReadFixed(ref reader, LinkNonces.NonceBytes, out byte[] nonce)
            || !TryRead(ref reader, out PeerIdentity peer))
        {
            return false;
        }

        challenge = new LinkChallenge(protocol, nonce, peer, body[^MacBytes..].ToArray());
        return true;
    }

    public static byte[] WriteGoAway(PeerFailure failure, string reason)
    {
        var writer = new WireWriter(64);
        writer.WriteByte((byte)failure);
        writer.WriteString(reason.Length <= ReasonBytesMax / 4 ? reason : reason[..(ReasonBytesMax / 4)]);
        return writer.Written.ToArray();
    }

    public static bool TryReadGoAway(ReadOnlySpan<byte> body, out PeerFailure failure, out string reason)
    {
        var reader = new WireReader(body);
        (failure, reason) = (default, string.Empty);
        if (!reader.TryByte(out byte code) || !reader.TryString(ReasonBytesMax, out reason))
        {
            return false;
        }

        failure = Enum.IsDefined((PeerFailure)code) ? (PeerFailure)code : PeerFailure.Refused;
        return true;
    }

    private static void Write(ref WireWriter writer, PeerIdentity peer)
    {
        writer.WriteString(peer.Name);
        writer.WriteInt64(peer.Incarnation);
        writer.WriteString(peer.Address);
        writer.WriteVarint((ulong)peer.Roles);
        writer.WriteString(peer.Build);
        writer.WriteGuid(peer.ClusterUuid);
    }

    private static bool TryRead(ref WireReader reader, out PeerIdentity peer)
    {
        peer = null!;
        if (!reader.TryString(NameBytesMax, out string name)
            || !reader.TryInt64(out long incarnation)
            || !reader.TryString(AddressBytesMax, out string address)
            || !reader.TryCount(int.MaxValue, out int roles)
            || !reader.TryString(BuildBytesMax, out string build)
            || !reader.TryGuid(out Guid clusterUuid)
            || $"{name}{address}{build}".Any(char.IsControl))
        {
            return false;
        }

        peer = new PeerIdentity(name, incarnation, address, (NodeRoles)roles, build, clusterUuid);
        return true;
    }

    private static bool TryReadFixed(ref WireReader reader, int length, out byte[] value)
    {
        bool read = reader.TryBytes(length, out ReadOnlySpan<byte> bytes) && bytes.Length == length;
        value = read ? bytes.ToArray() : [];
        return read;
    }
}
