using MonitorCluster.TimeSeries.Detectors;

namespace MonitorCluster.Tests.TimeSeries.Detectors;

public class PoissonTailTests
{
    [Theory]
    [InlineData(1, 0.01)]
    [InlineData(3, 0.2)]
    [InlineData(5, 0.34)]
    [InlineData(12, 3.5)]
    [InlineData(60, 20)]
    [InlineData(9, 8.5)]
    public void Decades_CountOverTheMean_AreThoseOfTheTail(int count, double mean)
    {
        double mass = Math.Exp(-mean), tail = 0;
        for (int i = 1; i < count + 200; i++)
        {
            mass *= mean / i;
            tail += i >= count ? mass : 0;
        }

        Assert.Equal(-Math.Log10(tail), PoissonTail.Decades(count, mean), 6);
    }

    [Fact]
    public void Decades_UsualOrFewer_AreNone()
    {
        Assert.Equal(0, PoissonTail.Decades(0, 0.1));
        Assert.Equal(0, PoissonTail.Decades(5, 5));
    }

    [Fact]
    public void Decades_EverySeriesOfALargeHost_StayFinite() => Assert.InRange(PoissonTail.Decades(100_000, 0.001), 1e5, 1e7);

    [Fact]
    public void SignalRate_HoursOfBursts_AreTheNewUsual()
    {
        var rate = default(SignalRate);
        Assert.Equal(0.003, rate.Share(0.003));
        for (int window = 0; window < 60; window++)
        {
            rate.Learn(0.1, 0.003);
        }

        Assert.InRange(rate.Share(0.003), 0.05, 0.1);
        for (int window = 0; window < 2_000; window++)
        {
            rate.Learn(0, 0.003);
        }

        Assert.Equal(0.003, rate.Share(0.003), 4);
    }

    [Fact]
    public void SignalRate_OneBadWindow_IsNotTheNewUsual()
    {
        var rate = default(SignalRate);
        for (int window = 0; window < 50; window++)
        {
            rate.Learn(0.004, 0.003);
        }

        rate.Learn(1, 0.003);

        Assert.InRange(rate.Share(0.003), 0.003, 0.006);
    }
}
