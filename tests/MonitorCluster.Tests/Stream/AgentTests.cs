using Microsoft.Extensions.Logging.Abstractions;
using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Cluster.Transport;
using MonitorCluster.Stream;
using MonitorCluster.Tests.Actors;

namespace MonitorCluster.Tests.Stream;

public sealed class AgentTests
{
    private static readonly ClusterShape Shape = new(64, 1, "xxh64-v1");
    private readonly AgentState state = new(["a:1", "b:1"], Shape);

    [Fact]
    public void OnAnswer_WholeThenDelta_PublishesTheWholeMapEachTime()
    {
        var first = Assert.IsType<ClusterViewChanged>(Answer(StreamCluster.View(5, 1, 1, 1, 2)));
        ClusterViewChanged changed = StreamCluster.View(6, 2, 2) with { Members = StreamCluster.View(6, 2, 1, 2).Members };

        var second = Assert.IsType<ClusterViewChanged>(Answer(changed));

        Assert.Equal([1L, 1L, 2L], first.ShardOwners.Select(s => s.Owner!.Value));
        Assert.Equal([2L, 1L, 2L], second.ShardOwners.Select(s => s.Owner!.Value));
        Assert.Equal([1L, 2L], second.Members.Select(m => m.Incarnation));
        Assert.Equal(6, state.Version);
    }

    [Fact]
    public void OnAnswer_OfAMemberThatIsBehind_IsNoNews()
    {
        Answer(StreamCluster.View(5, 2, 1));

        Assert.Null(Answer(StreamCluster.View(4, 1, 2)));
        Assert.Null(Answer(StreamCluster.View(5, 2, 1)));
        Assert.Equal(5, state.Version);
    }

    [Fact]
    public void OnAnswer_OtherSettings_IsRefusedWithEveryDifference()
    {
        object? news = Answer(StreamCluster.View(5, 1, 1), new ClusterShape(1_024, 4, "other-v2"));

        Assert.Equal(3, Assert.IsType<MembershipRefused>(news).Reasons.Count);
        Assert.Contains("Cluster:ShardCount is 64 here and 1024 in the cluster", ((MembershipRefused)news).Reasons);
    }

    [Fact]
    public void OnAnswer_OfAnotherCluster_EndsTheProcessForANewStart()
    {
        Answer(StreamCluster.View(5, 1, 1), uuid: new Guid(1, 0, 0, new byte[8]));

        Assert.IsType<MembershipEvicted>(Answer(StreamCluster.View(2, 1, 1), uuid: new Guid(2, 0, 0, new byte[8])));
    }

    [Fact]
    public void OnFailed_SeedsAway_TriesSeedsThenMembersItHasHeardOf()
    {
        Answer(StreamCluster.View(5, 1, 1, 2));
        var asked = new List<string>();
        for (int i = 0; i < 5; i++)
        {
            asked.Add(state.Address);
            Assert.Null(state.OnFailed(PeerFailure.NotListening, "away"));
        }

        Assert.Equal(["a:1", "b:1", "127.0.1.1:9601", "127.0.2.1:9601", "a:1"], asked);
        Assert.True(state.HasTriedAll);
    }

    [Theory]
    [InlineData(PeerFailure.WrongToken)]
    [InlineData(PeerFailure.WrongCluster)]
    public void OnFailed_NotLetIn_EndsOnlyAnAgentThatNeverWas(PeerFailure failure)
    {
        var fresh = new AgentState(["a:1"], Shape);
        Answer(StreamCluster.View(5, 1, 1));

        Assert.IsType<MembershipRefused>(fresh.OnFailed(failure, "no"));
        Assert.Null(state.OnFailed(failure, "no"));
    }

    [Fact]
    public void OnFailed_OneWrongSeed_EndsTheAgentOnlyWhenAllRefuseInOnePass()
    {
        Assert.Null(state.OnFailed(PeerFailure.WrongCluster, "other"));
        Assert.Null(state.OnFailed(PeerFailure.NotListening, "away")); // it may come, and let the agent in
        Assert.Null(state.OnFailed(PeerFailure.WrongCluster, "other"));

        object? end = state.OnFailed(PeerFailure.WrongToken, "token");

        Assert.Equal(["a:1 refuses this agent: other", "b:1 refuses this agent: token"], Assert.IsType<MembershipRefused>(end).Reasons);
    }

    [Fact]
    public void OnAnswer_Garbage_CountsAsAFailure()
    {
        Assert.Null(state.OnAnswer(Peer(Guid.Empty), new byte[] { 1, 2, 3 }));

        Assert.Equal(1, state.FailuresInRow);
        Assert.Equal("b:1", state.Address);
    }

    [Fact]
    public void Actor_SeedsComeBack_PollsEverySecondAndAtOnceWhenAsked()
    {
        var simulation = new Simulation();
        var asked = new List<(double Second, string Address)>();
        var published = new List<ClusterViewChanged>();
        ClusterViewChanged? view = null;
        DateTimeOffset start = simulation.Time.GetUtcNow();
        IActorRef peers = simulation.System.ActorOf(Behaviour.Props(self => self.On<PeerRequest>(request =>
        {
            asked.Add(((simulation.Time.GetUtcNow() - start).TotalSeconds, request.Address));
            Assert.True(RouteCodec.TryDecodeRequest(request.Body, out long known));
            self.From.Tell(
                view is null
                    ? new PeerFailed(request.Tag, PeerFailure.NotListening, "away")
                    : new PeerAnswer(request.Tag, Peer(Guid.Empty), RouteCodec.EncodeAnswer(Shape, view, known)),
                self.Me);
        })));
        IActorRef listener = simulation.System.ActorOf(Behaviour.Props(self => self.On<ClusterViewChanged>(published.Add)));
        simulation.System.EventStream.Subscribe(listener, typeof(ClusterViewChanged));
        IActorRef agent = simulation.System.ActorOf(
            AgentActor.Props(new AgentSetup(peers, ["a:1", "b:1"], Shape, simulation.Time, new Random(1), NullLogger.Instance)));

        simulation.Advance(60);
        Assert.InRange(asked.Count, 12, 80); // in turn, with back-off up to 5 s
        Assert.Equal(["a:1", "b:1"], asked.Select(a => a.Address).Take(2));
        view = StreamCluster.View(5, 1, 1);
        simulation.Advance(10);
        Assert.Equal(5, Assert.Single(published).Version);

        asked.Clear();
        simulation.Advance(5);
        Assert.Equal(5, asked.Count);
        view = StreamCluster.View(6, 2, 2);
        simulation.Advance(0.5);
        int before = asked.Count;
        agent.Tell(new LookAgain(5), null); // it knows that much
        simulation.Advance(0.05);
        Assert.Equal(before, asked.Count);
        agent.Tell(new LookAgain(7), null);
        agent.Tell(new LookAgain(7), null);
        simulation.RunUntilIdle();
        simulation.Advance(0.11);

        Assert.Equal(before + 1, asked.Count);
        Assert.Equal(6, published[^1].Version);

        simulation.Advance(3); // the second wish has an answer, too
        string pinned = asked[^1].Address;
        before = asked.Count;
        simulation.Advance(3);
        Assert.All(asked.Skip(before), a => Assert.Equal(pinned, a.Address));
        agent.Tell(new LookAgain(7), null); // it has nothing newer, so somebody else may
        simulation.Advance(2);
        Assert.NotEqual(pinned, asked[^1].Address);
    }

    private static PeerIdentity Peer(Guid uuid) => new("n1", 1, "a:1", NodeRoles.Aggregator, "1", uuid);

    private object? Answer(ClusterViewChanged view, ClusterShape? shape = null, Guid uuid = default) =>
        state.OnAnswer(Peer(uuid), RouteCodec.EncodeAnswer(shape ?? Shape, view, state.Version > view.Version ? 0 : state.Version));
}
