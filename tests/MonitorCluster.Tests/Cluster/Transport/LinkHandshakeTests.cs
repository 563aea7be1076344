using FsCheck;
using FsCheck.Fluent;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Cluster.Transport;

namespace MonitorCluster.Tests.Cluster.Transport;

public class LinkHandshakeTests
{
    private static readonly Guid Uuid = new("11111111-2222-3333-4444-555555555555");

    private readonly Side alice = new(1, "alice", "secret", Uuid);
    private readonly Side bob = new(2, "bob", "secret", Uuid);

    [Fact]
    public void Handshake_SameToken_OpensAndBothKnowEachOther()
    {
        (HandshakeStep opener, HandshakeStep acceptor, LinkHandshake one, LinkHandshake other) = Run(alice, bob);

        Assert.Equal((HandshakeStatus.Open, HandshakeStatus.Open), (opener.Status, acceptor.Status));
        Assert.Equal((bob.Settings.Self, alice.Settings.Self), (one.Peer, other.Peer));
        Assert.Equal(LinkPurpose.Samples, other.Purpose);
    }

    [Fact]
    public void Handshake_BothWithoutToken_Opens()
    {
        (HandshakeStep opener, HandshakeStep acceptor, _, _) = Run(new Side(1, "a", "", Uuid), new Side(2, "b", "", Uuid));

        Assert.Equal((HandshakeStatus.Open, HandshakeStatus.Open), (opener.Status, acceptor.Status));
    }

    [Theory]
    [InlineData("secret", "other")]
    [InlineData("secret", "")]
    [InlineData("", "secret")]
    public void Handshake_TokensDiffer_BothSidesSaySo(string one, string other)
    {
        (HandshakeStep opener, HandshakeStep acceptor, _, _) = Run(new Side(1, "a", one, Uuid), new Side(2, "b", other, Uuid));

        Assert.Equal((HandshakeStatus.Failed, PeerFailure.WrongToken), (opener.Status, opener.Failure));
        Assert.Equal((HandshakeStatus.Failed, PeerFailure.WrongToken), (acceptor.Status, acceptor.Failure));
        Assert.Contains("join token differs", opener.Reason, StringComparison.Ordinal);
        Assert.Contains("join token differs", acceptor.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Handshake_OpenerDoesNotKnowTheClusterYet_Opens() =>
        Assert.Equal(HandshakeStatus.Open, Run(new Side(1, "new", "secret", Guid.Empty), bob).Opener.Status);

    [Fact]
    public void Handshake_OtherStore_IsWrongClusterForBoth()
    {
        (HandshakeStep opener, HandshakeStep acceptor, _, _) = Run(new Side(1, "a", "secret", new Guid(1, 2, 3, new byte[8])), bob);

        Assert.Equal((PeerFailure.WrongCluster, PeerFailure.WrongCluster), (opener.Failure, acceptor.Failure));
        Assert.Contains(Uuid.ToString(), opener.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Handshake_OtherClusterId_IsWrongClusterAndNamesBoth()
    {
        (HandshakeStep opener, HandshakeStep acceptor, _, _) = Run(new Side(1, "a", "secret", Uuid, clusterId: "test"), bob);

        Assert.Equal((PeerFailure.WrongCluster, PeerFailure.WrongCluster), (opener.Failure, acceptor.Failure));
        Assert.Equal("a belongs to cluster 'test', bob to 'prod'", opener.Reason);
    }

    [Theory]
    [InlineData(1, 3, 2, 5, true)]
    [InlineData(2, 2, 1, 2, true)]
    [InlineData(1, 1, 2, 3, false)]
    [InlineData(4, 5, 2, 3, false)]
    public void Handshake_ProtocolRanges_MustOverlap(int min, int max, int otherMin, int otherMax, bool opens)
    {
        (HandshakeStep opener, _, _, _) = Run(
            new Side(1, "a", "secret", Uuid, protocol: (min, max)), new Side(2, "b", "secret", Uuid, protocol: (otherMin, otherMax)));

        Assert.Equal(opens ? HandshakeStatus.Open : HandshakeStatus.Failed, opener.Status);
        Assert.True(opens || (opener.Failure == PeerFailure.Protocol && opener.Reason.Contains($"{min} to {max}", StringComparison.Ordinal)));
    }

    [Fact]
    public void Acceptor_MirroredHello_IsNoticedAsTheNodeItself()
    {
        // Alice's question comes back to alice: a seed's name that leads to herself, or a stranger who wants her answer to it.
        LinkHandshake opener = LinkHandshake.Opener(alice.Settings, LinkPurpose.Requests, alice.Nonces.Draw());
        LinkHandshake acceptor = LinkHandshake.Acceptor(alice.Settings, alice.Nonces.Draw());

        HandshakeStep answer = acceptor.Receive(FrameType.Hello, opener.Start().SendBody);

        Assert.Equal((HandshakeStatus.Failed, FrameType.GoAway, PeerFailure.Itself), (answer.Status, answer.SendType, answer.Failure));
        Assert.Contains("alice itself", opener.Receive(answer.SendType, answer.SendBody).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Opener_ChallengeWithItsOwnNonce_IsRefused()
    {
        // A reflector knows no token. It repeats the opener's number, and as proof what the opener would say.
        byte[] nonce = alice.Nonces.Draw();
        LinkHandshake opener = LinkHandshake.Opener(alice.Settings, LinkPurpose.Requests, nonce);
        opener.Start();

        HandshakeStep step = opener.Receive(FrameType.Challenge, (byte[])[.. LinkGreeting.Write(1, nonce, bob.Settings.Self), .. new byte[32]]);

        Assert.Equal((HandshakeStatus.Failed, PeerFailure.Protocol), (step.Status, step.Failure));
    }

    [Fact]
    public void Acceptor_ItsOwnProofSentBack_IsNotTheOpeners()
    {
        LinkHandshake opener = LinkHandshake.Opener(alice.Settings, LinkPurpose.Requests, alice.Nonces.Draw());
        LinkHandshake acceptor = LinkHandshake.Acceptor(bob.Settings, bob.Nonces.Draw());
        HandshakeStep challenge = acceptor.Receive(FrameType.Hello, opener.Start().SendBody);

        HandshakeStep step = acceptor.Receive(FrameType.Proof, challenge.SendBody[^32..]);

        Assert.Equal((HandshakeStatus.Failed, PeerFailure.WrongToken), (step.Status, step.Failure));
    }

    [Fact]
    public void Acceptor_ProofOfAnotherHandshake_IsRefused()
    {
        (_, byte[] proof) = Proof();
        (LinkHandshake acceptor, _) = Proof();

        Assert.Equal(PeerFailure.WrongToken, acceptor.Receive(FrameType.Proof, proof).Failure);

        (LinkHandshake Acceptor, byte[] Proof) Proof()
        {
            LinkHandshake opener = LinkHandshake.Opener(alice.Settings, LinkPurpose.Requests, alice.Nonces.Draw());
            LinkHandshake accepting = LinkHandshake.Acceptor(bob.Settings, bob.Nonces.Draw());
            HandshakeStep challenge = accepting.Receive(FrameType.Hello, opener.Start().SendBody);
            return (accepting, opener.Receive(FrameType.Challenge, challenge.SendBody).SendBody.ToArray());
        }
    }

    [Fact]
    public void Handshake_AnyBitOfAnyMessageFlipped_NeverOpensOnBothSides()
    {
        Gen<(int, int)> flips = Gen.Zip(Gen.Choose(0, 2), Gen.Choose(0, int.MaxValue - 1));

        Prop.ForAll(flips.ToArbitrary(), flip =>
        {
            int message = 0;
            (HandshakeStep opener, HandshakeStep acceptor, _, _) = Run(alice, bob, (_, body) =>
            {
                if (message++ == flip.Item1)
                {
                    body[flip.Item2 % body.Length] ^= (byte)(1 << (flip.Item2 / body.Length % 8));
                }
            });
            return opener.Status != HandshakeStatus.Open && acceptor.Status != HandshakeStatus.Open;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1_500).WithReplay(20_261_122, 1));
    }

    [Fact]
    public void Receive_RandomMessages_NeverThrowAndNeverOpen()
    {
        Gen<(byte Type, byte[] Body)> message = Gen.Zip(Gen.Choose(1, 6), ArbMap.Default.GeneratorFor<byte>().ArrayOf().Resize(200))
            .Select(m => ((byte)m.Item1, m.Item2));

        Prop.ForAll(message.ArrayOf().Resize(4).ToArbitrary(), messages =>
        {
            LinkHandshake opener = LinkHandshake.Opener(alice.Settings, LinkPurpose.Requests, alice.Nonces.Draw());
            LinkHandshake acceptor = LinkHandshake.Acceptor(bob.Settings, bob.Nonces.Draw());
            opener.Start();
            return messages.All(m => opener.Receive((FrameType)m.Type, m.Body).Status is not (HandshakeStatus.Open or HandshakeStatus.Proven)
                && acceptor.Receive((FrameType)m.Type, m.Body).Status != HandshakeStatus.Open);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1_500).WithReplay(20_261_122, 1));
    }

    [Fact]
    public void Receive_WelcomeBeforeTheChallenge_IsAgainstTheProtocol()
    {
        LinkHandshake opener = LinkHandshake.Opener(alice.Settings, LinkPurpose.Requests, alice.Nonces.Draw());
        opener.Start();

        Assert.Equal(
            (HandshakeStatus.Failed, PeerFailure.Protocol), (opener.Receive(FrameType.Welcome, default) is var step ? (step.Status, step.Failure) : default));
    }

    [Fact]
    public void GoAway_WithControlCharacters_IsMadePrintable()
    {
        LinkHandshake opener = LinkHandshake.Opener(alice.Settings, LinkPurpose.Requests, alice.Nonces.Draw());
        opener.Start();

        Assert.Equal("a?[31m", opener.Receive(FrameType.GoAway, LinkGreeting.WriteGoAway(PeerFailure.Refused, "a\u001b[31m")).Reason);
    }

    [Fact]
    public void Greeting_LongestIdentity_FitsAnUnknownPeersMessage()
    {
        var self = new PeerIdentity(new string('ä', 253), long.MinValue, new string('x', 300), (NodeRoles)7, new string('b', 100), Uuid);
        byte[] hello = LinkGreeting.Write(new LinkHello(1, 1, new string('c', 64), new byte[32], self, LinkPurpose.Samples));

        Assert.True(hello.Length < Frame.UnknownPeerBytesMax);
        Assert.True(LinkGreeting.TryRead(hello, out LinkHello read));
        Assert.Equal(self, read.Peer);
    }

    [Fact]
    public void Settings_AsText_DoNotShowTheToken() => Assert.DoesNotContain("secret", $"{alice.Settings}", StringComparison.Ordinal);

    [Fact]
    public void Nonces_OfOthers_AreNotOwn()
    {
        Assert.True(alice.Nonces.IsOwn(alice.Nonces.Draw()));
        Assert.False(bob.Nonces.IsOwn(alice.Nonces.Draw()));
        Assert.False(alice.Nonces.IsOwn(new byte[31]));
        Assert.NotEqual(alice.Nonces.Draw(), alice.Nonces.Draw());
    }

    // Hands each message to the other side until nobody has more to say.
    private static (HandshakeStep Opener, HandshakeStep Acceptor, LinkHandshake One, LinkHandshake Other) Run(
        Side opening, Side accepting, Action<FrameType, byte[]>? onTheWay = null)
    {
        LinkHandshake one = LinkHandshake.Opener(opening.Settings, LinkPurpose.Samples, opening.Nonces.Draw());
        LinkHandshake other = LinkHandshake.Acceptor(accepting.Settings, accepting.Nonces.Draw());
        (HandshakeStep opener, HandshakeStep acceptor) = (one.Start(), default);
        for ((HandshakeStep said, bool byOpener) = (opener, true); said.SendType != 0; byOpener = !byOpener)
        {
            byte[] body = said.SendBody.ToArray();
            onTheWay?.Invoke(said.SendType, body);
            said = (byOpener ? other : one).Receive(said.SendType, body);
            (opener, acceptor) = byOpener ? (opener, said) : (said, acceptor);
        }

        return (opener, acceptor, one, other);
    }

    private sealed class Side
    {
        public Side(int seed, string name, string token, Guid uuid, string clusterId = "prod", (int Min, int Max)? protocol = null)
        {
            Nonces = new LinkNonces(new Random(seed));
            (int min, int max) = protocol ?? (1, 1);
            Settings = new HandshakeSettings(new PeerIdentity(name, seed, $"127.0.0.1:{seed}", NodeRoles.Api, "1.0", uuid), clusterId, token, Nonces, min, max);
        }

        public LinkNonces Nonces { get; }

        public HandshakeSettings Settings { get; }
    }
}
