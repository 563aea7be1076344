using System.Security.Cryptography;
using System.Text;

namespace MonitorCluster.Cluster.Transport;

/// <summary>One side of the exchange that begins every link: who is there, of which cluster, and does it know the join token?</summary>
/// <remarks>
/// <code>
/// :: 1 opener    Hello(protocol range, cluster id, nonce, who, purpose)
/// :: 2 acceptor  Challenge(protocol, nonce, who, HMAC-SHA256(token, "acceptor" | Hello | Challenge without this proof))
/// :: 3 opener    Proof(HMAC-SHA256(token, "opener" | Hello | Challenge without its proof))
/// :: 4 acceptor  Welcome
///    either      GoAway(code, reason) instead of any of them
/// </code>
/// Each proof covers everything both sides have said, so nothing of it can be changed on the way, and the names of the roles keep one side's proof from
/// serving as the other's. A stranger who hands a node's own question back to it is noticed by the nonce (<see cref="LinkNonces"/>). The acceptor proves
/// itself first: an opener tells nothing to a listener that does not know the token. The token itself never crosses the wire; but a listener's proof lets
/// a stranger try tokens at leisure, so a token must be long, not a word. Pure; for one thread at a time.
/// </remarks>
internal sealed class LinkHandshake
{
    private const string WrongToken = "the join token differs";

    private readonly HandshakeSettings me;
    private readonly byte[] nonce;
    private byte[] hello = [];
    private byte[] challenge = [];
    private FrameType expected;

    private LinkHandshake(HandshakeSettings me, LinkPurpose purpose, byte[] nonce, FrameType expected)
    {
        this.me = me;
        this.nonce = nonce;
        this.expected = expected;
        Purpose = purpose;
    }

    /// <summary>What the link is for; of the acceptor known after the hello.</summary>
    public LinkPurpose Purpose { get; private set; }

    /// <summary>Who the other side says it is; proven only when the status says so.</summary>
    public PeerIdentity? Peer { get; private set; }

    /// <summary>The side that opens the link. Begin with <see cref="Start"/>.</summary>
    public static LinkHandshake Opener(HandshakeSettings me, LinkPurpose purpose, byte[] nonce) => new(me, purpose, nonce, FrameType.Challenge);

    /// <summary>The side that accepts the link.</summary>
    public static LinkHandshake Acceptor(HandshakeSettings me, byte[] nonce) => new(me, default, nonce, FrameType.Hello);

    /// <summary>The opener's first step.</summary>
    public HandshakeStep Start()
    {
        // :: 1
        hello = LinkGreeting.Write(new LinkHello(me.ProtocolMin, me.ProtocolMax, me.ClusterId, nonce, me.Self, Purpose));
        return new HandshakeStep(HandshakeStatus.Waiting, FrameType.Hello, hello);
    }

    /// <summary>Takes a message of the other side.</summary>
    public HandshakeStep Receive(FrameType type, ReadOnlyMemory<byte> body)
    {
        if (type == FrameType.GoAway)
        {
            return SentAway(body.Span);
        }

        if (type != expected)
        {
            return Refuse(PeerFailure.Protocol, $"sent message {(int)type} where {expected} belongs");
        }

        return type switch
        {
            FrameType.Hello => ReceiveHello(body),
            FrameType.Challenge => ReceiveChallenge(body),
            FrameType.Proof => ReceiveProof(body.Span),
            _ => ReceiveWelcome(),
        };
    }

    // :: 2
    private HandshakeStep ReceiveHello(ReadOnlyMemory<byte> body)
    {
        if (!LinkGreeting.TryRead(body.Span, out LinkHello read))
        {
            return Refuse(PeerFailure.Protocol, "sent a hello that cannot be read");
        }

        (Peer, Purpose) = (read.Peer, read.Purpose);
        if (me.Nonces.IsOwn(read.Nonce))
        {
            return Refuse(PeerFailure.Itself, "the link leads from this node back to itself", $"that address leads back to {read.Peer.Name} itself");
        }

        if (WhyOtherCluster(read.ClusterId, read.Peer) is { } why)
        {
            return Refuse(PeerFailure.WrongCluster, why);
        }

        int protocol = Math.Min(read.ProtocolMax, me.ProtocolMax);
        if (protocol < Math.Max(read.ProtocolMin, me.ProtocolMin))
        {
            return Refuse(
                PeerFailure.Protocol,
                $"it speaks protocol {read.ProtocolMin} to {read.ProtocolMax}, {me.Self.Name} {me.ProtocolMin} to {me.ProtocolMax}");
        }

        hello = body.ToArray();
        challenge = LinkGreeting.Write(protocol, nonce, me.Self);
        expected = FrameType.Proof;
        return new HandshakeStep(HandshakeStatus.Waiting, FrameType.Challenge, (byte[])[.. challenge, .. Mac("acceptor")]);
    }

    // :: 3
    private HandshakeStep ReceiveChallenge(ReadOnlyMemory<byte> body)
    {
        if (!LinkGreeting.TryRead(body.Span, out LinkChallenge read))
        {
            return Refuse(PeerFailure.Protocol, "sent a challenge that cannot be read");
        }

        Peer = read.Peer;
        challenge = body[..^LinkGreeting.MacBytes].ToArray();
        if (me.Nonces.IsOwn(read.Nonce))
        {
            return Refuse(PeerFailure.Protocol, "answered with this node's own number");
        }

        if (!CryptographicOperations.FixedTimeEquals(read.Mac, Mac("acceptor")))
        {
            return Refuse(PeerFailure.WrongToken, WrongToken);
        }

        // From here on what it says is true.
        if (WhyOtherCluster(me.ClusterId, read.Peer) is { } why)
        {
            return Refuse(PeerFailure.WrongCluster, why);
        }

        if (read.Protocol < me.ProtocolMin || read.Protocol > me.ProtocolMax)
        {
            return Refuse(PeerFailure.Protocol, $"it chose protocol {read.Protocol}, {me.Self.Name} speaks {me.ProtocolMin} to {me.ProtocolMax}");
        }

        expected = FrameType.Welcome;
        return new HandshakeStep(HandshakeStatus.Proven, FrameType.Proof, Mac("opener"));
    }

    // :: 4
    private HandshakeStep ReceiveProof(ReadOnlySpan<byte> body)
    {
        if (!CryptographicOperations.FixedTimeEquals(body, Mac("opener")))
        {
            return Refuse(PeerFailure.WrongToken, WrongToken);
        }

        expected = 0;
        return new HandshakeStep(HandshakeStatus.Open, FrameType.Welcome);
    }

    private HandshakeStep ReceiveWelcome()
    {
        expected = 0;
        return new HandshakeStep(HandshakeStatus.Open);
    }

    // Whoever does not know the cluster's number yet, because it joins, belongs to the one of that name.
    private string? WhyOtherCluster(string clusterId, PeerIdentity peer)
    {
        if (clusterId != me.ClusterId)
        {
            return $"{Printable(peer.Name)} belongs to cluster '{Printable(clusterId)}', {me.Self.Name} to '{me.ClusterId}'";
        }

        return peer.ClusterUuid == me.Self.ClusterUuid || peer.ClusterUuid == Guid.Empty || me.Self.ClusterUuid == Guid.Empty
            ? null
            : $"{Printable(peer.Name)} belongs to cluster '{clusterId}' {peer.ClusterUuid}, {me.Self.Name} to another of that name, {me.Self.ClusterUuid}";
    }

    private HandshakeStep SentAway(ReadOnlySpan<byte> body)
    {
        expected = 0;
        return LinkGreeting.TryReadGoAway(body, out PeerFailure failure, out string reason)
            ? new HandshakeStep(HandshakeStatus.Failed, Failure: failure, Reason: Printable(reason))
            : new HandshakeStep(HandshakeStatus.Failed, Failure: PeerFailure.Protocol, Reason: "ended the link without a reason that can be read");
    }

    private HandshakeStep Refuse(PeerFailure failure, string reason, string? theirReason = null)
    {
        expected = 0;
        return new HandshakeStep(HandshakeStatus.Failed, FrameType.GoAway, LinkGreeting.WriteGoAway(failure, theirReason ?? reason), failure, reason);
    }

    private byte[] Mac(string role)
    {
        var writer = new WireWriter(hello.Length + challenge.Length + 64);
        writer.WriteString("monitorcluster link 1");
        writer.WriteString(role);
        writer.WriteBytes(hello);
        writer.WriteBytes(challenge);
        return HMACSHA256.HashData(Encoding.UTF8.GetBytes(me.JoinToken), writer.Written.Span);
    }

    // What a stranger sends ends in logs and on terminals.
    private static string Printable(string text) => string.Concat(text.Select(c => char.IsControl(c) ? '?' : c));
}
