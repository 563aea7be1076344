using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Tests.Cluster.Storage;

public abstract partial class StoreConformanceTests
{
    [ConformanceFact]
    public void Admit_SameDataDirectory_ReplacesThePredecessorAtOnce()
    {
        SqlStore store = OpenStore();
        long first = StartAlone(store);

        AdmitResult second = store.Admit(Node("n1", 1, alone: true));

        Assert.True(second.Incarnation > first);
        Assert.Equal([MemberStatus.Dead, MemberStatus.Joining], store.Members().Select(member => member.Status));
        Assert.Equal("replaced", store.Members()[0].Reason);
    }

    [ConformanceFact]
    public void Admit_DataDirectoryOfANodeOfAnotherName_IsInTheWayUntilItWasSeenToStandStill()
    {
        SqlStore store = OpenStore();
        long owner = StartAlone(store);
        AdmitRequest copy = Node("n2", 1) with { Address = "127.0.0.1:9999" };

        Assert.Equal(owner, Assert.Single(store.Admit(copy).InTheWay).Incarnation);
        Assert.NotNull(store.Heartbeat(owner));
        Assert.True(store.Admit(copy with { StoodStill = [new ObservedMember(owner, 1)] }).IsAdmitted);
    }

    [ConformanceFact]
    public void Admit_NameOfALivingNode_RefusedUntilItWasSeenToStandStill()
    {
        SqlStore store = OpenStore();
        long owner = StartAlone(store);
        AdmitRequest request = Node("n1", 2);

        MemberRow seen = Assert.Single(store.Admit(request).InTheWay);
        store.Heartbeat(owner);
        AdmitResult moved = store.Admit(request with { StoodStill = [new ObservedMember(owner, seen.HeartbeatSeq)] });
        AdmitResult still = store.Admit(request with { StoodStill = [new ObservedMember(owner, seen.HeartbeatSeq + 1)] });

        Assert.False(moved.IsAdmitted);
        Assert.True(still.IsAdmitted);
        Assert.Null(store.Heartbeat(owner));
    }

    [ConformanceFact]
    public void Admit_LoneNodeBesideALivingMember_IsKeptOut()
    {
        SqlStore store = OpenStore();
        long owner = StartAlone(store);

        Assert.Equal(owner, Assert.Single(store.Admit(Node("n2", 2, alone: true)).InTheWay).Incarnation);
        Assert.True(store.Admit(Node("n2", 2)).IsAdmitted);
    }

    [ConformanceFact]
    public void Admit_NotAwaitedAnyMoreWhenTheLockIsHeld_ReplacesNobody()
    {
        HookedConnections hooks = new(Connections);
        SqlStore store = NewStore(hooks);
        store.Open(Identity());
        long owner = StartAlone(store);
        bool isLocked = false;
        hooks.Before = sql => isLocked |= sql.Contains("cluster", StringComparison.Ordinal);

        AdmitResult? late = store.Admit(Node("n1", 1), () => !isLocked);

        Assert.Null(late);
        Assert.NotNull(store.Heartbeat(owner));
        Assert.Single(store.Members());
    }

    [ConformanceFact]
    public void Admit_ReplyLost_RepeatedWithoutHarm()
    {
        HookedConnections hooks = new(Connections);
        SqlStore store = NewStore(hooks);
        store.Open(Identity());
        LoseReplyOf(hooks, store.Dialect.Commit);

        Assert.Throws<StoreUnavailableException>(() => store.Admit(Node("n1", 1)));
        AdmitResult again = store.Admit(Node("n1", 1));

        Assert.True(again.IsAdmitted);
        Assert.Equal(again.Incarnation, Assert.Single(store.Members(), member => member.Status != MemberStatus.Dead).Incarnation);
    }

    [ConformanceFact]
    public void View_DeadMembers_AreShownForAnHourOrWhileTheyOwnShards()
    {
        SqlStore store = OpenStore();
        long[] node = [StartAlone(store), Join(store, 2), Join(store, 3)];
        store.MarkDead(node[0], "test");
        store.MarkDead(node[1], "test");
        Assert.Equal(node, store.View(0).Members.Select(member => member.Incarnation));

        Age(store, "member", "status_at", SqlStore.RecentDeathMs + 60_000);

        Assert.Equal([node[0], node[2]], store.View(0).Members.Select(member => member.Incarnation));
        Assert.Equal(3, store.Members().Count);
    }

    [ConformanceFact]
    public void ForgetEnded_DeadForSevenDays_GoesUnlessItOwnsShards()
    {
        SqlStore store = OpenStore();
        long[] node = [StartAlone(store), Join(store, 2), Join(store, 3), Join(store, 4)];
        store.MarkDead(node[2], "test");
        Age(store, "member", "status_at", SqlStore.EndedLifeMs + 60_000);
        store.MarkDead(node[3], "test");

        Assert.Null(store.ForgetEnded(node[1], 1, 10));
        Assert.Equal(1, store.ForgetEnded(node[0], 1, 10));
        Assert.Equal([node[0], node[1], node[3]], store.Members().Select(member => member.Incarnation));
        store.MarkDead(node[0], "test");
        Age(store, "member", "status_at", SqlStore.EndedLifeMs + 60_000);
        Sql("UPDATE lease SET holder = " + node[1]);

        Assert.Equal(1, store.ForgetEnded(node[1], 1, 10));
        Assert.Equal([node[0], node[1]], store.Members().Select(member => member.Incarnation)); // all shards are still the first's
    }

    [ConformanceFact]
    public void ForgetEnded_MovesThatEndedSevenDaysAgo_Go()
    {
        SqlStore store = OpenStore();
        long[] node = [StartAlone(store), Join(store, 2)];
        store.BeginMoves(node[0], 1, [Move(1, node[1]), Move(2, node[1]), Move(3, node[1])]);
        ShardOwner[] moving = [.. store.View(0).ChangedShards.Where(row => row.MoveId is not null)];
        store.CancelMoves(node[0], 1, [.. moving[..2].Select(row => new MoveRef(row.ShardId, row.Epoch, row.MoveId!.Value))], "test");
        Age(store, "move", "ended_at", SqlStore.EndedLifeMs + 60_000);

        Assert.Equal(1, store.ForgetEnded(node[0], 1, 1));
        Assert.Equal(1, store.ForgetEnded(node[0], 1, 10));
        Assert.Equal(0, store.ForgetEnded(node[0], 1, 10));
        Assert.Equal(moving[2], Owner(store, 3));
    }

    [ConformanceFact]
    public void Heartbeat_Living_RaisesOnlyTheSequence()
    {
        SqlStore store = OpenStore();
        long me = StartAlone(store);
        long version = store.ShardOwners(0).Version;

        Assert.Equal(new HeartbeatResult(MemberStatus.Active, version), store.Heartbeat(me));
        Assert.Equal(new HeartbeatResult(MemberStatus.Active, version), store.Heartbeat(me));
        Assert.Equal(2, Assert.Single(store.Members()).HeartbeatSeq);
    }

    [ConformanceFact]
    public void Heartbeat_AfterATransition_TellsItsNumber()
    {
        SqlStore store = OpenStore();
        long me = StartAlone(store);
        store.Flush(new FlushRequest(me, [Row(1, 1, 1)], [Alert(1, "1-1", AlertState.Pending), Alert(1, "1-1", AlertState.Firing)]));

        Assert.Equal(2, store.Heartbeat(me)?.LastAlertSequence);
    }

    [ConformanceFact]
    public void Activate_Twice_IsStillActiveButNotAfterDeath()
    {
        SqlStore store = OpenStore();
        long me = StartAlone(store);

        Assert.True(store.Activate(me));
        Assert.True(store.Leave(me));
        Assert.False(store.Leave(me));
        Assert.False(store.Activate(me));
        Assert.Null(store.Heartbeat(me));
        Assert.Equal("left", Assert.Single(store.Members()).Reason);
    }

    [ConformanceFact]
    public void AcquireLease_HeldByALivingNode_IsRefusedAndDeathFreesIt()
    {
        SqlStore store = OpenStore();
        long first = StartAlone(store);
        long second = store.Admit(Node("n2", 2)).Incarnation;

        Assert.Null(store.AcquireLease(second)); // not active yet
        store.Activate(second);
        Assert.Null(store.AcquireLease(second));
        Assert.Equal(1, store.AcquireLease(first));
        store.MarkDead(first, "test");

        Assert.Equal(2, store.AcquireLease(second));
        Assert.Null(store.AcquireLease(first));
    }

    [ConformanceFact]
    public void AcquireLease_Expired_GoesToWhoAsksFirst()
    {
        SqlStore store = OpenStore();
        StartAlone(store);
        long second = store.Admit(Node("n2", 2)).Incarnation;
        store.Activate(second);
        Sql(store.Dialect.Expand("UPDATE lease SET expires_at = {now} - 1 * {ms}"));

        Assert.Equal(2, store.AcquireLease(second));
    }

    [ConformanceFact]
    public void RegisterCollector_SameId_KeepsItsNumber()
    {
        SqlStore store = OpenStore();
        long a = store.RegisterCollector(DataDir(1), "web-1");
        long b = store.RegisterCollector(DataDir(2), "web-2");

        Assert.Equal(a, store.RegisterCollector(DataDir(1), "renamed"));
        Assert.NotEqual(a, b);
    }

    /// <summary>The next time that a statement ran, its reply is lost: it took place, and the caller does not know.</summary>
    private static void LoseReplyOf(HookedConnections hooks, string statement) => hooks.After = sql =>
    {
        if (sql == statement)
        {
            hooks.After = _ => { };
            throw new IOException("reply lost");
        }
    };

    /// <summary>Lets what has happened have happened earlier.</summary>
    private void Age(SqlStore store, string table, string column, int ms) =>
        Sql(store.Dialect.Expand($"UPDATE {table} SET {column} = {{now}} - {ms} * {{ms}} WHERE {column} IS NOT NULL"));
}
