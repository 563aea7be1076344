using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Cluster.Transport;
using static MonitorCluster.Cluster.Membership.MembershipOperation;
using static MonitorCluster.Tests.Cluster.Membership.Machines;
using static MonitorCluster.Tests.Cluster.Membership.MembershipDriver;

namespace MonitorCluster.Tests.Cluster.Membership;

/// <summary>What the holder of the lease does, seen from outside of the whole machine.</summary>
public class ControllerRoleTests
{
    [Fact]
    public void Control_MemberDies_TakesTheLeaseAtOnceAndAssigns()
    {
        MembershipDriver driver = Running(2);
        driver.Shards[1] = driver.Shards[1] with { Owner = 2 };
        driver.Members[2] = Row(2, MemberStatus.Dead);
        driver.Version++;

        driver.Wish(new LookAgain(driver.Version));

        Assert.Equal([ReadView, AcquireLease, Control], driver.Calls.Select(call => call.Call.Operation));
    }

    [Fact]
    public void Control_LeaseIsLost_WritesNothingMoreUntilItIsTakenAgain()
    {
        MembershipDriver driver = Running(2);
        driver.Store = call => call.Operation == Control ? null : driver.Answer(call);
        driver.Shards[1] = driver.Shards[1] with { Owner = null };
        driver.Version++;
        driver.Lease = null;

        driver.Advance(10);
        Assert.Equal(1, driver.Count(Control));
        driver.Lease = 9;
        driver.Advance(2);

        Assert.Equal(2, driver.Count(Control));
    }

    [Fact]
    public void Control_OutcomeUnknown_ReadsTheViewAndPlansAgain()
    {
        MembershipDriver driver = Running();
        driver.Shards[1] = driver.Shards[1] with { Owner = null };
        driver.Version++;
        driver.Store = call => call.Operation == Control ? new StoreUnavailableException() : driver.Answer(call);

        driver.Advance(3.5);

        Assert.Equal(3, driver.Count(Control));
        Assert.DoesNotContain(driver.Published, message => message is not ClusterViewChanged);
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 0)]
    public void Evict_MemberStandsStillForFifteenSeconds_IsTheHoldersWork(bool isHolder, int evictions)
    {
        MembershipDriver driver = Running(2, 3);
        driver.Lease = isHolder ? 1 : null;
        driver.Peer = request => request.Address == Address(2) && request.Kind == RequestKind.Ping
            ? Failed(request, PeerFailure.TimedOut, "no answer") : Healthy(request); // so that it is watched by everybody
        driver.Advance(3);
        driver.Forget();
        for (int second = 0; second < 11; second++)
        {
            driver.Beat(3);
            driver.Advance(1);
        }

        Assert.Equal(0, driver.Count(Evict));
        driver.Store = call => call.Operation == Evict ? new List<long> { 2 } : driver.Answer(call);
        driver.Beat(3);
        driver.Advance(2.5);

        Assert.Equal(evictions, Math.Min(1, driver.Count(Evict)));
    }

    [Fact]
    public void Evict_OutcomeStaysUnknown_CountsForThePace()
    {
        MembershipDriver driver = Running(2, 3, 4);
        int orders = 0;
        driver.Store = call => call.Operation != Evict ? driver.Answer(call) : ++orders > 0 ? new StoreUnavailableException() : null;
        for (int second = 0; second < 40; second++)
        {
            driver.Beat(3, 4);
            driver.Advance(1);
        }

        Assert.Equal(1, orders); // four members: one in a minute
    }

    [Fact]
    public void Suspicions_StandForTwoMinutes_EndTheYounger()
    {
        MembershipDriver driver = Balanced();
        driver.Store = call => call.Operation == Suspicions
            ? new List<SuspicionRow> { new(2, 3, "", 1_000), new(3, 2, "", 1_000) } : driver.Answer(call);
        for (int second = 0; second < 118; second++)
        {
            driver.Beat(2, 3);
            driver.Advance(1);
        }

        Assert.Equal(0, driver.Count(EndPartition));
        for (int second = 0; second < 8; second++)
        {
            driver.Beat(2, 3);
            driver.Advance(1);
        }

        Assert.Equal(new StoreCall(EndPartition, 3), driver.Calls.First(call => call.Call.Operation == EndPartition).Call);
        Assert.Contains(driver.Reports, report => report.Text.Contains("n2 cannot reach it", StringComparison.Ordinal));
    }

    [Fact]
    public void Suspicions_StoreAwayForTwoMinutesAfterOneComplaint_EndNobody()
    {
        MembershipDriver driver = Balanced();
        driver.Store = call => call.Operation == Suspicions ? new List<SuspicionRow> { new(2, 3, "", 1_000) } : driver.Answer(call);
        driver.Advance(6);
        driver.Store = _ => new StoreUnavailableException();
        driver.Advance(125);
        driver.Forget();

        driver.Store = driver.Answer; // the complaint was withdrawn long ago
        driver.Advance(10);

        Assert.True(driver.Count(Suspicions) > 0);
        Assert.Equal(0, driver.Count(EndPartition));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void EndPartition_OutcomeUnknownOrDone_IsRepeatedOnlyWhenUnknown(bool isUnknown)
    {
        MembershipDriver driver = Balanced();
        driver.Store = call => call.Operation == Suspicions ? new List<SuspicionRow> { new(2, 3, "", 1_000) }
            : call.Operation == EndPartition && isUnknown ? new StoreUnavailableException() : driver.Answer(call);
        for (int second = 0; second < 135; second++)
        {
            driver.Beat(2, 3);
            driver.Advance(1);
        }

        Assert.Equal(isUnknown, driver.Count(EndPartition) > 1);
        Assert.True(driver.Count(EndPartition) > 0);
    }

    [Fact]
    public void Tidy_HourAfterHour_IsTheHoldersWork()
    {
        MembershipDriver driver = Running();
        driver.Advance(3_595);
        Assert.Equal(0, driver.Count(Tidy));

        driver.Advance(3_610);
        Assert.Equal(2, driver.Count(Tidy));
        driver.Lease = null;
        driver.Advance(4_000);

        Assert.Equal(2, driver.Count(Tidy));
    }

    [Fact]
    public void Alone_Running_ReadsNoViewAndAsksForNoComplaints()
    {
        MembershipDriver driver = Running();

        driver.Advance(30);

        Assert.Equal((0, 0), (driver.Count(ReadView), driver.Count(Suspicions)));
    }

    /// <summary>Three members with their fair shares: the controller has nothing else to do.</summary>
    private static MembershipDriver Balanced()
    {
        MembershipDriver driver = Running(2, 3);
        driver.Shards[1] = driver.Shards[1] with { Owner = 2 };
        driver.Shards[2] = driver.Shards[2] with { Owner = 3 };
        driver.Version++;
        return driver;
    }
}
