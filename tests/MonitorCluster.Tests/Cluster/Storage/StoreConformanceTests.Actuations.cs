using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Tests.Cluster.Storage;

public abstract partial class StoreConformanceTests
{
    private const string PauseBody = """{"seq":null,"id":"","what":"pause"}""";

    [ConformanceFact]
    public void BeginActuation_Owner_IsOpenWithItsTimes()
    {
        SqlStore store = OpenStore();
        long me = StartAlone(store);

        ActuationWritten written = store.BeginActuation(new ActuationFence(me, 0, 1), Weight("a", 80), [Entry("applied")]);

        Assert.Equal((ActuationOutcome.Written, 1), (written.Outcome, written.LastSequence));
        ActuationBook book = store.ReadActuations("web", 9);
        ActuationRow row = Assert.Single(book.Open);
        Assert.Equal((written.ActionId, "web", "r1", "sock web/a", "weight"), (row.ActionId, row.Policy, row.Revision, row.Target, row.Param));
        Assert.Equal((100, 100, 80, me, ActuationState.Intended), (row.InitialValue, row.OldValue, row.NewValue, row.Owner, row.State));
        Assert.InRange(row.AgeMs, 0, 60_000);
        Assert.InRange(row.LeftMs, 540_000, 600_000);
        Assert.InRange(row.VerifyInMs!.Value, 60_000, 120_000);
        Assert.Null(row.EndedMs);
        Assert.True(row.IsOpen);
        Assert.Equal((false, 1), (book.IsPaused, book.BegunInDay));
        Assert.Empty(book.Recent);
        Assert.Equal("""{"seq":1,"id":"c-1","what":"applied"}""", store.ReadAlertLog(0, 9).Single().Body);
        Assert.Empty(store.OpenAlerts());
        Assert.Equal(row.ActionId, store.OpenActuations().Single().ActionId);
        Assert.Empty(store.ReadActuations("other", 9).Open);
    }

    [ConformanceFact]
    public void BeginActuation_FormerOwner_IsFenced()
    {
        SqlStore store = OpenStore();
        long first = StartAlone(store);
        ActuationWritten begun = store.BeginActuation(new ActuationFence(first, 0, 1), Weight("a", 80), []);
        long second = TakeOver(store, first, 2);

        Assert.Equal(ActuationOutcome.Fenced, store.BeginActuation(new ActuationFence(first, 0, 1), Weight("b", 80), [Entry("b")]).Outcome);
        Assert.Equal(ActuationOutcome.Fenced, store.BeginActuation(new ActuationFence(second, 0, 1), Weight("b", 80), [Entry("b")]).Outcome);
        var done = new ActuationChange(begun.ActionId, ActuationState.Intended, ActuationState.Applied);
        Assert.Equal(ActuationOutcome.Fenced, store.ChangeActuation(new ActuationFence(first, 0, 1), done, [Entry("a")]).Outcome);
        Assert.Equal(0, store.LastAlertSequence());
        Assert.Equal(ActuationOutcome.Written, store.ChangeActuation(new ActuationFence(second, 0, 2), done, [Entry("a")]).Outcome);

        Assert.Equal((second, ActuationState.Applied), store.OpenActuations().Select(r => (r.Owner, r.State)).Single());
    }

    [ConformanceFact]
    public void BeginActuation_WhilePaused_WritesNothingButEndsAreNoted()
    {
        SqlStore store = OpenStore();
        long me = StartAlone(store);
        var fence = new ActuationFence(me, 0, 1);
        long open = store.BeginActuation(fence, Weight("a", 80), []).ActionId;
        Assert.NotNull(store.PauseOptimiser(me, true, "ann", "", PauseBody));

        Assert.Equal(ActuationOutcome.Paused, store.BeginActuation(fence, Weight("b", 80), [Entry("b")]).Outcome);
        Assert.Equal(ActuationOutcome.Paused, store.BeginActuation(fence, Weight("a", 64) with { Supersedes = open }, []).Outcome);
        Assert.True(store.ReadActuations("web", 9).IsPaused);
        Assert.Equal(open, store.OpenActuations().Single().ActionId);
        Assert.Equal(ActuationOutcome.Written, store.ChangeActuation(fence, new(open, ActuationState.Intended, ActuationState.Returned, "over"), []).Outcome);

        Assert.Empty(store.OpenActuations());
        Assert.NotNull(store.PauseOptimiser(me, false, "ann", "", PauseBody));
        Assert.Equal(ActuationOutcome.Written, store.BeginActuation(fence, Weight("b", 80), []).Outcome);
    }

    [ConformanceFact]
    public void BeginActuation_TargetWithAnOpenAction_OnlyInItsPlace()
    {
        SqlStore store = OpenStore();
        long me = StartAlone(store);
        var fence = new ActuationFence(me, 0, 1);
        long first = store.BeginActuation(fence, Weight("a", 80), []).ActionId;

        Assert.Equal(ActuationOutcome.Changed, store.BeginActuation(fence, Weight("a", 64), [Entry("a")]).Outcome);
        Assert.Equal(ActuationOutcome.Changed, store.BeginActuation(fence, Weight("b", 64) with { Supersedes = first }, [Entry("b")]).Outcome);
        NewActuation next = Weight("a", 64) with { OldValue = 80, Supersedes = first, VerifyInMs = -5, VerifyJson = "{\"x\":1}" };
        long second = store.BeginActuation(fence, next, []).ActionId;
        Assert.Equal(ActuationOutcome.Changed, store.BeginActuation(fence, Weight("a", 51) with { Supersedes = first }, [Entry("a")]).Outcome);

        ActuationBook book = store.ReadActuations("web", 9);
        ActuationRow open = Assert.Single(book.Open);
        Assert.Equal((second, 80, 64, "{\"x\":1}"), (open.ActionId, open.OldValue, open.NewValue, open.VerifyJson));
        Assert.True(open.VerifyInMs <= 0);
        ActuationRow over = Assert.Single(book.Recent);
        Assert.Equal((first, ActuationState.Superseded), (over.ActionId, over.State));
        Assert.InRange(over.EndedMs!.Value, 0, 60_000);
        Assert.Equal(2, book.BegunInDay);
        Assert.Equal(0, store.LastAlertSequence());
    }

    [ConformanceFact]
    public void BeginActuation_DryRun_IsNotedAndBlocksNobody()
    {
        SqlStore store = OpenStore();
        long me = StartAlone(store);
        var fence = new ActuationFence(me, 0, 1);

        store.BeginActuation(fence, Weight("a", 80) with { IsDryRun = true }, [Entry("proposed")]);
        store.BeginActuation(fence, Weight("a", 80) with { IsDryRun = true, VerifyInMs = null }, []);
        Assert.Equal(ActuationOutcome.Written, store.BeginActuation(fence, Weight("a", 80), []).Outcome);

        ActuationBook book = store.ReadActuations("web", 1);
        Assert.Equal((1, 1, 1), (book.Open.Count, book.Recent.Count, book.BegunInDay));
        Assert.Equal(ActuationState.Proposed, book.Recent[0].State);
        Assert.Null(book.Recent[0].VerifyInMs);
        Assert.NotNull(book.Recent[0].EndedMs);
        Assert.Equal([3, 2, 1], store.RecentActuations(9).Select(r => r.ActionId));
    }

    [ConformanceFact]
    public void ChangeActuation_OnWhatWasReadOnly_KeepsWhatIsNotNamed()
    {
        SqlStore store = OpenStore();
        long me = StartAlone(store);
        var fence = new ActuationFence(me, 0, 1);
        long id = store.BeginActuation(fence, Weight("a", 80), []).ActionId;

        Assert.Equal(ActuationOutcome.Changed, store.ChangeActuation(fence, new(id, ActuationState.Applied, ActuationState.Verified), [Entry("x")]).Outcome);
        store.ChangeActuation(fence, new(id, ActuationState.Intended, ActuationState.Applied), []);
        ActuationRow applied = store.OpenActuations().Single();
        Assert.Equal(("slow", "{}"), (applied.Reason, applied.VerifyJson));
        Assert.NotNull(applied.VerifyInMs);
        store.ChangeActuation(fence, new(id, ActuationState.Applied, ActuationState.Verified, "kept", 3_600_000, "{\"kept\":true}"), []);
        ActuationRow verified = store.OpenActuations().Single();
        Assert.Equal(("kept", "{\"kept\":true}", null), (verified.Reason, verified.VerifyJson, verified.VerifyInMs));
        Assert.True(verified.LeftMs > 3_000_000);
        store.ChangeActuation(fence, new(id, ActuationState.Verified, ActuationState.Reverted), [Entry("reverted")]);
        Assert.Equal(1, store.LastAlertSequence());
        Assert.Equal(0, store.DeleteActuationsOlderThan(TimeSpan.FromHours(1), 9));
        Assert.Equal(1, store.DeleteActuationsOlderThan(TimeSpan.FromMilliseconds(-1), 9));
        Assert.Empty(store.RecentActuations(9));
    }

    [ConformanceFact]
    public void ChangeActuation_AlertAlone_OpensAndClosesIt()
    {
        SqlStore store = OpenStore();
        long me = StartAlone(store);
        var fence = new ActuationFence(me, 0, 1);

        Assert.Equal(1, store.ChangeActuation(fence, null, [Opened("off")]).LastSequence);
        Assert.Equal("c-1", store.ReadActuations("web", 9).OpenAlerts.Single().AlertId);
        store.ChangeActuation(fence, null, [new ClusterAlert("c-1", AlertState.Resolved, Body("on"), Body("on"))]);

        Assert.Empty(store.OpenAlerts());
        Assert.Equal(2, store.LastAlertSequence());
    }

    private static NewActuation Weight(string server, int to) =>
        new("web", "r1", $"sock web/{server}", "weight", 100, 100, to, "slow", 600_000, 120_000, "{}", null, IsDryRun: false);

    private static ClusterAlert Entry(string what) => Opened(what) with { State = AlertState.Resolved };
}
