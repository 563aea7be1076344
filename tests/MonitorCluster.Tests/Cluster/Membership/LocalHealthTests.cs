using MonitorCluster.Cluster.Membership;

namespace MonitorCluster.Tests.Cluster.Membership;

public class LocalHealthTests
{
    private readonly LocalHealth health = new(new MembershipTiming());

    [Theory]
    [InlineData(0.2, false, 1.0, 0)]
    [InlineData(0.201, false, 0.0, 1)]
    [InlineData(0.0, true, 0.0, 1)]
    [InlineData(0.0, false, 1.001, 1)]
    [InlineData(2.5, false, 0.0, 3)]
    [InlineData(20.0, true, 9.0, 7)]
    public void Observe_EachSign_RaisesTheScore(double late, bool isMostSilent, double roundTrip, int score)
    {
        health.Observe(TimeSpan.FromSeconds(late), isMostSilent, TimeSpan.FromSeconds(roundTrip));

        Assert.Equal(score, health.Score);
        Assert.Equal(TimeSpan.FromSeconds(1 + score), health.Stretch(TimeSpan.FromSeconds(1)));
    }

    [Fact]
    public void MayVote_FourAndMore_IsFalseUntilItIsWellAgain()
    {
        for (int i = 0; i < 9; i++)
        {
            Assert.Equal(i < 4, health.MayVote);
            health.Observe(TimeSpan.Zero, true, TimeSpan.Zero);
        }

        Assert.Equal(7, health.Score);
        for (int i = 0; i < 4; i++)
        {
            Assert.False(health.MayVote);
            health.Observe(TimeSpan.Zero, false, TimeSpan.Zero);
        }

        Assert.True(health.MayVote);
    }
}
