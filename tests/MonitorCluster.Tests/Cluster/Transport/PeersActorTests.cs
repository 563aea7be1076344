using Microsoft.Extensions.Logging.Abstractions;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Cluster.Transport;
using MonitorCluster.Tests.Actors;

namespace MonitorCluster.Tests.Cluster.Transport;

public sealed partial class PeersActorTests
{
    private static readonly Guid Uuid = new("11111111-2222-3333-4444-555555555555");
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly Simulation simulation = new();
    private readonly MemoryNetworks networks = new();
    private readonly List<object> told = []; // what the asker of all tests is told
    private readonly List<IActorRef> tellers = []; // and by whom
    private readonly IActorRef asker;
    private int seed;

    public PeersActorTests() =>
        asker = simulation.System.ActorOf(Behaviour.Props(self => self.OnAny(message =>
        {
            told.Add(message);
            tellers.Add(self.From);
        })), "asker");

    [Fact]
    public void Ping_ToAnotherNode_IsAnsweredByItsPeersActor()
    {
        (IActorRef a, _) = Start("a");
        Start("b", incarnation: 7);

        a.Tell(new PeerRequest("b:1", RequestKind.Ping, default, Second, "tag"), asker);
        simulation.RunUntilIdle();

        PeerAnswer answer = Assert.IsType<PeerAnswer>(Assert.Single(told));
        Assert.Equal(("tag", "b", 7L, "b:1"), (answer.Tag, answer.Peer.Name, answer.Peer.Incarnation, answer.Peer.Address));
    }

    [Fact]
    public void Request_ToItsServer_CarriesBothBodiesAndTheAsker()
    {
        (IActorRef a, TransportStatistics counts) = Start("a");
        (IActorRef b, TransportStatistics served) = Start("b");
        IncomingRequest? asked = null;
        b.Tell(new ServeRequests(RequestKind.QueryLeg, Server(self => self.On<IncomingRequest>(request =>
        {
            asked = request;
            self.From.Tell(new RequestReply(new byte[] { 4, 5 }), self.Me);
            self.From.Tell(new RequestReply(new byte[] { 6 }), self.Me); // the second of two answers is nobody's
        }))));

        a.Tell(new PeerRequest("b:1", RequestKind.QueryLeg, new byte[] { 1, 2, 3 }, Second, 42), asker);
        simulation.RunUntilIdle();

        Assert.Equal(("a", RequestKind.QueryLeg, "010203"), (asked!.Peer.Name, asked.Kind, Convert.ToHexString(asked.Body.Span)));
        PeerAnswer answer = Assert.IsType<PeerAnswer>(Assert.Single(told));
        Assert.Equal((42, "0405"), (answer.Tag, Convert.ToHexString(answer.Body.Span)));
        Assert.Equal((1L, 0L, 1L),
            (counts.Requests(RequestKind.QueryLeg), counts.RequestsFailed(RequestKind.QueryLeg), served.RequestsServed(RequestKind.QueryLeg)));
        Assert.Equal((1L, 1L, 1L, 1L), (counts.LinksOpen, counts.LinksOpened, served.LinksOpen, served.LinksAccepted));
    }

    [Fact]
    public void Requests_ToOneAddress_ShareOneLink()
    {
        (IActorRef a, _) = Start("a");
        Start("b");

        for (int i = 0; i < 50; i++)
        {
            a.Tell(Ping("b:1", i), asker);
        }

        simulation.RunUntilIdle();
        a.Tell(Ping("B:1", 50), asker);
        simulation.RunUntilIdle();

        Assert.Equal(Enumerable.Range(0, 51), told.Cast<PeerAnswer>().Select(answer => (int)answer.Tag!));
        Assert.Equal(1, networks.Opened.Values.Sum());
    }

    [Fact]
    public void Requests_WithLongAnswers_HaveALinkOfTheirOwnThatHoldsUpNoPing()
    {
        (IActorRef a, _) = Start("a");
        (IActorRef b, _) = Start("b");
        b.Tell(new ServeRequests(RequestKind.QueryLeg, Server(self => self.On<IncomingRequest>(_ => self.From.Tell(new RequestReply(new byte[1]))))));
        a.Tell(new PeerRequest("b:1", RequestKind.QueryLeg, default, Second, "leg"), asker);
        a.Tell(new PeerRequest("B:1", RequestKind.QueryLeg, default, Second, "leg"), asker);
        simulation.RunUntilIdle();
        networks.Links.Single().Other!.IsCut = true; // full of an answer that takes its time

        a.Tell(new PeerRequest("b:1", RequestKind.QueryLeg, default, Second, "late"), asker);
        a.Tell(Ping("b:1", "ping"), asker);
        simulation.RunUntilIdle();

        Assert.Equal(["leg", "leg", "ping"], told.Cast<PeerAnswer>().Select(answer => answer.Tag));
        Assert.Equal(2, networks.Links.Count);
    }

    [Fact]
    public void Messages_OfALink_AreAllSaidToBeDealtWith()
    {
        (IActorRef a, _) = Start("a");
        Start("b");
        a.Tell(Ping("b:1"), asker);
        a.Tell(Ping("b:1"), asker);
        simulation.RunUntilIdle();

        Assert.Equal((0, 0), (networks.Links.Single().Unhandled, networks.Links.Single().Other!.Unhandled));
    }

    [Fact]
    public void Request_LongerThanAllowed_IsRefusedAndLinksTakeNone()
    {
        (IActorRef a, _) = Start("a");
        Start("b");
        a.Tell(new PeerRequest("b:1", RequestKind.Route, new byte[RequestFrames.RequestPayloadBytesMax + 1], Second), asker);
        simulation.RunUntilIdle();

        Assert.Contains("bytes", Assert.IsType<PeerFailed>(Assert.Single(told)).Reason, StringComparison.Ordinal);
        Assert.Equal(RequestFrames.RequestBytesMax, networks.Links.Single().Other!.MessageBytesMax);
        Assert.Equal(Frame.MessageBytesMax, networks.Links.Single().MessageBytesMax);
    }

    [Fact]
    public void Answer_WithoutRoomOnItsLink_IsRefusedAsBusyAndTheLinkLives()
    {
        (IActorRef a, _) = Start("a");
        (IActorRef b, TransportStatistics counts) = Start("b");
        int answerBytes = 1 << 20;
        b.Tell(new ServeRequests(
            RequestKind.QueryLeg, Server(self => self.On<IncomingRequest>(_ => self.From.Tell(new RequestReply(new byte[answerBytes]))))));
        a.Tell(new PeerRequest("b:1", RequestKind.QueryLeg, default, Second, 1), asker);
        simulation.RunUntilIdle();
        networks.Links.Single().Other!.Room = 1 << 20;

        a.Tell(new PeerRequest("b:1", RequestKind.QueryLeg, default, Second, 2), asker);
        simulation.RunUntilIdle();
        answerBytes = 1;
        a.Tell(new PeerRequest("b:1", RequestKind.QueryLeg, default, Second, 3), asker);
        simulation.RunUntilIdle();

        Assert.Equal([1, 3], told.OfType<PeerAnswer>().Select(answer => answer.Tag));
        PeerFailed busy = Assert.Single(told.OfType<PeerFailed>());
        Assert.Equal((2, PeerFailure.Refused), (busy.Tag, busy.Failure));
        Assert.Contains("busy", busy.Reason, StringComparison.Ordinal);
        Assert.Equal(1, counts.LinksOpen);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Request_NobodyWaitsForItAnyMore_ItsServerIsTold(bool isCancelled)
    {
        (IActorRef a, TransportStatistics counts) = Start("a");
        (IActorRef b, _) = Start("b");
        List<IActorRef> asked = [], cancelled = [];
        b.Tell(new ServeRequests(RequestKind.QueryLeg, Server(self =>
        {
            self.On<IncomingRequest>(_ => asked.Add(self.From));
            self.On<RequestCancelled>(_ => cancelled.Add(self.From));
        })));
        (object first, object second) = (new object(), new object());
        a.Tell(new PeerRequest("b:1", RequestKind.QueryLeg, default, 60 * Second, first), asker);
        a.Tell(new PeerRequest("b:1", RequestKind.QueryLeg, default, 60 * Second, second), asker);
        simulation.RunUntilIdle();

        if (isCancelled)
        {
            a.Tell(new CancelRequest("b:1", RequestKind.QueryLeg, second), asker);
            a.Tell(new CancelRequest("b:1", RequestKind.QueryLeg, new object()), asker); // of nothing
        }
        else
        {
            networks.Links.Single().Reset();
        }

        simulation.RunUntilIdle();
        Assert.Equal(isCancelled ? [asked[1]] : asked, cancelled);
        Assert.Equal(isCancelled ? 0 : 2, told.Count);
        cancelled[0].Tell(new RequestReply(default), null); // too late, and nobody's
        asked[0].Tell(new RequestReply(default), null);
        simulation.RunUntilIdle();
        Assert.Equal(isCancelled ? 1 : 0, told.OfType<PeerAnswer>().Count());
        Assert.Equal(0, counts.AnswersLate);
    }

    [Theory]
    [InlineData(RequestKind.Join, "Join is not served here")]
    [InlineData((RequestKind)99, "does not know request 99")]
    public void Request_WithoutServer_IsRefused(RequestKind kind, string reason)
    {
        (IActorRef a, _) = Start("a");
        Start("b");

        a.Tell(new PeerRequest("b:1", kind, default, Second), asker);
        simulation.RunUntilIdle();

        PeerFailed failed = Assert.IsType<PeerFailed>(Assert.Single(told));
        Assert.Equal(PeerFailure.Refused, failed.Failure);
        Assert.Contains(reason, failed.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Request_ServerRefuses_TellsTheReason()
    {
        (IActorRef a, _) = Start("a");
        (IActorRef b, _) = Start("b");
        b.Tell(new ServeRequests(RequestKind.Join, Server(self => self.On<IncomingRequest>(_ => self.From.Tell(new RequestRefused("name in use"))))));

        a.Tell(new PeerRequest("b:1", RequestKind.Join, default, Second), asker);
        simulation.RunUntilIdle();

        Assert.Contains("name in use", Assert.IsType<PeerFailed>(Assert.Single(told)).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Request_NobodyListens_FailsAtOnceAndTriesAgainNextTime()
    {
        (IActorRef a, TransportStatistics counts) = Start("a");

        a.Tell(Ping("b:1"), asker);
        simulation.RunUntilIdle();
        a.Tell(Ping("b:1"), asker);
        simulation.RunUntilIdle();
        Start("b");
        a.Tell(Ping("b:1"), asker);
        simulation.RunUntilIdle();

        Assert.Equal([PeerFailure.NotListening, PeerFailure.NotListening], told.OfType<PeerFailed>().Select(f => f.Failure));
        Assert.IsType<PeerAnswer>(told[2]);
        Assert.Equal((3, 2L, 2L), (networks.Opened["b:1"], counts.RequestsFailed(RequestKind.Ping), counts.Refused(PeerFailure.NotListening)));
    }

    [Fact]
    public void Request_ServerSilent_TimesOutAndTheLateAnswerIsDropped()
    {
        (IActorRef a, TransportStatistics counts) = Start("a");
        (IActorRef b, _) = Start("b");
        IActorRef? replyTo = null;
        b.Tell(new ServeRequests(RequestKind.Route, Server(self => self.On<IncomingRequest>(_ => replyTo = self.From))));

        a.Tell(new PeerRequest("b:1", RequestKind.Route, default, Second, 1), asker);
        simulation.Advance(0.99);
        Assert.Empty(told);
        simulation.Advance(0.02);
        replyTo!.Tell(new RequestReply(default), null);
        simulation.RunUntilIdle();

        Assert.Equal(PeerFailure.TimedOut, Assert.IsType<PeerFailed>(Assert.Single(told)).Failure);
        Assert.Equal(1, counts.AnswersLate);
    }

    [Fact]
    public void Request_LinkBreaks_FailsAllThatWaitAtOnce()
    {
        (IActorRef a, TransportStatistics counts) = Start("a");
        (IActorRef b, _) = Start("b");
        b.Tell(new ServeRequests(RequestKind.Route, Server(self => self.On<IncomingRequest>(_ => { }))));
        for (int i = 0; i < 5; i++)
        {
            a.Tell(new PeerRequest("b:1", RequestKind.Route, default, 100 * Second, i), asker);
        }

        simulation.RunUntilIdle();
        DateTimeOffset before = simulation.Time.GetUtcNow();
        networks.Links.Single().Reset();
        simulation.RunUntilIdle();

        Assert.Equal([0, 1, 2, 3, 4], told.Cast<PeerFailed>().Select(f => (int)f.Tag!));
        Assert.All(told.Cast<PeerFailed>(), f => Assert.Equal(PeerFailure.Disconnected, f.Failure));
        Assert.Equal((before, 0L), (simulation.Time.GetUtcNow(), counts.LinksOpen));
    }

    [Fact]
    public void Request_OpensButSaysNothing_FailsAfterTheHandshakesTime()
    {
        (IActorRef a, TransportStatistics counts) = Start("a");
        Start("b");
        networks.Silent.Add("b:1");

        a.Tell(new PeerRequest("b:1", RequestKind.Ping, default, 60 * Second), asker);
        simulation.Advance(1.9);
        Assert.Empty(told);
        simulation.Advance(0.2);

        Assert.Equal(PeerFailure.TimedOut, Assert.IsType<PeerFailed>(Assert.Single(told)).Failure);
        Assert.Equal(1, counts.Refused(PeerFailure.TimedOut));
    }

    [Fact]
    public void Request_TooManyWait_RefusesTheNext()
    {
        (IActorRef a, _) = Start("a");
        Start("b");
        networks.Silent.Add("b:1");

        for (int i = 0; i <= AskedRequests.CountMax; i++)
        {
            a.Tell(Ping("b:1", i), asker);
        }

        simulation.RunUntilIdle();

        PeerFailed failed = Assert.IsType<PeerFailed>(Assert.Single(told));
        Assert.Equal((AskedRequests.CountMax, PeerFailure.Refused), (failed.Tag, failed.Failure));
    }

    [Fact]
    public void Request_TooManyAreServed_RefusesAsBusyUntilTheAskersHaveGivenUp()
    {
        (IActorRef a, _) = Start("a");
        (IActorRef b, _) = Start("b");
        b.Tell(new ServeRequests(RequestKind.Route, Server(self => self.On<IncomingRequest>(_ => { }))));

        for (int i = 0; i <= ServedRequests.CountMax; i++)
        {
            a.Tell(new PeerRequest("b:1", RequestKind.Route, default, 10 * Second, i), asker);
        }

        simulation.RunUntilIdle();
        Assert.Contains("busy", Assert.IsType<PeerFailed>(Assert.Single(told)).Reason, StringComparison.Ordinal);

        simulation.Advance(11);
        told.Clear();
        a.Tell(new PeerRequest("b:1", RequestKind.Route, default, Second, "later"), asker);
        simulation.RunUntilIdle();
        Assert.Empty(told); // it is being served
    }

    [Fact]
    public void Request_LinkIdleForAMinute_ClosesItAndTheNextOpensAnother()
    {
        (IActorRef a, TransportStatistics counts) = Start("a");
        Start("b");
        a.Tell(Ping("b:1"), asker);
        simulation.Advance(50);
        a.Tell(Ping("b:1"), asker);
        simulation.Advance(59);
        Assert.Equal(1, counts.LinksOpen);

        simulation.Advance(2);
        Assert.Equal(0, counts.LinksOpen);
        a.Tell(Ping("b:1"), asker);
        simulation.RunUntilIdle();

        Assert.Equal(3, told.OfType<PeerAnswer>().Count());
        Assert.Equal(2, networks.Opened["b:1"]);
    }

    [Fact]
    public void UseIdentity_OfTheAnsweringNode_IsInTheNextAnswerAndALinkOfItsOwn()
    {
        (IActorRef a, _) = Start("a");
        (IActorRef b, _) = Start("b", incarnation: 0);
        a.Tell(Ping("b:1"), asker);
        simulation.RunUntilIdle();

        b.Tell(new UseIdentity(Identity("b", 9) with { Build = "newer" }));
        simulation.RunUntilIdle();
        a.Tell(Ping("b:1"), asker);
        simulation.RunUntilIdle();
        a.Tell(Ping("b:1"), asker);
        simulation.RunUntilIdle();

        Assert.Equal([0L, 9L, 9L], told.Cast<PeerAnswer>().Select(answer => answer.Peer.Incarnation));
        Assert.Equal("newer", told.Cast<PeerAnswer>().Last().Peer.Build);
        Assert.Equal(2, networks.Opened["b:1"]);
    }

    [Fact]
    public void UseIdentity_OfTheAskingNode_IsSaidOnTheNextRequestAndNothingIsLost()
    {
        (IActorRef a, _) = Start("a", incarnation: 0);
        (IActorRef b, _) = Start("b");
        List<(PeerIdentity Who, IActorRef ReplyTo)> asked = [];
        b.Tell(new ServeRequests(RequestKind.News, Server(self => self.On<IncomingRequest>(request => asked.Add((request.Peer, self.From))))));
        a.Tell(new PeerRequest("b:1", RequestKind.News, default, Second, 1), asker);
        simulation.RunUntilIdle();

        a.Tell(new UseIdentity(Identity("a", 5)));
        a.Tell(new PeerRequest("b:1", RequestKind.News, default, Second, 2), asker);
        simulation.RunUntilIdle();
        asked.ForEach(request => request.ReplyTo.Tell(new RequestReply(default), null));
        simulation.RunUntilIdle();

        Assert.Equal([0L, 5L], asked.Select(request => request.Who.Incarnation));
        Assert.Equal([1, 2], told.Cast<PeerAnswer>().Select(answer => (int)answer.Tag!).Order());
    }

    [Fact]
    public void Request_WrongToken_SaysSo()
    {
        (IActorRef a, TransportStatistics counts) = Start("a", token: "one");
        (_, TransportStatistics others) = Start("b", token: "other");

        a.Tell(Ping("b:1"), asker);
        simulation.RunUntilIdle();

        PeerFailed failed = Assert.IsType<PeerFailed>(Assert.Single(told));
        Assert.Equal(PeerFailure.WrongToken, failed.Failure);
        Assert.Contains("join token differs", failed.Reason, StringComparison.Ordinal);
        Assert.Equal((1L, 1L), (counts.Refused(PeerFailure.WrongToken), others.Refused(PeerFailure.WrongToken)));
    }

    [Fact]
    public void Request_ToTheNodeItself_IsRefusedAsItself()
    {
        (IActorRef a, _) = Start("a");

        a.Tell(Ping("a:1"), asker);
        simulation.RunUntilIdle();

        PeerFailed failed = Assert.IsType<PeerFailed>(Assert.Single(told));
        Assert.Equal(PeerFailure.Itself, failed.Failure);
        Assert.Contains("a itself", failed.Reason, StringComparison.Ordinal);
    }

    private static PeerRequest Ping(string address, object? tag = null) => new(address, RequestKind.Ping, default, Second, tag);

    private static PeerIdentity Identity(string name, long incarnation) => new(name, incarnation, $"{name}:1", NodeRoles.Aggregator, "1.0", Uuid);

    private IActorRef Server(Action<Behaviour> declare) => simulation.System.ActorOf(Behaviour.Props(declare));

    private (IActorRef Peers, TransportStatistics Statistics) Start(string name, long incarnation = 1, string token = "secret")
    {
        var statistics = new TransportStatistics();
        IActorRef peers = simulation.System.ActorOf(
            PeersActor.Props(
                networks.Start($"{name}:1"), Identity(name, incarnation), "prod", token, simulation.Time, new Random(++seed), statistics,
                NullLogger<PeersActor>.Instance),
            $"peers-{name}");
        simulation.RunUntilIdle();
        return (peers, statistics);
    }
}
