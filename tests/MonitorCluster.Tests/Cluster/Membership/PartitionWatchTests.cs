using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Tests.Cluster.Membership;

public class PartitionWatchTests
{
    private readonly ClusterMap map = new();
    private readonly PartitionWatch watch = new(new MembershipTiming());

    public PartitionWatchTests() => map.Take(new ClusterView(1, [.. Enumerable.Range(1, 4).Select(n => Row(n))], []));

    [Fact]
    public void Victim_TwoComplainOfEachOther_IsTheYoungerAfterTwoMinutes()
    {
        Observe(0, (2, 1), (1, 2));
        Observe(119, (2, 1), (1, 2));
        Assert.Null(watch.Victim(At(119)));

        Observe(120, (2, 1), (1, 2));

        Assert.Equal(2, watch.Victim(At(120))!.Value.Member);
        Assert.Equal([1L], watch.Victim(At(120))!.Value.Complainers);
    }

    [Fact]
    public void Victim_OneHasMoreComplainers_IsThatOne()
    {
        Observe(0, (1, 2), (2, 1), (1, 3));
        Observe(120, (1, 2), (2, 1), (1, 3));

        Assert.Equal(1, watch.Victim(At(120))!.Value.Member);
        Assert.Equal([2L, 3L], watch.Victim(At(120))!.Value.Complainers);
    }

    [Fact]
    public void Victim_OnlyOneSideComplains_IsTheOneComplainedOf()
    {
        Observe(0, (1, 2));
        Observe(120, (1, 2));

        Assert.Equal(1, watch.Victim(At(120))!.Value.Member);
    }

    [Fact]
    public void Forget_WhoeverWasToldToGo_IsNotNamedAgain()
    {
        Observe(0, (2, 1), (1, 2), (3, 2));
        Observe(120, (2, 1), (1, 2), (3, 2));

        watch.Forget(2);

        Assert.Null(watch.Victim(At(120)));
    }

    [Fact]
    public void Observe_ComplaintWasWithdrawnMeanwhile_CountsAnew()
    {
        Observe(0, (1, 2));
        Observe(60);
        Observe(65, (1, 2));

        Assert.Null(watch.Victim(At(184)));
        Assert.NotNull(watch.Victim(At(185)));
    }

    [Fact]
    public void Observe_VoteIsOldOrVoterIsDead_DoesNotCount()
    {
        map.Take(new ClusterView(2, [Row(1), Row(2), Row(3) with { Status = MemberStatus.Dead }], []));
        SuspicionRow[] rows = [new(1, 2, "", 30_001), new(1, 3, "", 0), new(9, 2, "", 0), new(3, 2, "", 0)];
        watch.Observe(rows, map, At(0));
        watch.Observe(rows, map, At(200));

        Assert.Null(watch.Victim(At(200)));
    }

    private void Observe(double at, params (long Target, long Voter)[] pairs) =>
        watch.Observe(pairs.Select(pair => new SuspicionRow(pair.Target, pair.Voter, "", 500)), map, At(at));

    private static TimeSpan At(double seconds) => TimeSpan.FromSeconds(seconds);

    private static MemberRow Row(long n) => new(n, $"n{n}", "a", "", NodeRoles.Api, "b", Guid.Empty, MemberStatus.Active, null, 0, 1);
}
