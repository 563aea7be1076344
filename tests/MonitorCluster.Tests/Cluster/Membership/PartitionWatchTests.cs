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
        Stand(110, (2, 1), (1, 2));
        Observe(119, (2, 1), (1, 2));
        Assert.Null(watch.Victim(At(119)));

        Observe(120, (2, 1), (1, 2));

        Assert.Equal(2, watch.Victim(At(120))!.Value.Member);
        Assert.Equal([1L], watch.Victim(At(120))!.Value.Complainers);
    }

    [Fact]
    public void Victim_OneHasMoreComplainers_IsThatOne()
    {
        Stand(110, (1, 2), (2, 1), (1, 3));
        Observe(120, (1, 2), (2, 1), (1, 3));

        Assert.Equal(1, watch.Victim(At(120))!.Value.Member);
        Assert.Equal([2L, 3L], watch.Victim(At(120))!.Value.Complainers);
    }

    [Fact]
    public void Victim_OnlyOneSideComplains_IsTheOneComplainedOf()
    {
        Stand(110, (1, 2));
        Observe(120, (1, 2));

        Assert.Equal(1, watch.Victim(At(120))!.Value.Member);
    }

    [Fact]
    public void Forget_WhoeverWasToldToGo_IsNotNamedAgain()
    {
        Stand(110, (2, 1), (1, 2), (3, 2));
        Observe(120, (2, 1), (1, 2), (3, 2));

        watch.Forget(2);

        Assert.Null(watch.Victim(At(120)));
    }

    [Fact]
    public void Observe_ComplaintWasWithdrawnMeanwhile_CountsAnew()
    {
        Stand(60, (1, 2));
        Observe(65);
        Stand(175, from: 70, (1, 2));

        Assert.Null(watch.Victim(At(185)));
        Observe(185, (1, 2));
        Assert.NotNull(watch.Victim(At(190)));
    }

    [Fact]
    public void Victim_ComplaintsWereNotReadForAWhile_CountsAnew()
    {
        Stand(110, (1, 2));

        Assert.Null(watch.Victim(At(123)));
        Observe(123, (1, 2));
        Assert.Null(watch.Victim(At(130)));
    }

    [Fact]
    public void Observe_AfterAGap_CountsAnew()
    {
        Stand(50, (1, 2));
        Observe(70, (1, 2));

        Stand(180, from: 75, (1, 2));

        Assert.Null(watch.Victim(At(189)));
        Assert.NotNull(watch.Victim(At(190)));
    }

    [Fact]
    public void Observe_VoteIsOldOrVoterIsDead_DoesNotCount()
    {
        map.Take(new ClusterView(2, [Row(1), Row(2), Row(3) with { Status = MemberStatus.Dead }], []));
        SuspicionRow[] rows = [new(1, 2, "", 30_001), new(1, 3, "", 0), new(9, 2, "", 0), new(3, 2, "", 0)];
        for (int at = 0; at <= 200; at += 5)
        {
            watch.Observe(rows, map, At(at));
        }

        Assert.Null(watch.Victim(At(200)));
    }

    private void Stand(int until, params (long Target, long Voter)[] pairs) => Stand(until, from: 0, pairs);

    /// <summary>Read every five seconds, as the controller does.</summary>
    private void Stand(int until, int from, params (long Target, long Voter)[] pairs)
    {
        for (int at = from; at <= until; at += 5)
        {
            Observe(at, pairs);
        }
    }

    private void Observe(double at, params (long Target, long Voter)[] pairs) =>
        watch.Observe(pairs.Select(pair => new SuspicionRow(pair.Target, pair.Voter, "", 500)), map, At(at));

    private static TimeSpan At(double seconds) => TimeSpan.FromSeconds(seconds);

    private static MemberRow Row(long n) => new(n, $"n{n}", "a", "", NodeRoles.Api, "b", Guid.Empty, MemberStatus.Active, null, 0, 1);
}
