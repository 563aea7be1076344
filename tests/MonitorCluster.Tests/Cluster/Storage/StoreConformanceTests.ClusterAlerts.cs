using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Tests.Cluster.Storage;

public abstract partial class StoreConformanceTests
{
    [ConformanceFact]
    public void WriteClusterAlerts_NewOnes_GetTheirNumberAsId()
    {
        SqlStore store = OpenStore();
        long me = StartAlone(store);
        store.Flush(Flush(me, Row(0, 1, 1)) with { Transitions = [Alert(0, "0-1", AlertState.Firing)] });

        Assert.Equal(3, store.WriteClusterAlerts(me, 1, [], [Opened("cpu"), Opened("load")]));

        Assert.Equal(["0-1", "c-2", "c-3"], store.OpenAlerts().Select(a => a.AlertId));
        AlertLogRow[] log = [.. store.ReadAlertLog(1, 9)];
        Assert.Equal([(2, null, "c-2"), (3, null, "c-3")], log.Select(r => (r.Seq, r.ShardId, r.AlertId)));
        Assert.Equal("""{"seq":2,"id":"c-2","what":"cpu"}""", log[0].Body);
        ClusterAlertsView view = store.ClusterAlerts(me)!;
        Assert.Equal(1, view.LeaseEpoch);
        Assert.Equal([("c-2", log[0].Body), ("c-3", log[1].Body)], view.Open.Select(r => (r.AlertId, r.Body)));
    }

    [ConformanceFact]
    public void WriteClusterAlerts_ChangeAndEnd_KeepTheId()
    {
        SqlStore store = OpenStore();
        long me = StartAlone(store);
        store.WriteClusterAlerts(me, 1, [], [Opened("cpu")]);

        Assert.Equal(1, Write(new ClusterAlert("c-1", AlertState.Firing, """{"seq":1,"id":"c-1","what":"more"}""", null)));
        Assert.Equal("""{"seq":1,"id":"c-1","what":"more"}""", store.OpenAlerts().Single().Body);
        Assert.Equal(2, Write(new ClusterAlert("c-1", AlertState.Resolved, Body("over"), Body("over"))));

        Assert.Empty(store.OpenAlerts());
        Assert.Equal(["""{"seq":1,"id":"c-1","what":"cpu"}""", """{"seq":2,"id":"c-1","what":"over"}"""], store.ReadAlertLog(0, 9).Select(r => r.Body));

        long? Write(ClusterAlert change) => store.WriteClusterAlerts(me, 1, store.ClusterAlerts(me)!.Open, [change]);
    }

    [ConformanceFact]
    public void WriteClusterAlerts_OldHolder_WritesNothing()
    {
        SqlStore store = OpenStore();
        long first = StartAlone(store);
        store.WriteClusterAlerts(first, 1, [], [Opened("cpu")]);
        IReadOnlyList<OpenAlertRow> seen = store.ClusterAlerts(first)!.Open;
        long second = TakeOver(store, first, 2);

        Assert.Null(store.ClusterAlerts(first));
        Assert.Null(store.WriteClusterAlerts(first, 1, seen, [Opened("load")]));
        Assert.Null(store.WriteClusterAlerts(first, 2, seen, [Opened("load")])); // the epoch is another's
        Assert.Null(store.WriteClusterAlerts(second, 1, seen, [Opened("load")]));

        Assert.Equal(1, store.LastAlertSequence());
        ClusterAlertsView view = store.ClusterAlerts(second)!;
        Assert.Equal((2, "c-1"), (view.LeaseEpoch, view.Open.Single().AlertId));
        Assert.Equal(2, store.WriteClusterAlerts(second, 2, view.Open, [Opened("load")]));
    }

    [ConformanceFact]
    public void WriteClusterAlerts_OpenAlertsAreOthersThanSeen_WritesNothing()
    {
        SqlStore store = OpenStore();
        long me = StartAlone(store);
        store.WriteClusterAlerts(me, 1, [], [Opened("cpu")]);
        OpenAlertRow seen = store.ClusterAlerts(me)!.Open.Single();

        Assert.Null(store.WriteClusterAlerts(me, 1, [], [Opened("cpu")])); // its own first attempt, of which it has heard nothing
        Assert.Equal(2, store.AcknowledgeClusterAlert(me, seen, Body("mine")));
        Assert.Null(store.WriteClusterAlerts(me, 1, [seen], [new ClusterAlert("c-1", AlertState.Firing, seen.Body, null)]));

        OpenAlertRow open = store.OpenAlerts().Single();
        Assert.Equal((AlertState.Acknowledged, """{"seq":2,"id":"c-1","what":"mine"}"""), (open.State, open.Body));
        Assert.Equal(2, store.LastAlertSequence());
    }

    [ConformanceFact]
    public void AcknowledgeClusterAlert_AnyLivingMember_OnWhatItHasReadOnly()
    {
        SqlStore store = OpenStore();
        long me = StartAlone(store);
        long other = Join(store, 2), dead = Join(store, 3);
        store.MarkDead(dead, "test");
        store.WriteClusterAlerts(me, 1, [], [Opened("cpu")]);
        OpenAlertRow seen = store.OpenAlerts().Single();

        Assert.Null(store.AcknowledgeClusterAlert(dead, seen, Body("mine")));
        Assert.Null(store.AcknowledgeClusterAlert(other, seen with { AlertId = "c-9" }, Body("mine")));
        Assert.Null(store.AcknowledgeClusterAlert(other, seen with { Body = "{}" }, Body("mine")));
        Assert.Equal(2, store.AcknowledgeClusterAlert(other, seen, Body("mine")));
        Assert.Null(store.AcknowledgeClusterAlert(me, seen, Body("mine")));

        Assert.Equal(AlertState.Acknowledged, store.OpenAlerts().Single().State);
        Assert.Equal(["c-1", "c-1"], store.ReadAlertLog(0, 9).Select(r => r.AlertId));
    }

    private static ClusterAlert Opened(string what) => new(
        null, AlertState.Firing, $$"""{"seq":null,"id":"","what":"{{what}}"}""", $$"""{"seq":null,"id":"","what":"{{what}}"}""");

    private static string Body(string what) => $$"""{"seq":null,"id":"c-1","what":"{{what}}"}""";
}
