using System.Text.Json;
using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Tests.Cluster.Storage;

public abstract partial class StoreConformanceTests
{
    [ConformanceFact]
    public void Flush_OwnedShards_AreLoadedBackByteForByte()
    {
        SqlStore store = OpenStore();
        long me = StartAlone(store);
        SeriesRow series = new(0, [1, 2, 3], 1_700_000_000_000);

        FlushResult result = store.Flush(Flush(me, Row(3, 1, 1, series), Row(1, 1, 1)));
        store.Flush(Flush(me, Row(3, 1, 2)));

        Assert.Empty(result.FencedShards);
        ShardLoad load = store.LoadShard(3)!;
        Assert.Equal((1L, me, 2L), (load.Epoch, load.Owner, load.LastJseq));
        Assert.Null(load.Snapshot);
        Assert.Equal([1L, 2L], load.Journal.Select(row => row.Jseq));
        Assert.Equal(new byte[] { 3, 2 }, load.Journal[1].Body);
        Assert.Equal(new byte[] { 1, 2 }, load.Journal[1].Marks);
        Assert.Equal((1L, me, 3), (load.Journal[1].Epoch, load.Journal[1].Writer, load.Journal[1].Samples));
        Assert.Equal(new byte[] { 1, 2, 3 }, Assert.Single(load.Series).Labels);
        Assert.Equal(1_700_000_000_000, load.Series[0].FirstMs);
        Assert.Equal([1, 3], store.ShardsWithData());
        Assert.Null(store.LoadShard(16));
    }

    [ConformanceFact]
    public void Flush_ManySeriesAndLargeBodies_AreLoadedBack()
    {
        SqlStore store = OpenStore();
        long me = StartAlone(store);
        byte[] body = new byte[700_000]; // two of them are more than one batch takes
        new Random(5).NextBytes(body);
        SeriesRow[] series = [.. Enumerable.Range(0, 600).Select(no => new SeriesRow(no, BitConverter.GetBytes(no), no))];

        store.Flush(Flush(me, [.. Enumerable.Range(0, 5).Select(shard => Row(shard, 1, 1, series) with { Body = body })]));

        for (int shard = 0; shard < 5; shard++)
        {
            ShardLoad load = store.LoadShard(shard)!;
            Assert.Equal(body, Assert.Single(load.Journal).Body);
            Assert.Equal(Enumerable.Range(0, 600), load.Series.Select(row => BitConverter.ToInt32(row.Labels)));
        }
    }

    [ConformanceFact]
    public void Flush_StaleEpochOrForeignShard_LeavesOnlyThatShardOut()
    {
        SqlStore store = OpenStore();
        long first = StartAlone(store);
        long second = TakeOver(store, first, 2);

        FlushResult zombie = store.Flush(new FlushRequest(first, [Row(1, 1, 1, new SeriesRow(0, [1], 0))], [Alert(1, "1-1", AlertState.Firing)]));
        FlushResult mixed = store.Flush(Flush(second, Row(1, 2, 1), Row(2, 1, 1)));

        Assert.Equal([1], zombie.FencedShards);
        Assert.Equal([0L], zombie.AlertSequences);
        Assert.Equal([2], mixed.FencedShards);
        Assert.Equal([1], store.ShardsWithData());
        Assert.Equal(second, Assert.Single(store.LoadShard(1)!.Journal).Writer);
        Assert.Empty(store.LoadShard(1)!.Series);
        Assert.Equal(0, store.LastAlertSequence());
    }

    [ConformanceFact]
    public void FlushRetry_AfterALostReply_AddsNothingAndFindsTheNumbers()
    {
        HookedConnections hooks = new(Connections);
        SqlStore store = NewStore(hooks);
        store.Open(Identity());
        long me = StartAlone(store);
        FlushRequest request = new(
            me,
            [Row(1, 1, 1, new SeriesRow(0, [1], 0)), Row(2, 1, 1)],
            [Alert(2, "2-1", AlertState.Pending), Alert(1, "1-1", AlertState.Pending), Alert(2, "2-1", AlertState.Firing)]);
        LoseReplyOf(hooks, store.Dialect.Commit);

        Assert.Throws<StoreUnavailableException>(() => store.Flush(request));
        FlushResult retried = store.FlushRetry(request);

        Assert.Empty(retried.FencedShards);
        Assert.Equal([1L, 2L, 3L], retried.AlertSequences);
        Assert.Equal(3, store.LastAlertSequence());
        Assert.Equal(3, store.ReadAlertLog(0, 100).Count);
        Assert.Single(store.LoadShard(1)!.Journal);
        Assert.Single(store.LoadShard(2)!.Journal);
    }

    [ConformanceFact]
    public void FlushRetry_NothingWasWritten_WritesAll()
    {
        HookedConnections hooks = new(Connections);
        SqlStore store = NewStore(hooks);
        store.Open(Identity());
        long me = StartAlone(store);
        FlushRequest request = new(me, [Row(1, 1, 1, new SeriesRow(0, [1], 0))], [Alert(1, "1-1", AlertState.Firing)]);
        hooks.Before = sql => _ = sql == store.Dialect.Commit ? throw new IOException("cut") : 0;

        Assert.Throws<StoreUnavailableException>(() => store.Flush(request));
        hooks.Before = _ => { };

        Assert.Empty(store.LoadShard(1)!.Journal);
        Assert.Equal([1L], store.FlushRetry(request).AlertSequences);
        Assert.Single(store.LoadShard(1)!.Journal);
        Assert.Single(store.LoadShard(1)!.Series);
    }

    [ConformanceFact]
    public void FlushRetry_WrittenAndThenLostToAnotherOwner_IsNotFenced()
    {
        SqlStore store = OpenStore();
        long first = StartAlone(store);
        FlushRequest request = Flush(first, Row(1, 1, 1), Row(2, 1, 1));
        store.Flush(request);
        TakeOver(store, first, 2);

        Assert.Empty(store.FlushRetry(request).FencedShards);
        Assert.Equal([1], store.FlushRetry(Flush(first, Row(1, 1, 2))).FencedShards);
    }

    [ConformanceFact]
    public void Flush_SameJseqWithoutRetry_IsAProgramErrorAndChangesNothing()
    {
        SqlStore store = OpenStore();
        long me = StartAlone(store);
        store.Flush(Flush(me, Row(1, 1, 1)));

        Exception e = Assert.ThrowsAny<Exception>(() => store.Flush(Flush(me, Row(0, 1, 1), Row(1, 1, 1))));

        Assert.IsNotType<StoreUnavailableException>(e);
        Assert.Empty(store.LoadShard(0)!.Journal);
        Assert.Single(store.LoadShard(1)!.Journal);
    }

    [ConformanceFact]
    public void Flush_Transitions_NumberedInOrderWithSeqInTheBody()
    {
        SqlStore store = OpenStore();
        long me = StartAlone(store);

        FlushResult first = store.Flush(new FlushRequest(
            me,
            [Row(1, 1, 1), Row(2, 1, 1)],
            [Alert(2, "2-1", AlertState.Firing), Alert(1, "1-1", AlertState.Firing)]));
        FlushResult second = store.Flush(new FlushRequest(me, [Row(2, 1, 2)], [Alert(2, "2-1", AlertState.Resolved)]));

        Assert.Equal([1L, 2L], first.AlertSequences);
        Assert.Equal([3L], second.AlertSequences);
        IReadOnlyList<AlertLogRow> log = store.ReadAlertLog(after: 0, limit: 10);
        Assert.Equal([(1, "2-1", 2), (2, "1-1", 1), (3, "2-1", 2)], log.Select(row => ((int)row.Seq, row.AlertId, row.ShardId!.Value)));
        Assert.All(log, row => Assert.Equal(row.Seq, JsonDocument.Parse(row.Body).RootElement.GetProperty("seq").GetInt64()));
        Assert.Equal("web-1", JsonDocument.Parse(log[0].Body).RootElement.GetProperty("host").GetString());
        OpenAlertRow open = Assert.Single(store.OpenAlerts());
        Assert.Equal(("1-1", 1, AlertState.Firing), (open.AlertId, open.ShardId, open.State));
        Assert.Equal("1-1", Assert.Single(store.LoadShard(1)!.OpenAlerts).AlertId);
        Assert.Empty(store.LoadShard(2)!.OpenAlerts);
        Assert.Equal([3L], store.ReadAlertLog(after: 2, limit: 10).Select(row => row.Seq));
        Assert.Equal([1L], store.ReadAlertLog(after: 0, limit: 1).Select(row => row.Seq));
        Assert.Equal((1, 3), (store.OldestAlertSequence(), store.LastAlertSequence()));
    }

    [ConformanceFact]
    public void Flush_TransitionWithoutARowOfItsShard_Throws()
    {
        SqlStore store = OpenStore();
        long me = StartAlone(store);

        Assert.Throws<ArgumentException>(() => store.Flush(new FlushRequest(me, [Row(1, 1, 1)], [Alert(2, "2-1", AlertState.Firing)])));
    }

    [ConformanceFact]
    public void DeleteAlertLogOlderThan_OldEntries_GoInSlicesAndNumbersGoOn()
    {
        SqlStore store = OpenStore();
        long me = StartAlone(store);
        AlertTransition alert = Alert(1, "1-1", AlertState.Firing);
        store.Flush(new FlushRequest(me, [Row(1, 1, 1)], [alert, alert, alert]));
        Sql(store.Dialect.Expand("UPDATE alert_log SET at = {now} - 10000 * {ms}"));
        store.Flush(new FlushRequest(me, [Row(1, 1, 2)], [alert]));

        Assert.Equal(2, store.DeleteAlertLogOlderThan(TimeSpan.FromSeconds(5), rowsMax: 2));
        Assert.Equal(1, store.DeleteAlertLogOlderThan(TimeSpan.FromSeconds(5), rowsMax: 2));
        Assert.Equal(0, store.DeleteAlertLogOlderThan(TimeSpan.FromSeconds(5), rowsMax: 2));

        Assert.Equal((4, 4), (store.OldestAlertSequence(), store.LastAlertSequence()));
        Sql("DELETE FROM alert_log");
        Assert.Equal((5, 4), (store.OldestAlertSequence(), store.LastAlertSequence()));
    }

    [ConformanceFact]
    public void FindEndedIncidents_Backwards_GivesEndsOfIncidentsAndStaleHostsPartByPart()
    {
        SqlStore store = OpenStore();
        long me = StartAlone(store);
        (string Kind, string Status)[] log =
        [
            ("incident", "firing"), ("incident", "resolved"), ("anomaly", "resolved"), ("stale", "resolved"), ("rule", "firing"), ("incident", "resolved"),
        ];
        store.Flush(new FlushRequest(me, [Row(1, 1, 1)], [.. log.Select(l => Found("1-1", l.Kind, l.Status, null))]));

        AlertLogPart newest = store.FindEndedIncidents(long.MaxValue, 3);
        AlertLogPart rest = store.FindEndedIncidents(newest.Next, 3);

        Assert.Equal([6L, 4L], newest.Rows.Select(r => r.Seq));
        Assert.Equal(4, newest.Next);
        Assert.Equal([2L], rest.Rows.Select(r => r.Seq));
        Assert.Equal(0, rest.Next);
        Sql("DELETE FROM alert_log WHERE seq < 4");
        Assert.Equal(0, store.FindEndedIncidents(long.MaxValue, 3).Next);
        Sql("DELETE FROM alert_log");
        Assert.Empty(store.FindEndedIncidents(long.MaxValue, 3).Rows);
    }

    [ConformanceFact]
    public void FindIncidentHistory_OfOneIncident_GivesItsEntriesAndThoseThatNameIt()
    {
        SqlStore store = OpenStore();
        long me = StartAlone(store);
        store.Flush(new FlushRequest(
            me,
            [Row(1, 1, 1)],
            [
                Found("1-1", "incident", "firing", null), Found("1-2", "anomaly", "firing", "1-1"), Found("1-3", "anomaly", "firing", "1-10"),
                Found("1-4", "anomaly", "firing", null), Found("1-1", "incident", "resolved", null),
            ]));

        Assert.Equal([5L, 2L, 1L], store.FindIncidentHistory("1-1", long.MaxValue, 10).Rows.Select(r => r.Seq));
        Assert.Equal([2L], store.FindIncidentHistory("1-1", 5, 3).Rows.Select(r => r.Seq));
        Assert.Empty(store.FindIncidentHistory("' OR '1'='1", long.MaxValue, 10).Rows);
    }

    private static AlertTransition Found(string id, string kind, string status, string? incident) => new(
        1,
        id,
        status == "resolved" ? AlertState.Resolved : AlertState.Firing,
        $$"""{"id":"{{id}}","status":"{{status}}","kind":"{{kind}}"{{(incident is null ? "" : $",\"incident\":\"{incident}\"")}}}""");
}
