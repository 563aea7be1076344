using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Tests.Cluster.Membership;

public class StallWatchTests
{
    private readonly StallWatch watch = new(new MembershipTiming(), TimeSpan.FromSeconds(15));
    private double now;

    [Fact]
    public void StandingStill_FifteenSecondsOfOwnBeats_NamesWhoDidNotMove()
    {
        Run(14.9, step: 0.1, still: 2);
        Assert.Empty(Still());

        Run(0.3, step: 0.1, still: 2);

        Assert.Equal([new ObservedMember(2, 7)], Still());
    }

    [Fact]
    public void StandingStill_ItMovesOnce_CountsAnew()
    {
        Run(14, step: 1, still: 2);
        watch.Observe([Row(2, 8)], At(now));
        Run(14, step: 1, still: 2, heartbeat: 8);
        Assert.Empty(Still());

        Run(2, step: 1, still: 2, heartbeat: 8);

        Assert.Equal([new ObservedMember(2, 8)], Still());
    }

    [Fact]
    public void OwnBeat_GapOverThreeSeconds_ForgetsEverything()
    {
        Run(14, step: 1, still: 2);
        now += 3.1;
        Run(14, step: 1, still: 2);
        Assert.Empty(Still());

        Run(3, step: 1, still: 2);

        Assert.Single(Still());
    }

    [Fact]
    public void OwnBeat_GapOfThreeSecondsOrLess_DoesNotCountButForgetsNothing()
    {
        Run(15, step: 1, still: 2); // the first step only begins to watch
        now += 1.9; // with the step that follows 2.9 s
        Run(1, step: 1, still: 2);
        Assert.Empty(Still());

        Run(1, step: 1, still: 2);

        Assert.Single(Still());
    }

    [Fact]
    public void StandingStill_DatabaseAwayForAMinute_NamesNobody()
    {
        Run(10, step: 1, still: 2);
        now += 60;
        Assert.Empty(Still());

        Run(1, step: 1, still: 2);

        Assert.Empty(Still());
    }

    [Fact]
    public void Observe_MemberGone_IsForgotten()
    {
        Run(20, step: 1, still: 2);

        watch.Observe([], At(now));

        Assert.Empty(Still());
    }

    private void Run(double seconds, double step, long still, long heartbeat = 7)
    {
        for (double until = now + seconds; now < until - 0.001;)
        {
            now += step;
            watch.OwnBeat(At(now));
            watch.Observe([Row(still, heartbeat), Row(3, (long)(now * 10))], At(now));
        }
    }

    private IReadOnlyList<ObservedMember> Still() => watch.StandingStill(At(now));

    private static TimeSpan At(double seconds) => TimeSpan.FromSeconds(seconds);

    private static MemberRow Row(long incarnation, long heartbeat) =>
        new(incarnation, "n", "a", "", NodeRoles.Api, "b", Guid.Empty, MemberStatus.Active, null, heartbeat, 1);
}
