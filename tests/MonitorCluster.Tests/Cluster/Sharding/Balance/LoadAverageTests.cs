using MonitorCluster.Cluster.Sharding.Balance;

namespace MonitorCluster.Tests.Cluster.Sharding.Balance;

public class LoadAverageTests
{
    [Fact]
    public void Observe_SmallStep_IsHalfSeenAfterTheHalfLives()
    {
        LoadAverage average = After(1, 2_000);

        Feed(ref average, 1.3, 3);
        Assert.Equal(1.15, average.Hot, 4);

        Feed(ref average, 1.3, 27);
        Assert.Equal(1.15, average.Plan, 4);
    }

    [Fact]
    public void Observe_LoadTriples_IsSeenWholeAfterTwoWindows()
    {
        LoadAverage average = After(1, 2_000);

        Feed(ref average, 3, 1);
        Assert.InRange(average.Plan, 1, 1.1);
        Feed(ref average, 3, 1);

        Assert.Equal((3, 3), (average.Hot, average.Plan));
    }

    [Fact]
    public void Observe_NoiseOfAQuarter_StaysWithinAFewPercentAndNeverJumps()
    {
        Random random = new(1);
        LoadAverage average = After(1, 1_000);
        for (int window = 0; window < 10_000; window++)
        {
            average.Observe(1 + (0.25 * ((2 * random.NextDouble()) - 1)));
            Assert.InRange(average.Plan, 0.93, 1.07);
        }
    }

    [Fact]
    public void Observe_FirstWindows_IsTheirMeanAndNotNearZero()
    {
        LoadAverage average = default;
        average.Observe(1);
        average.Observe(1.2);
        average.Observe(double.NaN);

        Assert.Equal(1.1, average.Plan, 9);
        Assert.Equal(1.1, average.Hot, 9);
    }

    private static LoadAverage After(double load, int windows)
    {
        LoadAverage average = default;
        Feed(ref average, load, windows);
        return average;
    }

    private static void Feed(ref LoadAverage average, double load, int windows)
    {
        for (int window = 0; window < windows; window++)
        {
            average.Observe(load);
        }
    }
}
