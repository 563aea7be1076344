using MonitorCluster.Aggregate;
using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Transport;
using MonitorCluster.Query;
using MonitorCluster.TimeSeries.Model;
using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Tests.Query;

public sealed class QueryServiceTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Query_AnyNode_HasEveryShardOnce(int node)
    {
        var world = new QueryWorld(nodes: 3, shards: 7);

        IReadOnlyDictionary<string, double> answer = world.Query(world.Nodes[node]);

        Assert.Equal(["0", "1", "2", "3", "4", "5", "6"], answer.Keys.Order());
        Assert.Equal(2, answer["4"]);
        Assert.Equal(TimeSpan.Zero, world.Elapsed);
    }

    [Fact]
    public void Query_Matchers_AreHeldByEveryNode()
    {
        var world = new QueryWorld(nodes: 3, shards: 6);

        Assert.Equal(["4"], world.Query(world.Nodes[0], $"m{{host=\"{world.Host(4)}\"}}").Keys);
        Assert.Equal(["1", "2"], world.Query(world.Nodes[0], $"m{{host=~\"{world.Host(1)}|{world.Host(2)}\"}}").Keys.Order());
    }

    [Fact]
    public void Query_NamedHosts_AskTheirOwnersAlone()
    {
        var world = new QueryWorld(nodes: 3, shards: 6);
        world.Nodes[2].Link = LinkState.Silent;

        Assert.Equal(["1", "3", "4"], world.Query(world.Nodes[0], $"m{{host=~\"{world.Host(1)}|{world.Host(3)}|{world.Host(4)}\"}}").Keys.Order());
        Assert.Equal(TimeSpan.Zero, world.Elapsed);
        Assert.Throws<QueryException>(() => world.Query(world.Nodes[0], $"m{{host=\"{world.Host(2)}\"}}"));
    }

    [Fact]
    public void Query_NamedHostAndNoHeartbeatTaken_AsksEveryOwnerForItsVersion()
    {
        var world = new QueryWorld(nodes: 3, shards: 3);
        QueryNode zombie = world.Nodes[0];
        world.Nodes[1].Serve(0, 2, world.Series(0));
        world.Own(0, world.Nodes[1], epoch: 2);
        world.Publish(world.Nodes[1], world.Nodes[2]);
        string own = $"m{{host=\"{world.Host(0)}\"}}";

        Assert.Equal(["0"], world.Query(zombie, own).Keys); // it has just reached the store
        world.LoseStore(zombie);
        QueryException doubt = Assert.Throws<QueryException>(() => world.Query(zombie, own));

        Assert.Contains("others may own them", doubt.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Query_NamedHostAndANewerVersionNotRead_AsksEveryOwner()
    {
        var world = new QueryWorld(nodes: 3, shards: 3);
        QueryNode behind = world.Nodes[0];
        world.Nodes[1].Serve(0, 2, world.Series(0));
        world.Own(0, world.Nodes[1], epoch: 2);
        world.Publish(world.Nodes[1], world.Nodes[2]);

        behind.Routes.Confirm(new HeartbeatTaken(world.System.TimeProvider.GetTimestamp(), world.Nodes[1].Routes.Current.Version));

        Assert.Throws<QueryException>(() => world.Query(behind, $"m{{host=\"{world.Host(0)}\"}}"));
    }

    [Fact]
    public void Catalogue_AnyNode_IsThatOfAll()
    {
        var world = new QueryWorld(nodes: 3, shards: 3);
        QueryNode node = world.Nodes[2];
        world.Nodes[0].Metrics.Register(new MonitorCluster.Collect.MetricFamily("m", MetricType.Gauge, "first", ""));
        world.Nodes[1].Metrics.Register(new MonitorCluster.Collect.MetricFamily("other", MetricType.Counter, "", "bytes"));

        IReadOnlyList<LabelSet> series = world.Run(() => node.Query.SeriesAsync([], 0, 10_000, null, default));
        IReadOnlyList<string> names = world.Run(() => node.Query.LabelNamesAsync([], 0, 10_000, null, default));
        IReadOnlyList<string> values = world.Run(() => node.Query.LabelValuesAsync("host", [], 0, 10_000, null, default));
        TsdbStatus status = world.Run(() => node.Query.TsdbStatusAsync(null, default));
        IReadOnlyList<MetricMetadata> metadata = world.Run(() => node.Query.MetadataAsync(null, default));

        Assert.Equal([.. Enumerable.Range(0, 3).Select(world.Series).Order()], series);
        Assert.Equal(["__name__", "host", "shard"], names);
        Assert.Equal([.. Enumerable.Range(0, 3).Select(world.Host).Order(StringComparer.Ordinal)], values);
        Assert.Equal((3, 7, 6, 1_000, 3_000), (status.SeriesCount, status.LabelPairCount, status.ChunkCount, status.OldestMs, status.NewestMs));
        Assert.Equal([new NamedCount("m", 3)], status.SeriesCountByMetric);
        Assert.Equal([new MetricMetadata("m", "gauge", "first", ""), new MetricMetadata("other", "counter", "", "bytes")], metadata);
    }

    [Fact]
    public void Query_OwnerOfAnOlderVersion_IsLookedForAgain()
    {
        var world = new QueryWorld(nodes: 3, shards: 3);
        (QueryNode asked, QueryNode old, QueryNode now) = (world.Nodes[0], world.Nodes[1], world.Nodes[2]);
        old.Drop(1);
        now.Serve(1, 2, world.Series(1));
        world.Own(1, now, epoch: 2);
        world.Publish(old, now);
        world.After(TimeSpan.FromMilliseconds(20), () => world.Publish(asked)); // what LookAgain brings

        IReadOnlyDictionary<string, double> answer = world.Query(asked);

        Assert.Equal(3, answer["1"]);
        Assert.Equal([old.Routes.Current.Version], asked.LooksAgain.Distinct());
        Assert.Equal(TimeSpan.FromMilliseconds(20), world.Elapsed);
    }

    [Fact]
    public void Query_NewOwnerLoads_IsAnsweredByTheOneBeforeAtOnce()
    {
        var world = new QueryWorld(nodes: 3, shards: 3);
        (QueryNode old, QueryNode now) = (world.Nodes[1], world.Nodes[2]);
        old.Become(1, LocalShardStatus.Released);
        now.Put(new LocalShard(1, 2, LocalShardStatus.Loading, null));
        world.Own(1, now, epoch: 2);
        world.Publish();

        IReadOnlyDictionary<string, double> answer = world.Query(world.Nodes[0]);

        Assert.Equal(2, answer["1"]);
        Assert.Equal(TimeSpan.Zero, world.Elapsed);
    }

    [Fact]
    public void Query_EpochsBetween_NeverAskAnOlderOwner()
    {
        var world = new QueryWorld(nodes: 3, shards: 3);
        world.Nodes[1].Become(1, LocalShardStatus.Released); // of epoch 1; somebody took samples in epoch 2
        world.Nodes[2].Put(new LocalShard(1, 3, LocalShardStatus.Loading, null));
        world.Own(1, world.Nodes[2], epoch: 3);
        world.Publish();
        world.After(Second, () => world.Nodes[2].Serve(1, 3, world.Series(1)));

        Assert.Equal(3, world.Query(world.Nodes[0])["1"]);
        Assert.InRange(world.Elapsed, 0.9 * Second, 2 * Second);
    }

    [Fact]
    public void Query_NewOwnerLoadsAndTheOneBeforeLetGo_WaitsForIt()
    {
        var world = new QueryWorld(nodes: 3, shards: 3);
        (QueryNode old, QueryNode now) = (world.Nodes[1], world.Nodes[2]);
        old.Drop(1);
        now.Put(new LocalShard(1, 2, LocalShardStatus.Loading, null));
        world.Own(1, now, epoch: 2);
        world.Publish();
        world.After(2 * Second, () => now.Serve(1, 2, world.Series(1)));

        IReadOnlyDictionary<string, double> answer = world.Query(world.Nodes[0]);

        Assert.Equal(3, answer["1"]);
        Assert.InRange(world.Elapsed, 2 * Second, 2.5 * Second);
    }

    [Fact]
    public void Query_NodeDies_IsAnsweredWhenOthersHaveItsShards()
    {
        var world = new QueryWorld(nodes: 3, shards: 3);
        world.Nodes[1].Link = LinkState.Cut;
        world.After(3 * Second, () =>
        {
            world.Kill(world.Nodes[1]);
            world.Nodes[2].Serve(1, 2, world.Series(1));
            world.Own(1, world.Nodes[2], epoch: 2);
            world.Publish();
        });

        IReadOnlyDictionary<string, double> answer = world.Query(world.Nodes[0]);

        Assert.Equal(3, answer["1"]);
        Assert.Equal(3 * Second, world.Elapsed);
    }

    [Theory]
    [InlineData(LinkState.Cut, "shards 1, 4: n2 does not answer (the link broke)")]
    [InlineData(LinkState.Silent, "shards 1, 4: n2 does not answer (no answer to a ping)")]
    internal void Query_NodeGone_EndsAfterFiveSecondsAndNamesItsShards(LinkState link, string message)
    {
        var world = new QueryWorld(nodes: 3, shards: 6);
        world.Nodes[1].Link = link;

        QueryException failure = Assert.Throws<QueryException>(() => world.Query(world.Nodes[0]));

        Assert.Equal(QueryErrorKind.Unavailable, failure.Kind);
        Assert.Equal(message, failure.Message);
        Assert.InRange(world.Elapsed, 5 * Second, 8 * Second);
    }

    [Fact]
    public void Query_NodeGoneAndPartTaken_AnswersWithoutItAndWarns()
    {
        var world = new QueryWorld(nodes: 3, shards: 6);
        world.Nodes[1].Link = LinkState.Cut;
        var scope = new QueryScope(takesPart: true);

        IReadOnlyDictionary<string, double> answer = world.Query(world.Nodes[0], scope: scope);

        Assert.Equal(["0", "2", "3", "5"], answer.Keys.Order());
        Assert.Equal(["shards 1, 4: n2 does not answer (the link broke)"], scope.Warnings);

        world.Query(world.Nodes[0], scope: scope);
        Assert.Equal(TimeSpan.Zero, world.Elapsed); // what was waited for once is not waited for again
    }

    [Theory]
    [InlineData("m")]
    [InlineData("m + on(shard) m")] // the second selector does not wait again for what the first one has waited for
    public void Query_NodeSlowAndPartTaken_AnswersWithoutItInTheAskersTime(string promql)
    {
        var world = new QueryWorld(nodes: 2, shards: 4);
        world.Nodes[1].Link = LinkState.Slow; // answers pings, and no leg
        var scope = new QueryScope(10 * Second, takesPart: true);

        IReadOnlyDictionary<string, double> answer = world.Query(world.Nodes[0], promql, scope);

        Assert.Equal(["0", "2"], answer.Keys.Order());
        Assert.All(scope.Warnings, warning => Assert.StartsWith("shards 1, 3: n2 does not answer", warning, StringComparison.Ordinal));
        Assert.NotEmpty(scope.Warnings);
        Assert.InRange(world.Elapsed, 8 * Second, 9.5 * Second);
    }

    [Fact]
    public void Query_NodeThatCannotReadTheNewestVersion_DoubtsItsOwnShards()
    {
        var world = new QueryWorld(nodes: 2, shards: 2);
        (QueryNode cutOff, QueryNode now) = (world.Nodes[0], world.Nodes[1]);
        now.Serve(0, 2, world.Series(0));
        world.Own(0, now, epoch: 2);
        world.Publish(now); // the other one goes on to serve shard 0 in epoch 1
        world.LoseStore(cutOff);
        var part = new QueryScope(takesPart: true);
        string doubt = $"shards 0: n1 does not reach the store, and others may own them since version {now.Routes.Current.Version} of the cluster";

        QueryException failure = Assert.Throws<QueryException>(() => world.Query(cutOff));
        Assert.Equal((QueryErrorKind.Unavailable, doubt), (failure.Kind, failure.Message));
        Assert.Equal(5 * Second, world.Elapsed);
        world.Query(cutOff, scope: part);
        Assert.Equal([doubt], part.Warnings);

        world.After(Second, () => world.Publish()); // the store is there again
        Assert.Equal(2, world.Query(cutOff).Count);
        Assert.Equal(2, world.Query(cutOff)["0"]);
    }

    [Fact]
    public void Query_NobodyReachesTheStore_AnswersAtOnceWhenAllKnowTheSame()
    {
        var world = new QueryWorld(nodes: 3, shards: 3);
        world.LoseStore(world.Nodes);
        var scope = new QueryScope();

        Assert.Equal(3, world.Query(world.Nodes[0], scope: scope).Count);
        Assert.Equal(["0"], world.Query(world.Nodes[0], $"m{{host=\"{world.Host(0)}\"}}", scope).Keys); // the two others are asked, too
        Assert.Equal((TimeSpan.Zero, false), (world.Elapsed, scope.IsPart));
    }

    [Fact]
    public void Query_NoStoreAndANodeThatCannotBeAsked_AnswersWithADoubt()
    {
        var world = new QueryWorld(nodes: 3, shards: 3);
        world.LoseStore(world.Nodes);
        world.Nodes[2].Link = LinkState.Silent;
        var scope = new QueryScope();

        Assert.Equal(["0"], world.Query(world.Nodes[0], $"m{{host=\"{world.Host(0)}\"}}", scope).Keys);
        Assert.Equal(["shards 0: n1 does not reach the store, and others may own them: n3 cannot be asked"], scope.Warnings);
        Assert.InRange(world.Elapsed, 0.9 * Second, 2 * Second);
    }

    [Fact]
    public void Query_NoOwner_EndsWithinTheAskersTime()
    {
        var world = new QueryWorld(nodes: 2, shards: 4);
        world.Own(3, null, epoch: 1);
        world.Publish();

        QueryException failure = Assert.Throws<QueryException>(() => world.Query(world.Nodes[0], scope: new QueryScope(Second)));

        Assert.Equal("shards 3: no owner", failure.Message);
        Assert.Equal(0.8 * Second, world.Elapsed);
    }

    [Fact]
    public void Query_SlowNodeThatAnswersPings_IsWaitedFor()
    {
        var world = new QueryWorld(nodes: 2, shards: 2);
        world.Nodes[1].Link = LinkState.Slow;
        world.After(10 * Second, () => world.Nodes[1].Link = LinkState.Cut);
        world.After(11 * Second, () => world.Nodes[1].Link = LinkState.Up);

        Assert.Equal(2, world.Query(world.Nodes[0]).Count);
        Assert.InRange(world.Elapsed, 11 * Second, 15 * Second);
    }

    [Fact]
    public void Query_OtherNodeIsSlow_ReadsItsOwnShardsMeanwhile()
    {
        var world = new QueryWorld(nodes: 2, shards: 2);
        (QueryNode slow, QueryNode asked) = (world.Nodes[0], world.Nodes[1]);
        var readAt = new List<TimeSpan>();
        DateTimeOffset start = world.System.TimeProvider.GetUtcNow();
        IActorRef own = world.System.ActorOf(Props.Create(() => new EmptyShard(time => readAt.Add(time - start))));
        asked.Put(new LocalShard(1, 1, LocalShardStatus.Ready, own));
        slow.Link = LinkState.Slow;
        world.After(10 * Second, () => slow.Link = LinkState.Cut);
        world.After(12 * Second, () => slow.Link = LinkState.Up);

        world.Query(asked);

        Assert.Equal(TimeSpan.Zero, readAt[0]);
    }

    [Fact]
    public void Query_AskerGoesAway_TakesItsLegsBack()
    {
        var world = new QueryWorld(nodes: 3, shards: 3);
        world.Nodes[1].Link = LinkState.Slow;
        using var gone = new CancellationTokenSource();
        world.After(3 * Second, gone.Cancel);
        Assert.True(PromQlQuery.TryParse("m", out PromQlQuery query, out _));

        Assert.ThrowsAny<OperationCanceledException>(
            () => world.Run(() => world.Nodes[0].Query.EvaluateAsync(query, QueryTimes.At(3_000), null, gone.Token)));

        Assert.Equal(3 * Second, world.Elapsed);
        world.Query(world.Nodes[2], $"m{{host=\"{world.Host(2)}\"}}", new QueryScope(Second, takesPart: true)); // lets the message arrive
        CancelRequest cancel = Assert.Single(world.Nodes[0].Cancelled); // n3 has answered
        Assert.Equal((world.Nodes[1].Address, RequestKind.QueryLeg), (cancel.Address, cancel.Kind));
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(2, 1)]
    public void Query_PingsLate_OneMeansNothingTwoThatTheNodeHangs(int lost, int shards)
    {
        var world = new QueryWorld(nodes: 2, shards: 2);
        world.Nodes[1].Link = LinkState.Slow;
        world.Nodes[1].PingsLost = lost;
        var scope = new QueryScope(12 * Second, takesPart: true);
        world.After(9 * Second, () => world.Nodes[1].Link = LinkState.Cut);
        world.After(9.5 * Second, () => world.Nodes[1].Link = LinkState.Up);

        Assert.Equal(shards, world.Query(world.Nodes[0], scope: scope).Count);
    }

    [Fact]
    public void Query_NotJoined_IsUnavailableAtOnce()
    {
        var world = new QueryWorld(nodes: 2, shards: 0);

        QueryException failure = Assert.Throws<QueryException>(() => world.Query(world.Nodes[0]));

        Assert.Equal((QueryErrorKind.Unavailable, "this node has not joined the cluster yet"), (failure.Kind, failure.Message));
    }

    [Theory]
    [InlineData(5, 100_000, "the query reads more than 5 samples; narrow the selector or the range")] // no single leg does
    [InlineData(2, 100_000, "the query reads more than 2 samples; narrow the selector or the range")]
    [InlineData(100_000, 1, "the query reads more than 1 series; add matchers")]
    public void Query_OverBudget_FailsWhicheverSideFindsOut(long samplesMax, int seriesMax, string message)
    {
        var world = new QueryWorld(nodes: 2, shards: 2, new QueryLimits { SamplesMax = samplesMax, SeriesMax = seriesMax });

        QueryException failure = Assert.Throws<QueryException>(() => world.Query(world.Nodes[0]));

        Assert.Equal((QueryErrorKind.Execution, message), (failure.Kind, failure.Message));
    }

    [Fact]
    public void Query_ShardThatStopsAnswering_IsAskedAgain()
    {
        var world = new QueryWorld(nodes: 2, shards: 2);
        IActorRef dead = world.System.ActorOf(Props.Create(() => new Mute()));
        world.Nodes[1].Put(new LocalShard(1, 1, LocalShardStatus.Ready, dead)); // fenced, and its region does not know yet
        world.After(Second, () => world.Nodes[1].Serve(1, 1, world.Series(1)));

        Assert.Equal(2, world.Query(world.Nodes[0]).Count);
    }

    private sealed class Mute : ReceiveActor
    {
        public Mute() => ReceiveAny(_ => { });
    }

    private sealed class EmptyShard : ReceiveActor
    {
        public EmptyShard(Action<DateTimeOffset> asked) => Receive<FindSeries>(_ =>
        {
            asked(Context.System.TimeProvider.GetUtcNow());
            Sender.Tell((IReadOnlyList<FoundSeries>)[]);
        });
    }
}
