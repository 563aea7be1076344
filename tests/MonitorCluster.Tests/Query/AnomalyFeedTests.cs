using MonitorCluster.Aggregate;
using MonitorCluster.Alert;
using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Tests.Query;

public sealed class AnomalyFeedTests
{
    [Fact]
    public void Verdicts_OfAll_AreThoseOfEveryShardWithTheUnusualFirst()
    {
        var world = new QueryWorld(nodes: 2, shards: 4);

        SeriesVerdicts all = Verdicts(world, "m", all: true);
        SeriesVerdicts some = Verdicts(world, "m", all: false);
        SeriesVerdicts first = Verdicts(world, "m", all: true, max: 3);

        Assert.Equal(["3", "1", "2", "0"], all.Verdicts.Select(v => v.Labels["shard"]));
        Assert.Equal(["3", "1"], some.Verdicts.Select(v => v.Labels["shard"]));
        Assert.Equal(["3", "1", "2"], first.Verdicts.Select(v => v.Labels["shard"]));
        Assert.Equal((false, false, true), (all.IsCut, some.IsCut, first.IsCut));
    }

    [Fact]
    public void Verdicts_OfNamedHosts_AskTheirShardsAlone()
    {
        var world = new QueryWorld(nodes: 2, shards: 2);
        world.Nodes[1].Link = LinkState.Cut;

        SeriesVerdicts there = Verdicts(world, $$"""m{host="{{world.Host(0)}}"}""", all: true);

        Assert.Equal(["0"], there.Verdicts.Select(v => v.Labels["shard"]));
        Assert.Empty(there.Warnings);
        QueryException failure = Assert.Throws<QueryException>(() => Verdicts(world, $$"""m{host="{{world.Host(1)}}"}""", all: true));
        Assert.Equal(QueryErrorKind.Unavailable, failure.Kind);
    }

    [Fact]
    public void Verdicts_MatchersThatNoMailboxKnows_AreAppliedByTheLeg()
    {
        var world = new QueryWorld(nodes: 2, shards: 4);

        Assert.Equal(["3", "1", "0"], Verdicts(world, """m{shard!="2"}""", all: true).Verdicts.Select(v => v.Labels["shard"]));
        Assert.Equal(["1"], Verdicts(world, """{shard=~"1|2"}""", all: false).Verdicts.Select(v => v.Labels["shard"]));
        Assert.Empty(Verdicts(world, "other", all: true).Verdicts);
    }

    [Fact]
    public void Mutes_OfSeveralShards_AreNamedOnce()
    {
        var world = new QueryWorld(nodes: 2, shards: 2);

        Mutes mutes = world.Run(() => world.Nodes[0].Anomalies.MutesAsync(takesPart: false, default));

        Assert.Equal(["all", "of-0", "of-1"], mutes.All.Select(m => m.Id));
    }

    [Theory]
    [InlineData(FeedbackKind.Expected, "", "1-1", "1", 2)]
    [InlineData(FeedbackKind.Mute, "m{host=\"0\"}", "", "0", 2)] // the host of shard 0
    [InlineData(FeedbackKind.Offset, "m", "", "0 1 2", 6)]
    [InlineData(FeedbackKind.Unmute, "", "x-1", "0 1 2", 6)]
    public void Give_WhatItNames_GoesToItsShardsAndIsFlushedThere(FeedbackKind kind, string selector, string target, string shards, int series)
    {
        var world = new QueryWorld(nodes: 3, shards: 3);
        selector = selector.Replace("\"0\"", $"\"{world.Host(0)}\"", StringComparison.Ordinal);
        var command = new FeedbackCommand { Id = "c", Kind = kind, Selector = selector, Target = target };

        FeedbackResult result = world.Run(() => world.Nodes[0].Anomalies.GiveAsync(command, default));

        Assert.Equal((true, series, 0), (result.IsFound, result.Series, result.Warnings.Count));
        for (int shard = 0; shard < 3; shard++)
        {
            string[] expected = shards.Contains($"{shard}", StringComparison.Ordinal) ? [$"{shard}: {kind} c {command.Selector}{target}", "flush"] : [];
            Assert.Equal(expected, world.Nodes[shard].Acts);
        }
    }

    [Theory]
    [InlineData("1-2")] // not open
    [InlineData("9-1")] // no such shard
    [InlineData("c-1")] // no shard at all
    [InlineData("+1-1")]
    public void Give_ToNoSuchAlert_IsNotFoundAndFlushesNothing(string id)
    {
        var world = new QueryWorld(nodes: 2, shards: 2);

        FeedbackResult result = world.Run(
            () => world.Nodes[0].Anomalies.GiveAsync(new FeedbackCommand { Id = "c", Kind = FeedbackKind.Real, Target = id }, default));

        Assert.False(result.IsFound);
        Assert.DoesNotContain("flush", world.Nodes.SelectMany(n => n.Acts));
    }

    [Fact]
    public void Give_LostWithItsShard_IsSaidToTheNewOwner()
    {
        var world = new QueryWorld(nodes: 3, shards: 3);
        (QueryNode asked, QueryNode old, QueryNode now) = (world.Nodes[0], world.Nodes[1], world.Nodes[2]);
        world.Own(1, now, epoch: 2); // the store knows, nobody else does: what the old owner flushes is fenced
        world.After(TimeSpan.FromSeconds(1), () =>
        {
            old.Become(1, LocalShardStatus.Released);
            now.Serve(1, 2, world.Series(1));
            world.Publish();
        });

        FeedbackResult result = world.Run(
            () => asked.Anomalies.GiveAsync(new FeedbackCommand { Id = "c", Kind = FeedbackKind.Expected, Target = "1-1" }, default));

        Assert.Equal((true, 2), (result.IsFound, result.Series));
        Assert.Equal(["1: Expected c 1-1", "flush"], now.Acts);
        Assert.Equal(TimeSpan.FromSeconds(1), world.Elapsed);
    }

    [Fact]
    public void Give_SomeShardsGone_SaysWhichDidNotHearIt()
    {
        var world = new QueryWorld(nodes: 2, shards: 2);
        world.Nodes[1].Link = LinkState.Cut;

        FeedbackResult result = world.Run(
            () => world.Nodes[0].Anomalies.GiveAsync(new FeedbackCommand { Id = "c", Kind = FeedbackKind.Mute, Selector = "m", UntilMs = 9 }, default));

        Assert.Equal((true, 2), (result.IsFound, result.Series));
        Assert.Equal(["shards 1: n2 does not answer (the link broke)"], result.Warnings);
        var atTheOther = new FeedbackCommand { Id = "c", Kind = FeedbackKind.Real, Target = "1-1" };
        Assert.Throws<QueryException>(() => world.Run(() => world.Nodes[0].Anomalies.GiveAsync(atTheOther, default)));
    }

    [Fact]
    public void Give_BadSelector_SaysWhere()
    {
        var world = new QueryWorld(nodes: 1, shards: 1);
        var command = new FeedbackCommand { Id = "c", Kind = FeedbackKind.Accept, Selector = "m{" };

        QueryException failure = Assert.Throws<QueryException>(() => world.Run(() => world.Nodes[0].Anomalies.GiveAsync(command, default)));

        Assert.Equal(QueryErrorKind.BadData, failure.Kind);
        Assert.StartsWith("invalid selector: 1:3", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Incidents_ResolvedOnes_ComeFromTheLogNewestFirst()
    {
        var world = new QueryWorld(nodes: 1, shards: 1);
        QueryNode node = world.Nodes[0];
        node.Log.AddRange(Enumerable.Range(1, 6).Select(i => Record(world, $"0-{i}", i) with
        {
            Kind = i == 2 ? AlertKind.Stale : i == 4 ? AlertKind.Anomaly : AlertKind.Incident,
            Status = i == 6 ? AlertStatus.Firing : AlertStatus.Resolved,
        }));

        Incidents resolved = world.Run(() => node.Anomalies.IncidentsAsync(IncidentStatus.Resolved, null, 3, takesPart: false, default));
        Incidents open = world.Run(() => node.Anomalies.IncidentsAsync(IncidentStatus.Open, null, 3, takesPart: false, default));

        Assert.Equal(["0-5", "0-3", "0-2"], resolved.All.Select(a => a.Id));
        Assert.True(resolved.IsCut);
        Assert.Empty(open.All); // the shard's one open alert is an anomaly
    }

    [Fact]
    public void Incident_ThatEnded_HasItsTransitionsAndThoseOfItsMembers()
    {
        var world = new QueryWorld(nodes: 1, shards: 1);
        QueryNode node = world.Nodes[0];
        node.Log.Add(Record(world, "0-5", 1) with { Kind = AlertKind.Incident });
        node.Log.Add(Record(world, "0-2", 2) with { Incident = "0-5" });
        node.Log.Add(Record(world, "0-3", 3));
        node.Log.Add(Record(world, "0-5", 4) with { Kind = AlertKind.Incident, Status = AlertStatus.Resolved });

        IncidentHistory? history = world.Run(() => node.Anomalies.IncidentAsync("0-5", default));

        Assert.NotNull(history);
        Assert.Equal([1L, 2L, 4L], history.Timeline.Select(a => a.Seq!.Value));
        Assert.False(history.IsCut);
        node.Log.Clear();
        Assert.Null(world.Run(() => node.Anomalies.IncidentAsync("0-7", default)));
    }

    private static AlertRecord Record(QueryWorld world, string id, long seq) => Tests.Alert.Alerts.Make(world.Series(0), id: id, seq: seq);

    private static SeriesVerdicts Verdicts(QueryWorld world, string selector, bool all, int max = 100)
    {
        Assert.True(PromQlQuery.TryParseSelector(selector, out IReadOnlyList<LabelMatcher> matchers, out _));
        return world.Run(() => world.Nodes[0].Anomalies.VerdictsAsync([matchers], all, max, takesPart: false, default));
    }
}
