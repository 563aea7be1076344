using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Tests.Cluster.Storage;

public abstract partial class StoreConformanceTests
{
    [ConformanceFact]
    public void Vote_TwoOfThree_EndTheTarget()
    {
        SqlStore store = OpenStore();
        long[] node = [StartAlone(store), Join(store, 2), Join(store, 3)];
        long version = store.View(0).Version;

        Assert.Equal(new VoteResult(IsDead: false, Votes: 1, Needed: 2), store.Vote(node[0], node[2], "timeout"));
        Assert.Equal(new VoteResult(IsDead: false, Votes: 1, Needed: 2), store.Vote(node[0], node[2], "timeout")); // counts once
        Assert.Equal(version, store.View(0).Version);
        Assert.Equal(new VoteResult(IsDead: true, Votes: 2, Needed: 2), store.Vote(node[1], node[2], "reset by peer"));

        MemberRow dead = store.Members()[^1];
        Assert.Equal((MemberStatus.Dead, "unreachable for 2 members: reset by peer"), (dead.Status, dead.Reason));
        Assert.Equal(version + 1, store.View(0).Version);
        Assert.Empty(store.Suspicions());
        Assert.True(store.Vote(node[0], node[2], "again").IsDead);
        Assert.Null(store.Heartbeat(node[2]));
    }

    [ConformanceFact]
    public void Vote_TwoActive_OneVoteIsEnough()
    {
        SqlStore store = OpenStore();
        long first = StartAlone(store);

        Assert.Equal(new VoteResult(IsDead: true, Votes: 1, Needed: 1), store.Vote(first, Join(store, 2), "refused"));
    }

    [ConformanceFact]
    public void Vote_VoterNotActive_AddsNothing()
    {
        SqlStore store = OpenStore();
        long first = StartAlone(store);
        long joining = store.Admit(Node("n2", 2)).Incarnation;
        long leaving = Join(store, 3);
        store.BeginLeave(leaving);

        Assert.Equal(new VoteResult(IsDead: false, Votes: 0, Needed: 1), store.Vote(joining, first, "timeout"));
        Assert.Equal(0, store.Vote(leaving, first, "timeout").Votes);
        Assert.Equal(0, store.Vote(voter: 99, first, "timeout").Votes);
        Assert.Throws<ArgumentException>(() => store.Vote(first, first, "myself"));
        Assert.Empty(store.Suspicions());
    }

    [ConformanceFact]
    public void Vote_OlderThanItsLife_DoesNotCountUntilRepeated()
    {
        SqlStore store = OpenStore();
        long[] node = [StartAlone(store), Join(store, 2), Join(store, 3)];
        store.Vote(node[0], node[2], "timeout");
        Sql(store.Dialect.Expand($"UPDATE suspicion SET at = {{now}} - {SqlStore.VoteLifeMs + 1_000} * {{ms}}"));

        Assert.InRange(Assert.Single(store.Suspicions()).AgeMs, SqlStore.VoteLifeMs + 1_000, SqlStore.VoteLifeMs + 60_000);
        Assert.Equal(new VoteResult(IsDead: false, Votes: 1, Needed: 2), store.Vote(node[1], node[2], "timeout"));
        Assert.True(store.Vote(node[0], node[2], "timeout").IsDead);
    }

    [ConformanceFact]
    public void Vote_VoterDiedSince_DoesNotCount()
    {
        SqlStore store = OpenStore();
        long[] node = [StartAlone(store), Join(store, 2), Join(store, 3), Join(store, 4)];
        store.Vote(node[0], node[3], "timeout");
        store.MarkDead(node[0], "test");

        Assert.Equal(new VoteResult(IsDead: false, Votes: 1, Needed: 2), store.Vote(node[1], node[3], "timeout"));
    }

    [ConformanceFact]
    public void Vote_ReplyLost_RepeatedTellsTheSame()
    {
        HookedConnections hooks = new(Connections);
        SqlStore store = NewStore(hooks);
        store.Open(Identity());
        long[] node = [StartAlone(store), Join(store, 2), Join(store, 3)];
        store.Vote(node[0], node[2], "timeout");
        LoseReplyOf(hooks, store.Dialect.Commit);

        Assert.Throws<StoreUnavailableException>(() => store.Vote(node[1], node[2], "timeout"));

        Assert.True(store.Vote(node[1], node[2], "timeout").IsDead);
    }

    [ConformanceFact]
    public void Withdraw_OwnVote_LeavesTheOthers()
    {
        SqlStore store = OpenStore();
        long[] node = [StartAlone(store), Join(store, 2), Join(store, 3), Join(store, 4)];
        store.Vote(node[0], node[3], new string('x', SqlStore.EvidenceLengthMax + 1));
        store.Vote(node[1], node[2], "timeout");

        Assert.True(store.Withdraw(node[1], node[2]));
        Assert.False(store.Withdraw(node[1], node[2]));

        SuspicionRow left = Assert.Single(store.Suspicions());
        Assert.Equal((node[3], node[0], new string('x', SqlStore.EvidenceLengthMax)), (left.Target, left.Voter, left.Evidence));
        Assert.InRange(left.AgeMs, 0, 60_000);
    }

    [ConformanceFact]
    public void Evict_HeartbeatMovedSince_IsSpared()
    {
        SqlStore store = OpenStore();
        long first = StartAlone(store);
        long still = Join(store, 2);
        long moving = Join(store, 3);
        store.Heartbeat(moving);
        long version = store.View(0).Version;

        IReadOnlyList<long>? evicted = store.Evict(first, 1, [new ObservedMember(still, 0), new ObservedMember(moving, 0)], "db-stalled");

        Assert.Equal([still], evicted);
        Assert.Equal(version + 1, store.View(0).Version);
        Assert.Equal((MemberStatus.Dead, "db-stalled"), (store.Members()[1].Status, store.Members()[1].Reason));
        Assert.Equal(MemberStatus.Active, store.Members()[2].Status);
        Assert.Empty(store.Evict(first, 1, [new ObservedMember(still, 0), new ObservedMember(moving, 0)], "db-stalled")!);
        Assert.Equal(version + 1, store.View(0).Version);
    }

    [ConformanceFact]
    public void Evict_LeaseLost_IsNull()
    {
        SqlStore store = OpenStore();
        long first = StartAlone(store);
        long second = Join(store, 2);

        Assert.Null(store.Evict(second, 1, [new ObservedMember(first, 0)], "db-stalled"));
        Assert.Null(store.Evict(first, 2, [new ObservedMember(second, 0)], "db-stalled"));
        Assert.All(store.Members(), member => Assert.Equal(MemberStatus.Active, member.Status));
    }

    [ConformanceFact]
    public void EvictAccused_ComplaintStands_EndsIt()
    {
        SqlStore store = OpenStore();
        long[] node = [StartAlone(store), Join(store, 2), Join(store, 3)];
        store.Vote(node[1], node[2], "timeout");
        long version = store.View(0).Version;

        Assert.True(store.EvictAccused(node[0], 1, node[2], "partial partition"));
        Assert.False(store.EvictAccused(node[0], 1, node[2], "partial partition"));

        Assert.Equal(version + 1, store.View(0).Version);
        Assert.Equal((MemberStatus.Dead, "partial partition"), (store.Members()[2].Status, store.Members()[2].Reason));
    }

    [ConformanceFact]
    public void EvictAccused_WithdrawnOldOrLeaseLost_IsSpared()
    {
        SqlStore store = OpenStore();
        long[] node = [StartAlone(store), Join(store, 2), Join(store, 3)];
        store.Vote(node[1], node[2], "timeout");

        Assert.Null(store.EvictAccused(node[0], 2, node[2], "lease lost"));
        Assert.Null(store.EvictAccused(node[1], 1, node[2], "not the holder"));
        Assert.False(store.EvictAccused(node[0], 1, node[0], "nobody complains of it"));
        Sql(store.Dialect.Expand($"UPDATE suspicion SET at = {{now}} - {SqlStore.VoteLifeMs + 1_000} * {{ms}}"));
        Assert.False(store.EvictAccused(node[0], 1, node[2], "old"));
        store.Withdraw(node[1], node[2]);
        Assert.False(store.EvictAccused(node[0], 1, node[2], "withdrawn"));

        Assert.All(store.Members(), member => Assert.Equal(MemberStatus.Active, member.Status));
    }

    [ConformanceFact]
    public void BeginLeave_Active_KeepsShardsAndFreesTheLease()
    {
        SqlStore store = OpenStore();
        long first = StartAlone(store);
        long second = Join(store, 2);
        long version = store.View(0).Version;

        Assert.True(store.BeginLeave(first));
        Assert.True(store.BeginLeave(first));

        Assert.Equal(version + 1, store.View(0).Version);
        Assert.Equal(MemberStatus.Leaving, store.Heartbeat(first)?.Status);
        Assert.Equal(16, store.ShardsOf(first).Count);
        Assert.Empty(store.Flush(Flush(first, Row(1, 1, 1))).FencedShards);
        Assert.Null(store.AcquireLease(first));
        Assert.Equal(2, store.AcquireLease(second));
        Assert.Null(store.AssignShards(first, 1, []));
    }

    [ConformanceFact]
    public void BeginLeave_JoiningOrDead_IsFalse()
    {
        SqlStore store = OpenStore();
        StartAlone(store);
        long joining = store.Admit(Node("n2", 2)).Incarnation;

        Assert.False(store.BeginLeave(joining));
        store.Leave(joining);
        Assert.False(store.BeginLeave(joining));
        Assert.False(store.BeginLeave(99));
    }
}
