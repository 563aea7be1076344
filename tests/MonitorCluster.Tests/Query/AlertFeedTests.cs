using MonitorCluster.Aggregate;
using MonitorCluster.Alert;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Query;
using MonitorCluster.TimeSeries.Model;
using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Tests.Query;

public sealed class AlertFeedTests
{
    [Fact]
    public void OpenAlerts_AnyNode_AreThoseOfAllShardsWithTheirNumbers()
    {
        var world = new QueryWorld(nodes: 2, shards: 3);
        AlertRecord stored = Tests.Alert.Alerts.Make(world.Series(2), id: "2-1", seq: 7);
        AlertRecord own = Tests.Alert.Alerts.Make(world.Series(0), id: "c-1", seq: 8);
        world.Nodes[0].Stored.Add(Row(stored, 2, AlertState.Firing));
        world.Nodes[0].Stored.Add(Row(own, null, AlertState.Firing));

        OpenAlerts open = world.Run(() => world.Nodes[0].Feed.OpenAlertsAsync(takesPart: false, default));

        Assert.Equal([("0-1", null), ("1-1", null), ("2-1", 7L), ("c-1", (long?)8)], open.Alerts.Select(a => (a.Id, a.Seq)).OrderBy(a => a.Id));
        Assert.Empty(open.Warnings);
    }

    [Fact]
    public void OpenAlerts_NodeGone_FailOrSayWhatIsMissing()
    {
        var world = new QueryWorld(nodes: 2, shards: 2);
        world.Nodes[1].Link = LinkState.Cut;

        OpenAlerts part = world.Run(() => world.Nodes[0].Feed.OpenAlertsAsync(takesPart: true, default));

        Assert.Equal(["0-1"], part.Alerts.Select(a => a.Id));
        Assert.Equal(["shards 1: n2 does not answer (the link broke)"], part.Warnings);
        QueryException failure = Assert.Throws<QueryException>(() => world.Run(() => world.Nodes[0].Feed.OpenAlertsAsync(takesPart: false, default)));
        Assert.Equal(QueryErrorKind.Unavailable, failure.Kind);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Acknowledge_AnyNode_ReachesTheOwnerAndIsFlushedThere(int asked)
    {
        var world = new QueryWorld(nodes: 2, shards: 2);
        world.Nodes[1].Stored.Add(Row(Tests.Alert.Alerts.Make(world.Series(1), id: "1-1"), 1, AlertState.Acknowledged));

        AcknowledgeOutcome outcome = world.Run(() => world.Nodes[asked].Feed.AcknowledgeAsync("1-1", "ann", "mine", default));

        Assert.Equal(AcknowledgeOutcome.Acknowledged, outcome);
        Assert.Equal(["ack 1-1 by ann: mine", "flush"], world.Nodes[1].Acts);
        Assert.Empty(world.Nodes[0].Acts);
    }

    [Fact]
    public void Acknowledge_LostWithItsShard_IsSaidToTheNewOwner()
    {
        var world = new QueryWorld(nodes: 3, shards: 3);
        (QueryNode asked, QueryNode old, QueryNode now) = (world.Nodes[0], world.Nodes[1], world.Nodes[2]);
        AlertRecord alert = Tests.Alert.Alerts.Make(world.Series(1), id: "1-1");
        old.Stored.Add(Row(alert, 1, AlertState.Firing)); // fenced: the flush left it out
        now.Stored.Add(Row(alert, 1, AlertState.Acknowledged));
        world.After(TimeSpan.FromSeconds(1), () =>
        {
            old.Become(1, LocalShardStatus.Released);
            now.Serve(1, 2, world.Series(1));
            world.Own(1, now, epoch: 2);
            world.Publish();
        });

        AcknowledgeOutcome outcome = world.Run(() => asked.Feed.AcknowledgeAsync("1-1", "ann", "", default));

        Assert.Equal(AcknowledgeOutcome.Acknowledged, outcome);
        Assert.Equal(["ack 1-1 by ann: ", "flush"], now.Acts);
        Assert.Equal(TimeSpan.FromSeconds(1), world.Elapsed);
    }

    [Fact]
    public void Acknowledge_ReleasedShard_IsNeverChanged()
    {
        var world = new QueryWorld(nodes: 2, shards: 2);
        world.Nodes[1].Become(1, LocalShardStatus.Released);

        QueryException failure = Assert.Throws<QueryException>(() => world.Run(() => world.Nodes[0].Feed.AcknowledgeAsync("1-1", "ann", "", default)));

        Assert.Equal("shards 1: n2 does not own them", failure.Message);
        Assert.Empty(world.Nodes[1].Acts);
    }

    [Theory]
    [InlineData("1-2")] // not open
    [InlineData("9-1")] // no such shard
    [InlineData("c-1")] // no shard at all
    [InlineData("")]
    [InlineData("+1-1")]
    public void Acknowledge_NoSuchAlert_IsNotOpen(string id)
    {
        var world = new QueryWorld(nodes: 2, shards: 2);

        Assert.Equal(AcknowledgeOutcome.NotOpen, world.Run(() => world.Nodes[0].Feed.AcknowledgeAsync(id, "ann", "", default)));
        Assert.DoesNotContain("flush", world.Nodes.SelectMany(n => n.Acts));
    }

    [Fact]
    public void Acknowledge_OfTheFleet_IsWrittenByWhomeverIsAskedOnWhatWasRead()
    {
        var world = new QueryWorld(nodes: 2, shards: 2);
        QueryNode asked = world.Nodes[1];
        asked.Stored.Add(Row(Tests.Alert.Alerts.Make(LabelSet.Empty, id: "c-4", seq: 4, channel: "fleet"), null, AlertState.Firing));
        asked.Stored.Add(Row(Tests.Alert.Alerts.Make(LabelSet.Empty, id: "c-5", seq: 5), null, AlertState.Acknowledged));
        asked.Acknowledged.Enqueue(null); // somebody wrote meanwhile
        asked.Acknowledged.Enqueue(9);

        Assert.Equal(AcknowledgeOutcome.Acknowledged, world.Run(() => asked.Feed.AcknowledgeAsync("c-4", "ann", "mine", default)));
        Assert.Equal(AcknowledgeOutcome.Acknowledged, world.Run(() => asked.Feed.AcknowledgeAsync("c-5", "ann", "mine", default)));
        Assert.Equal(AcknowledgeOutcome.NotOpen, world.Run(() => asked.Feed.AcknowledgeAsync("c-6", "ann", "mine", default)));

        Assert.Empty(asked.Acknowledged);
        Assert.Equal([9], asked.Committed);
    }

    [Fact]
    public async Task Announce_FromWhicheverNode_WakesReadersAndNeverGoesBack()
    {
        var world = new QueryWorld(nodes: 1, shards: 1);
        AlertFeed feed = world.Nodes[0].Feed;
        Assert.False(feed.IsAnnounced);
        feed.Announce(5);
        Task waits = feed.WaitForNewAsync(5, default);

        feed.Announce(4);
        Assert.False(waits.IsCompleted);
        feed.Announce(6);
        await waits;

        Assert.Equal(6, feed.NewestSequence);
        Assert.True(feed.IsAnnounced);
    }

    [Fact]
    public void Announce_OfWhatTheLogDoesNotHave_IsCorrectedByReadingIt()
    {
        var world = new QueryWorld(nodes: 1, shards: 1);
        long stored = 10;
        Action whileReading = () => { };
        IActorRef reader = world.System.ActorOf(Props.Create(() => new LogReader(() =>
        {
            whileReading();
            return stored;
        })));
        var feed = new AlertFeed(reader, world.Nodes[0].Gather, reader);
        feed.Announce(1_000);

        world.Run(() => feed.ReadLogAsync(10, 5, default));
        Assert.Equal(10, feed.NewestSequence);
        Task waits = feed.WaitForNewAsync(10, default);
        Assert.False(waits.IsCompleted);
        feed.Announce(stored = 11);
        world.Run(async () =>
        {
            await waits;
            return 0;
        });

        whileReading = () => feed.Announce(12); // committed after the log was read
        world.Run(() => feed.ReadLogAsync(11, 5, default));
        Assert.Equal(12, feed.NewestSequence);
    }

    private sealed class LogReader : ReceiveActor
    {
        public LogReader(Func<long> read) =>
            Receive<StoreCommand>(m => Sender.Tell(new StoreReply(m.Name, m.Tag, (read(), (IReadOnlyList<AlertLogRow>)[]))));
    }

    private static OpenAlertRow Row(AlertRecord alert, int? shard, AlertState state) =>
        new(alert.Id, shard, state, System.Text.Encoding.UTF8.GetString(AlertJson.ToBytes(alert)));
}
