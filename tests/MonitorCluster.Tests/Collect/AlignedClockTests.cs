using MonitorCluster.Collect;

namespace MonitorCluster.Tests.Collect;

public class AlignedClockTests
{
    private readonly AlignedClock clock = new(TimeSpan.FromSeconds(1));

    [Fact]
    public void TryTake_EachSecondOnce_AtWholeSeconds()
    {
        Assert.True(clock.TryTake(10_003, out long first));
        Assert.False(clock.TryTake(10_999, out _)); // the timer was early
        Assert.Equal(TimeSpan.FromMilliseconds(1), clock.DelayFrom(10_999));
        Assert.True(clock.TryTake(11_000, out long second));
        Assert.Equal((10_000, 11_000), (first, second));
        Assert.Equal(0, clock.MissedTotal);
    }

    [Fact]
    public void TryTake_AfterASleep_CountsWhatWasMissed()
    {
        clock.TryTake(10_000, out _);

        Assert.True(clock.TryTake(14_500, out long instant));
        Assert.Equal(14_000, instant);
        Assert.Equal(3, clock.MissedTotal);
    }

    [Fact]
    public void TryTake_ClockSlewedBack_WaitsAndNeverRepeats()
    {
        clock.TryTake(10_000, out _);

        Assert.False(clock.TryTake(9_990, out _));
        Assert.Equal(TimeSpan.FromMilliseconds(1010), clock.DelayFrom(9_990));
    }

    [Fact]
    public void TryTake_ClockSetBack_StartsAnew()
    {
        clock.TryTake(100_000, out _);

        Assert.True(clock.TryTake(50_000, out long instant));
        Assert.Equal(50_000, instant);
        Assert.Equal(TimeSpan.FromSeconds(1), clock.DelayFrom(50_000));
    }
}
