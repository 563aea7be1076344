using MonitorCluster.Cluster.Sharding.Balance;

namespace MonitorCluster.Tests.Cluster.Sharding.Balance;

public class MovePaceTests
{
    private static readonly TimeSpan Quick = TimeSpan.FromMilliseconds(299);
    private readonly MovePace pace = new(new PaceLimits());

    [Fact]
    public void MayBegin_TwoOfANode_HasNoThird()
    {
        Begin(Move(1, 2));
        Begin(Move(1, 3));

        Assert.False(pace.MayBegin(Move(1, 4)));
        Begin(Move(5, 2));
        Assert.False(pace.MayBegin(Move(6, 2)));
        Assert.True(pace.MayBegin(Move(2, 1)));
    }

    [Fact]
    public void MayBegin_EightInTheCluster_HasNoNinth()
    {
        for (int i = 0; i < 8; i++)
        {
            Begin(Move(i, 100 + i));
        }

        Assert.False(pace.MayBegin(Move(8, 108)));
        pace.Cancelled(Move(0, 100));
        Assert.True(pace.MayBegin(Move(8, 108)));
        Assert.Equal((8, 7), (pace.InFlightAllowed, pace.InFlight));
    }

    [Theory]
    [InlineData(300, true)]
    [InlineData(10, false)]
    public void Ended_MoveThatIsFelt_HalvesDownToOneAndRisesByOne(int pauseMs, bool isFlushNormal)
    {
        foreach ((int all, int perNode) in new[] { (4, 1), (2, 1), (1, 1), (1, 1) })
        {
            End(TimeSpan.FromMilliseconds(pauseMs), isFlushNormal);
            Assert.Equal((all, perNode), (pace.InFlightAllowed, pace.PerNodeAllowed));
        }

        foreach ((int all, int perNode) in new[] { (2, 2), (3, 2), (4, 2), (5, 2), (6, 2), (7, 2), (8, 2), (8, 2) })
        {
            End(Quick, true);
            Assert.Equal((all, perNode), (pace.InFlightAllowed, pace.PerNodeAllowed));
        }
    }

    [Theory]
    [InlineData(1_000, 8)]
    [InlineData(1_001, 4)]
    public void Learn_LongPauseThatTheSizeExplains_IsNotFelt(int pauseMs, int allowed)
    {
        pace.Learn(TimeSpan.FromMilliseconds(pauseMs), TimeSpan.FromMilliseconds(500), isFlushNormal: true);

        Assert.Equal(allowed, pace.InFlightAllowed);
    }

    private void Begin(BalanceMove move)
    {
        Assert.True(pace.MayBegin(move));
        pace.Began(move);
    }

    private void End(TimeSpan pause, bool isFlushNormal)
    {
        pace.Began(Move(1, 2));
        pace.Ended(Move(1, 2), pause, TimeSpan.Zero, isFlushNormal);
    }

    private static BalanceMove Move(long from, long to) => new(0, from, to, 0, 0, default);
}
