using MonitorCluster.TimeSeries.Detectors;

namespace MonitorCluster.Tests.TimeSeries.Detectors;

public class HistogramQuantileTests
{
    private const double Inf = double.PositiveInfinity;

    [Theory]
    [InlineData(0.5, new[] { 1, 2, Inf }, new double[] { 10, 20, 20 }, 1)]
    [InlineData(0.75, new[] { 1, 2, Inf }, new double[] { 10, 20, 20 }, 1.5)]
    [InlineData(0.25, new[] { 1, 2, Inf }, new double[] { 10, 20, 20 }, 0.5)]
    [InlineData(0.99, new[] { 1, 2, Inf }, new double[] { 10, 20, 40 }, 2)] // beyond the last bound nothing is known
    [InlineData(0.5, new[] { 1, 2, 4, Inf }, new double[] { 0, 0, 8, 8 }, 3)] // empty buckets are passed over
    [InlineData(0.9, new[] { 1, 2, 4, Inf }, new double[] { 10, 9, 20, 20 }, 3.6)] // a neighbour that was read later falls: flat
    [InlineData(0.5, new[] { -2, -1, Inf }, new double[] { 10, 20, 20 }, -2)]
    [InlineData(0.0, new[] { 1, 2, Inf }, new double[] { 10, 20, 20 }, 0)]
    public void Of_Buckets_InterpolatesInside(double quantile, double[] bounds, double[] cumulative, double expected) =>
        Assert.Equal(expected, HistogramQuantile.Of(quantile, bounds, cumulative), 1e-9);

    [Theory]
    [InlineData(new[] { 1, Inf }, new double[] { 0, 0 })]
    [InlineData(new[] { Inf }, new double[] { 5 })]
    [InlineData(new double[] { 1, 2 }, new double[] { 5, 6 })]
    [InlineData(new[] { 1, Inf }, new double[] { 5, double.NaN })]
    [InlineData(new double[0], new double[0])]
    public void Of_NoObservationsOrBounds_IsNotANumber(double[] bounds, double[] cumulative) =>
        Assert.True(double.IsNaN(HistogramQuantile.Of(0.5, bounds, cumulative)));
}
