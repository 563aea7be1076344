using MonitorCluster.Bench.Detect;
using MonitorCluster.TimeSeries.Detectors;

namespace MonitorCluster.Tests.TimeSeries.Detectors;

/// <summary>The threshold for a number of rows a day: monotone, in its range, and what the healthy metrics give.</summary>
public class AlertBudgetTests
{
    private const long Monday = 1_767_571_200_000;

    [Theory]
    [InlineData(0.917, 60_000, 2.35)]
    [InlineData(0.191, 60_000, 3)]
    [InlineData(0.063, 60_000, 3.5)]
    [InlineData(0.030, 60_000, 4)]
    [InlineData(3.82, 10_000, 2.35)]
    [InlineData(0.229, 10_000, 3.5)]
    [InlineData(0.243, 300_000, 2.35)]
    [InlineData(0.0315, 300_000, 3.5)]
    public void Decades_RowsMeasuredAtAThreshold_AreThatThreshold(double rows, long stepMs, float threshold) =>
        Assert.InRange(AlertBudget.Decades(rows, stepMs), threshold - 0.2f, threshold + 0.2f);

    [Fact]
    public void Decades_MoreRows_IsLower()
    {
        foreach (long stepMs in new[] { 1_000L, 10_000, 60_000, 300_000, 3_600_000 })
        {
            float[] thresholds = [.. Enumerable.Range(0, 200).Select(i => AlertBudget.Decades(1e-8 * Math.Pow(1.15, i), stepMs))];

            Assert.Equal(thresholds.OrderDescending(), thresholds);
            Assert.Equal((AlertBudget.DecadesMax, AlertBudget.DecadesMin), (thresholds[0], thresholds[^1]));
        }
    }

    [Fact]
    public void Decades_ShorterSteps_IsHigher() =>
        Assert.True(AlertBudget.Decades(0.1, 10_000) > AlertBudget.Decades(0.1, 60_000));

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    [InlineData(double.Epsilon)]
    public void Decades_NoRows_IsTheHighest(double rows) => Assert.Equal(AlertBudget.DecadesMax, AlertBudget.Decades(rows, 60_000));

    [Fact]
    public void Decades_EndlessRows_IsTheLowest() => Assert.Equal(AlertBudget.DecadesMin, AlertBudget.Decades(double.PositiveInfinity, 60_000));

    [Fact]
    public void Decades_NoStep_Throws() => Assert.Throws<ArgumentOutOfRangeException>(() => AlertBudget.Decades(1, 0));

    [Fact]
    public void Decades_AskedForARowADay_HealthySeriesEmitAboutThat()
    {
        const int Series = 24, Days = 14, DaySteps = 1_440;
        var settings = new AnomalySettings();
        float threshold = AlertBudget.Decades(1, settings.StepMs);
        int rows = 0;

        for (int seed = 0; seed < Series; seed++)
        {
            var series = new SyntheticSeries(seed);
            AnomalyModel model = default;
            for (int step = 0; step < Days * DaySteps; step++)
            {
                rows += model.Score(Monday + ((step + 1) * settings.StepMs), series.Next(step), settings).Emitted >= threshold ? 1 : 0;
            }
        }

        Assert.InRange(rows / (double)(Series * Days), 0.6, 1.6);
    }
}
