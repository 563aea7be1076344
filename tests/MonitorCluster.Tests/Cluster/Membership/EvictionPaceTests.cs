using MonitorCluster.Cluster.Membership;

namespace MonitorCluster.Tests.Cluster.Membership;

public class EvictionPaceTests
{
    private readonly EvictionPace pace = new(new MembershipTiming());

    [Theory]
    [InlineData(1, 2, 1)] // one of three: allowed
    [InlineData(2, 2, 2)] // two of three: nobody else moves, so nothing is saved by waiting
    [InlineData(2, 4, 2)] // 40 % of five
    [InlineData(3, 4, 2)]
    [InlineData(9, 9, 9)]
    [InlineData(8, 9, 4)] // 40 % of ten
    [InlineData(0, 5, 0)]
    public void Allow_FirstTime_IsTwoFifthsButAtLeastOne(int stalled, int others, int allowed) =>
        Assert.Equal(allowed, pace.Allow(stalled, others, TimeSpan.Zero));

    [Fact]
    public void Allow_AfterEvictions_WaitsForTheMinuteToPass()
    {
        pace.Evicted(4, TimeSpan.FromSeconds(10));

        Assert.Equal(0, pace.Allow(3, 5, TimeSpan.FromSeconds(69)));
        Assert.Equal(2, pace.Allow(3, 5, TimeSpan.FromSeconds(70)));
    }
}
