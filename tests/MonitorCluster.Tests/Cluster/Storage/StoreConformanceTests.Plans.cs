using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Tests.Cluster.Storage;

public abstract partial class StoreConformanceTests
{
    private const string NewEntry = """{"seq":null,"id":"","what":"plan"}""";

    [ConformanceFact]
    public void WritePlan_FromProposalToEnd_IsReadBackWithItsEntries()
    {
        SqlStore store = OpenStore();
        long me = StartAlone(store);

        PlanWritten written = store.WritePlan(me, 1, Plan(null, PlanState.Proposed))!;
        Assert.Equal(1, written.LastSequence);
        Assert.Equal("p-1", store.OpenAlerts().Single().AlertId);
        Assert.Null(store.WritePlan(me, 1, Plan(null, PlanState.Proposed))); // one at a time
        PlanRow open = store.Optimiser(me)!.Open.Single();
        Assert.Equal((1L, 1L, PlanKind.Balance, PlanState.Proposed, "n1 is hot"), (open.PlanId, open.LeaseEpoch, open.Kind, open.State, open.Trigger));
        Assert.Equal(("{\"b\":1}", "{\"p\":1}", null, "{\"m\":1}"), (open.Before, open.Predicted, open.After, open.Progress));
        Assert.InRange(open.AgeMs, 0, 60_000);
        Assert.True(open is { IsOpen: true, EndedAgoMs: null });

        Assert.Equal(written, store.WritePlan(me, 1, Plan(1, PlanState.Applying) with { Entry = null }));
        Assert.Equal(2, store.WritePlan(me, 1, Plan(1, PlanState.Kept) with { After = "{\"a\":1}" })!.LastSequence);
        Assert.Null(store.WritePlan(me, 1, Plan(1, PlanState.RollingBack))); // it has ended

        Assert.Empty(store.OpenAlerts());
        OptimiserView view = store.Optimiser(me)!;
        Assert.Empty(view.Open);
        PlanRow kept = Assert.Single(view.Ended);
        Assert.Equal((PlanState.Kept, "{\"a\":1}", false), (kept.State, kept.After, kept.IsOpen));
        Assert.InRange(kept.EndedAgoMs!.Value, 0, 60_000);
        Assert.Equal(kept with { AgeMs = 0, EndedAgoMs = 0 }, store.Plans(5).Single() with { AgeMs = 0, EndedAgoMs = 0 });
        Assert.Equal(2, store.WritePlan(me, 1, Plan(null, PlanState.Proposed))!.PlanId);
        Assert.Equal([2, 1], store.Plans(5).Select(p => p.PlanId));
        Assert.Equal([2], store.Plans(1).Select(p => p.PlanId));
    }

    [ConformanceFact]
    public void WritePlan_OldHolder_WritesNothingAndTheNextOneCarriesOn()
    {
        SqlStore store = OpenStore();
        long first = StartAlone(store);
        store.WritePlan(first, 1, Plan(null, PlanState.Proposed));
        long second = TakeOver(store, first, 2);

        Assert.Null(store.WritePlan(first, 1, Plan(1, PlanState.Applying)));
        Assert.Null(store.Optimiser(first));
        OptimiserView view = store.Optimiser(second)!;
        Assert.Equal((2L, 1L), (view.LeaseEpoch, view.Open.Single().LeaseEpoch));
        Assert.NotNull(store.WritePlan(second, 2, Plan(1, PlanState.Applying)));
        Assert.Equal(2, store.Optimiser(second)!.Open.Single().LeaseEpoch);
    }

    [ConformanceFact]
    public void WritePlan_IsNoFleetIncident()
    {
        SqlStore store = OpenStore();
        long me = StartAlone(store);
        store.WritePlan(me, 1, Plan(null, PlanState.Proposed));

        Assert.Empty(store.ClusterAlerts(me)!.Open);
        Assert.Equal(2, store.WriteClusterAlerts(me, 1, [], [Opened("cpu")]));
    }

    [ConformanceFact]
    public void PauseOptimiser_ByAnyMember_KeepsMovesForBalanceFromBeginningAndNoOthers()
    {
        SqlStore store = OpenStore();
        long me = StartAlone(store);
        long other = Join(store, 2);
        Assert.Equal(new OptimiserPause(false, null, "", null), store.OptimiserPause());

        Assert.Equal(1, store.PauseOptimiser(other, true, "ada", "a deploy", NewEntry));
        Assert.Null(store.PauseOptimiser(me, true, "bob", "", NewEntry)); // it is paused already
        OptimiserPause pause = store.Optimiser(me)!.Pause;
        Assert.Equal((true, "ada", "a deploy"), (pause.IsPaused, pause.By, pause.Note));
        Assert.InRange(pause.AgoMs!.Value, 0, 60_000);
        Assert.Equal("optimiser-paused", store.OpenAlerts().Single().AlertId);

        ShardMove[] wanted =
        [
            new(1, 1, other, MoveKind.Balance, "load", 7), new(2, 1, other, MoveKind.Rollback, "undo", 7), new(3, 1, other, MoveKind.Operator, "asked"),
            new(4, 1, other, MoveKind.Drain, "leaves"),
        ];
        Assert.Equal(2, store.BeginMoves(me, 1, wanted));
        Assert.Equal([3, 4], store.View(0).ChangedShards.Where(s => s.Target is not null).Select(s => s.ShardId));

        Assert.Equal(2, store.PauseOptimiser(me, false, "bob", "", NewEntry));
        Assert.Empty(store.OpenAlerts());
        Assert.Equal(2, store.BeginMoves(me, 1, wanted));
        store.MarkDead(other, "test");
        Assert.Null(store.PauseOptimiser(other, true, "ada", "", NewEntry));
    }

    [ConformanceFact]
    public void Optimiser_MovesThatWereMade_AreRead()
    {
        SqlStore store = OpenStore();
        long me = StartAlone(store);
        long other = Join(store, 2);
        store.BeginMoves(me, 1, [new(1, 1, other, MoveKind.Balance, "load", 7), new(2, 1, other, MoveKind.Balance, "load", 7)]);
        MoveRef move = new(1, 1, Owner(store, 1).MoveId!.Value);

        store.HandOver(new HandOverRequest(Flush(me), 1, 1, move.MoveId, 42), isRetry: false);

        MadeMove made = Assert.Single(store.Optimiser(me)!.Moves);
        Assert.Equal((1, me, other, MoveKind.Balance, 7L, 42), (made.ShardId, made.From!.Value, made.To, made.Kind, made.PlanId!.Value, made.PauseMs));
        Assert.InRange(made.EndedAgoMs, 0, 60_000);
    }

    [ConformanceFact]
    public void PinShard_IsSeenByEverybodyUntilItIsLetGo()
    {
        SqlStore store = OpenStore();
        long me = StartAlone(store);
        long before = store.View(0).Version;

        Assert.Equal(1, store.PinShard(me, 1, 5, "ada"));
        Assert.Equal(0, store.PinShard(me, 1, 5, "ada"));
        Assert.Equal((5, "ada"), store.View(before).ChangedShards.Select(s => (s.ShardId, s.Pinned!)).Single());
        Assert.Equal(1, store.PinShard(me, 1, 5, null));
        Assert.Null(Owner(store, 5).Pinned);
        Assert.Null(store.PinShard(me, 2, 5, "ada"));
    }

    [ConformanceFact]
    public void Open_StoreOfTheFirstSchema_IsUpgradedAndKeepsWhatItHas()
    {
        SqlStore store = OpenStore();
        long me = StartAlone(store);
        store.Flush(Flush(me, Row(0, 1, 1)) with { Transitions = [Alert(0, "0-1", AlertState.Firing)] });
        foreach (string statement in (string[])
            ["DROP TABLE optimiser", "DROP INDEX move_plan", "DROP INDEX move_ended", "ALTER TABLE plan DROP COLUMN state_json", "DROP TABLE actuation"])
        {
            Execute(statement);
        }

        Execute("UPDATE cluster SET schema_version = 1");

        SqlStore newer = NewStore();
        Assert.Equal(StoreSchema.Version, newer.Open(Identity()).SchemaVersion);

        Assert.False(newer.OptimiserPause().IsPaused);
        Assert.Empty(newer.OpenActuations());
        Assert.NotNull(newer.WritePlan(me, 1, Plan(null, PlanState.Proposed)));
        Assert.Equal(["0-1", "p-1"], newer.OpenAlerts().Select(a => a.AlertId));
        Assert.Equal(StoreSchema.Version, NewStore().Open(Identity()).SchemaVersion); // and not once more
    }

    private static PlanDraft Plan(long? id, PlanState state) => new(
        id, PlanKind.Balance, state, "n1 is hot", "{\"b\":1}", "{\"p\":1}", null, "{\"m\":1}", NewEntry);

    private void Execute(string statement)
    {
        using System.Data.Common.DbConnection connection = Connections.Open();
        using System.Data.Common.DbCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // the tests' own text
        command.CommandText = statement;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }
}
