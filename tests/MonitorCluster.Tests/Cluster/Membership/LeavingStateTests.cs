using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Storage;
using static MonitorCluster.Cluster.Membership.MembershipOperation;
using static MonitorCluster.Tests.Cluster.Membership.Machines;
using static MonitorCluster.Tests.Cluster.Membership.MembershipDriver;

namespace MonitorCluster.Tests.Cluster.Membership;

/// <summary>The way out of the cluster, seen from outside of the whole machine.</summary>
public class LeavingStateTests
{
    [Fact]
    public void Leave_Alone_WaitsForNothing()
    {
        MembershipDriver driver = Running();

        driver.Wish(new LeaveCluster());
        driver.Wish(new LeaveNow());

        Assert.Equal([new ShardsDrained(false), new MembershipLeft(true)], driver.Answers);
        Assert.Equal([BeginLeave, ReadView, Leave], driver.Calls.Select(call => call.Call.Operation).Where(call => call != Control));
        Assert.Equal(new MembershipLeft(true), driver.Published[^1]);
        Assert.False(driver.HasTimers);
    }

    [Fact]
    public void Leave_OthersAreThere_WaitsUntilItsShardsAreGone()
    {
        MembershipDriver driver = Running(2);
        driver.Wish(new LeaveCluster());
        driver.Advance(5);
        Assert.Empty(driver.Answers);
        Assert.Contains(driver.Calls, call => call.Call.Operation == Control); // as the holder of the lease it drains itself until another takes it
        Assert.DoesNotContain(driver.Calls, call => call.Call.Operation == AcquireLease);

        for (int shard = 0; shard < 4; shard++)
        {
            driver.Shards[shard] = driver.Shards[shard] with { Owner = 2, Epoch = 2 };
        }

        driver.Version++;
        driver.Advance(1);

        Assert.Equal([new ShardsDrained(true)], driver.Answers);
    }

    [Fact]
    public void Leave_NobodyTakesTheShards_EndsAfterThirtySeconds()
    {
        MembershipDriver driver = Running(2);

        driver.Wish(new LeaveCluster());
        driver.Advance(29.9);
        Assert.Empty(driver.Answers);
        driver.Advance(0.1);

        Assert.Equal([new ShardsDrained(false)], driver.Answers);
    }

    [Fact]
    public void Leave_TheOthersHaveNoRoleForShards_WaitsForNothing()
    {
        MembershipDriver driver = Running(2);
        driver.Members[2] = Row(2, roles: NodeRoles.Api);
        driver.Version++;
        driver.Advance(1);

        driver.Wish(new LeaveCluster());

        Assert.Equal([new ShardsDrained(false)], driver.Answers);
    }

    [Fact]
    public void Leave_StoreAway_EndsWithoutIt()
    {
        MembershipDriver driver = Running(2);
        driver.Store = _ => new StoreUnavailableException();

        driver.Wish(new LeaveCluster());
        driver.Wish(new LeaveNow());

        Assert.Equal([new ShardsDrained(false), new MembershipLeft(false)], driver.Answers);
        Assert.Equal([new MembershipLeft(false)], driver.Published);
    }

    [Fact]
    public void Leave_NotYetAdmitted_EndsAtOnce()
    {
        MembershipDriver driver = new(Address(2));
        driver.Start();

        driver.Wish(new LeaveCluster());
        driver.Wish(new LeaveNow());

        Assert.Equal([new ShardsDrained(false), new MembershipLeft(false)], driver.Answers);
        Assert.Equal([new MembershipLeft(false)], driver.Published);
    }

    [Fact]
    public void Leave_AdmittedButNotActive_LeavesARowThatSaysSo()
    {
        MembershipDriver driver = new(Address(2));
        driver.Members.Add(2, Row(2));
        driver.Peer = request => request.Tag is PeerTag.ReachOut ? null : Healthy(request);
        driver.Store = call => call.Operation == BeginLeave ? false : driver.Answer(call);
        driver.Start();

        driver.Wish(new LeaveCluster());
        driver.Wish(new LeaveNow());

        Assert.Equal(new MembershipLeft(true), driver.Answers[^1]);
        Assert.Equal(1, driver.Count(Leave));
    }

    [Fact]
    public void Leave_EvictedMeanwhile_AnswersWhoWaits()
    {
        MembershipDriver driver = Running(2);
        driver.Wish(new LeaveCluster());
        driver.Members[Me] = Row(Me, MemberStatus.Dead);

        driver.Advance(1);
        driver.Wish(new LeaveNow());

        Assert.Equal([new ShardsDrained(false), new MembershipLeft(false)], driver.Answers);
        Assert.Equal([new MembershipEvicted(Me)], driver.Published.Where(message => message is not ClusterViewChanged));
    }

    [Fact]
    public void Leave_AskedTwice_IsAnsweredTwice()
    {
        MembershipDriver driver = Running();

        driver.Wish(new LeaveCluster());
        driver.Wish(new LeaveCluster());
        driver.Wish(new LeaveNow());
        driver.Wish(new LeaveNow());

        Assert.Equal([new ShardsDrained(false), new ShardsDrained(false), new MembershipLeft(true), new MembershipLeft(true)], driver.Answers);
    }
}
