using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Storage;
using static MonitorCluster.Cluster.Membership.MembershipEffect;
using static MonitorCluster.Cluster.Membership.MembershipEvent;
using static MonitorCluster.Cluster.Membership.MembershipOperation;

namespace MonitorCluster.Tests.Cluster.Membership;

public class MembershipStateTests
{
    private const long Me = 5;
    private static readonly Guid s_cluster = new(9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

    private readonly MembershipState _state = new(
        new StoreIdentity("default", s_cluster, 2, 1, "xxh64-v1", new Dictionary<string, string>()),
        new AdmitRequest("n1", "127.0.0.1:1", "", NodeRoles.Api, "b", 1, 1, 1, 1, Guid.Empty, Alone: true, StoodStill: []));

    [Fact]
    public void Start_NodeAlone_OwnsAllWithoutWaitingForATimer()
    {
        Assert.Equal([Open], Operations(Step(new Started())));
        Assert.Equal([Admit], Operations(Done(Open, new StoreInfo(s_cluster, 1, 2, true))));
        Assert.Equal([Activate], Operations(Done(Admit, new AdmitResult(Me, []))));
        IReadOnlyList<MembershipEffect> active = Done(Activate, true);
        Assert.Equal([new MembershipReady(Me, s_cluster)], Published(active));
        Assert.Equal([AcquireLease], Operations(active));
        Assert.Equal([AssignShards], Operations(Done(AcquireLease, 1L)));

        IReadOnlyList<MembershipEffect> assigned = Done(AssignShards, Shards(1));

        Assert.Equal(Shards(1), Assert.IsType<ShardsOwned>(Assert.Single(Published(assigned))).Shards);
        Assert.Equal([ReadView], Operations(assigned));
        ClusterViewChanged view = Assert.IsType<ClusterViewChanged>(Assert.Single(Published(Done(ReadView, View(version: 3, owner: Me, epoch: 1)))));
        Assert.Equal((3, 1, 2), (view.Version, view.Members.Count, view.ShardOwners.Count));
    }

    [Fact]
    public void Heartbeat_DeadInTheStore_IsEvictedAndNothingFollows()
    {
        Run();

        Assert.Equal([Heartbeat], Operations(Step(new Elapsed(MembershipTimer.Heartbeat))));
        IReadOnlyList<MembershipEffect> effects = Done(Heartbeat, null);

        Assert.Equal([new MembershipEvicted(Me)], Published(effects));
        Assert.Contains(effects, effect => effect is CancelTimers);
        Assert.Empty(Step(new Elapsed(MembershipTimer.Heartbeat)));
        Assert.Empty(Step(new LeaveRequested()));
    }

    [Fact]
    public void Heartbeat_StoreAwayForLong_KeepsTheMembershipAndDoesNotPileUp()
    {
        Run();

        for (int i = 0; i < 100; i++)
        {
            Assert.Equal([Heartbeat], Operations(Step(new Elapsed(MembershipTimer.Heartbeat))));
            Assert.Empty(Operations(Step(new Elapsed(MembershipTimer.Heartbeat)))); // the first is still under way
            Assert.Empty(Step(new Failed(Heartbeat, new StoreUnavailableException())));
        }

        Step(new Elapsed(MembershipTimer.Heartbeat));
        Assert.Empty(Done(Heartbeat, new HeartbeatResult(MemberStatus.Active, 3)));
    }

    [Fact]
    public void Heartbeat_VersionMoved_ReadsTheViewAndFindsLostShards()
    {
        Run();
        Step(new Elapsed(MembershipTimer.Heartbeat));

        Assert.Equal([ReadView], Operations(Done(Heartbeat, new HeartbeatResult(MemberStatus.Active, 4))));
        ClusterView view = new(4, [Member(Me, MemberStatus.Active), Member(6, MemberStatus.Active)], [new ShardOwner(1, 2, 6, null, 4)]);
        IReadOnlyList<MembershipEffect> effects = Done(ReadView, view);

        Assert.Equal([new ShardEpoch(0, 1)], Assert.IsType<ShardsOwned>(Published(effects)[0]).Shards);
        Assert.Empty(Operations(effects));
    }

    [Fact]
    public void View_ShardsOfADeadMember_AreAssignedByTheController()
    {
        Run();
        ClusterView view = new(4, [Member(Me, MemberStatus.Active), Member(6, MemberStatus.Dead)], [new ShardOwner(1, 2, 6, null, 4)]);

        Step(new Elapsed(MembershipTimer.Heartbeat));
        Done(Heartbeat, new HeartbeatResult(MemberStatus.Active, 4));
        Assert.Equal([AssignShards], Operations(Done(ReadView, view)));
        Step(new Failed(AssignShards, new StoreUnavailableException()));
        Step(new Elapsed(MembershipTimer.Lease));
        Assert.Equal([AssignShards], Operations(Done(AcquireLease, 1L)));
    }

    [Fact]
    public void Assign_LeaseLost_WaitsForTheNextRenewal()
    {
        Run();
        Step(new Elapsed(MembershipTimer.Lease));
        Assert.Empty(Operations(Done(AcquireLease, 1L)));
        Step(new Elapsed(MembershipTimer.Lease));
        Assert.Equal([AssignShards], Operations(Done(AcquireLease, 2L)));

        Assert.Equal([ReadView], Operations(Done(AssignShards, null)));
        Step(new Elapsed(MembershipTimer.Lease));
        Assert.Empty(Operations(Done(AcquireLease, null)));
    }

    [Fact]
    public void Start_StoreAway_BacksOffToFiveSecondsAndGoesOn()
    {
        Step(new Started());
        List<double> delays = [];
        for (int i = 0; i < 7; i++)
        {
            SetTimer timer = Assert.IsType<SetTimer>(Assert.Single(Step(new Failed(Open, new StoreUnavailableException()))));
            delays.Add(timer.Delay.TotalSeconds);
            Assert.Equal([Open], Operations(Step(new Elapsed(timer.Timer))));
        }

        Assert.Equal([0.25, 0.5, 1, 2, 4, 5, 5], delays);
        Assert.Equal([Admit], Operations(Done(Open, new StoreInfo(s_cluster, 1, 2, false))));
    }

    [Fact]
    public void Start_StoreRefused_EndsWithAllReasons()
    {
        Step(new Started());

        IReadOnlyList<MembershipEffect> effects = Step(new Failed(Open, new StoreRefusedException(["a", "b"])));

        Assert.Equal(["a", "b"], Assert.IsType<MembershipRefused>(Assert.Single(Published(effects))).Reasons);
    }

    [Theory]
    [InlineData("n1", "127.0.0.1:9", "Node:Name 'n1' is in use by the living node 'n1' at 127.0.0.1:9 (incarnation 3).")]
    [InlineData("n2", "127.0.0.1:1", "The address 127.0.0.1:1 is in use by the living node 'n2' at 127.0.0.1:1 (incarnation 3).")]
    [InlineData("n2", "127.0.0.1:9", "Cluster:Seeds is empty, but the store already has the living node 'n2' at 127.0.0.1:9 (incarnation 3). "
        + "Set Cluster:Seeds=127.0.0.1:9 to join it.")]
    public void Admit_SomebodyInTheWay_IsWatchedAndThenRefusedIfItLives(string name, string address, string reason)
    {
        MemberRow other = Member(3, MemberStatus.Active) with { NodeName = name, Address = address };
        Step(new Started());
        Done(Open, new StoreInfo(s_cluster, 1, 2, false));

        SetTimer watch = Assert.IsType<SetTimer>(Assert.Single(Done(Admit, new AdmitResult(0, [other]))));
        Assert.Equal([Admit], Operations(Step(new Elapsed(watch.Timer))));
        IReadOnlyList<MembershipEffect> effects = Done(Admit, new AdmitResult(0, [other]));

        Assert.Equal(TimeSpan.FromSeconds(3), watch.Delay);
        Assert.Equal([reason], Assert.IsType<MembershipRefused>(Assert.Single(Published(effects))).Reasons);
    }

    [Fact]
    public void Admit_StoreAwayWhileWatching_WatchesAgain()
    {
        MemberRow other = Member(3, MemberStatus.Active) with { NodeName = "n1" };
        Step(new Started());
        Done(Open, new StoreInfo(s_cluster, 1, 2, false));
        Done(Admit, new AdmitResult(0, [other]));
        Step(new Elapsed(MembershipTimer.Watch));
        Step(new Failed(Admit, new StoreUnavailableException()));
        Step(new Elapsed(MembershipTimer.Retry));

        Assert.Equal(MembershipTimer.Watch, Assert.IsType<SetTimer>(Assert.Single(Done(Admit, new AdmitResult(0, [other])))).Timer);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Leave_Running_EndsWhateverTheStoreSays(bool reachable)
    {
        Run();

        Assert.Equal([Leave], Operations(Step(new LeaveRequested())));
        IReadOnlyList<MembershipEffect> effects = reachable ? Done(Leave, true) : Step(new Failed(Leave, new StoreUnavailableException()));

        Assert.Equal([new MembershipLeft(reachable)], Published(effects));
    }

    [Fact]
    public void Leave_NotYetAdmitted_EndsAtOnce()
    {
        Step(new Started());

        Assert.Equal([new MembershipLeft(false)], Published(Step(new LeaveRequested())));
        Assert.Empty(Done(Open, new StoreInfo(s_cluster, 1, 2, false)));
    }

    /// <summary>To the state of a node that runs alone, at version 3.</summary>
    private void Run()
    {
        Step(new Started());
        Done(Open, new StoreInfo(s_cluster, 1, 2, true));
        Done(Admit, new AdmitResult(Me, []));
        Done(Activate, true);
        Done(AcquireLease, 1L);
        Done(AssignShards, Shards(1));
        Done(ReadView, View(3, Me, 1));
    }

    private IReadOnlyList<MembershipEffect> Step(MembershipEvent happened) => _state.Step(happened);

    private IReadOnlyList<MembershipEffect> Done(MembershipOperation operation, object? result) => Step(new Succeeded(operation, result));

    private static IEnumerable<MembershipOperation> Operations(IReadOnlyList<MembershipEffect> effects) =>
        effects.OfType<RunStore>().Select(effect => effect.Operation);

    private static List<object> Published(IReadOnlyList<MembershipEffect> effects) => [.. effects.OfType<Publish>().Select(effect => effect.Message)];

    private static List<ShardEpoch> Shards(long epoch) => [new ShardEpoch(0, epoch), new ShardEpoch(1, epoch)];

    private static ClusterView View(long version, long owner, long epoch) => new(
        version,
        [Member(owner, MemberStatus.Active)],
        [new ShardOwner(0, epoch, owner, null, version), new ShardOwner(1, epoch, owner, null, version)]);

    private static MemberRow Member(long incarnation, MemberStatus status) =>
        new(incarnation, $"n{incarnation}", "a", "", NodeRoles.Api, "b", Guid.Empty, status, null, 0, 1);
}
