using MonitorCluster.Optimise;

namespace MonitorCluster.Tests.Optimise;

public sealed class CostMultiplierTests
{
    private readonly CostMultiplier multiplier = new();
    private readonly Random random = new(7);

    [Fact]
    public void Value_BeforeAnything_IsThePrior() => Assert.Equal(1.5, multiplier.Value);

    [Fact]
    public void Value_OfLoadThatDoesNotVary_StaysThePrior()
    {
        Feed(windows: 200, slope: 4, bases: [0.3, 0.9], vary: 0);

        Assert.Equal(1.5, multiplier.Value, 1e-9);
    }

    [Theory]
    [InlineData(1.0, 1.0)]
    [InlineData(2.0, 2.0)]
    [InlineData(3.5, 3.5)]
    [InlineData(0.2, 1.0)]
    [InlineData(9.0, 6.0)]
    public void Value_OfLoadThatVaries_IsItsSlopeWithinBounds(double slope, double expected)
    {
        Feed(windows: 120, slope, bases: [0.05, 0.5, 1.5], vary: 0.3, noise: 0.02);

        Assert.Equal(expected, multiplier.Value, 0.15);
    }

    [Fact]
    public void Value_NodesWithOtherBases_AreNoSlope()
    {
        // The busier node has the lower base: a line through all points would fall.
        for (int window = 0; window < 120; window++)
        {
            double swing = 0.1 * Math.Sin(window / 5.0);
            multiplier.Add("a", window * 10_000L, 0.2 + swing, 2 + (2 * (0.2 + swing)));
            multiplier.Add("b", window * 10_000L, 0.8 + swing, 0.1 + (2 * (0.8 + swing)));
        }

        multiplier.Fit();

        Assert.Equal(2, multiplier.Value, 0.05);
    }

    [Fact]
    public void Value_AfterAChange_FollowsWithinAnHour()
    {
        Feed(windows: 360, slope: 1.2, bases: [0.2, 0.4], vary: 0.3);
        Feed(windows: 360, slope: 3, bases: [0.2, 0.4], vary: 0.3, startMs: 3_600_000);

        Assert.Equal(3, multiplier.Value, 0.1);
    }

    private void Feed(int windows, double slope, double[] bases, double vary, double noise = 0, long startMs = 0)
    {
        for (int window = 0; window < windows; window++)
        {
            for (int node = 0; node < bases.Length; node++)
            {
                double time = 0.5 + (vary * (random.NextDouble() - 0.5));
                double cpu = bases[node] + (slope * time) + (noise * (random.NextDouble() - 0.5));
                multiplier.Add($"n{node}", startMs + (window * 10_000L), time, cpu);
            }
        }

        multiplier.Fit();
    }
}
