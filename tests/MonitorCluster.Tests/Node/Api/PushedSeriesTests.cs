using MonitorCluster.Node.Api;
using MonitorCluster.Stream;

namespace MonitorCluster.Tests.Node.Api;

public sealed class PushedSeriesTests
{
    private readonly SeriesCatalog catalog = new(10, (_, _) => 0);

    [Fact]
    public void TryResolve_AfterSweeps_GivesWhatTheCatalogKnows()
    {
        var pushed = new PushedSeries(catalog, "n");
        byte[] region = Region(3);
        Assert.Null(pushed.TryResolve(region, out CollectedSeries? first));
        Assert.Null(pushed.TryResolve(region, out CollectedSeries? again));
        Assert.Same(first, again);

        catalog.Sweep();
        catalog.Sweep();
        Assert.Equal(0, catalog.Count);
        Assert.Null(pushed.TryResolve(region, out CollectedSeries? after));

        Assert.Equal(1, catalog.Count);
        Assert.True(catalog.TryIntern(after!.Labels, out CollectedSeries? known));
        Assert.Same(known, after);
    }

    [Theory]
    [InlineData(100, 1)]
    [InlineData(20_000, 0)]
    public void TryResolve_LongLabels_AreNotRemembered(int valueBytes, int remembered)
    {
        var pushed = new PushedSeries(catalog, "n");

        pushed.TryResolve(Region(valueBytes), out _);

        Assert.Equal(remembered, pushed.Count);
    }

    [Fact]
    public void TryResolve_FullCatalog_SaysSo()
    {
        var pushed = new PushedSeries(new SeriesCatalog(1, (_, _) => 0), "n");
        pushed.TryResolve(Region(1), out _);

        Assert.Same(PushReason.SeriesLimit, pushed.TryResolve(Region(2), out _));
    }

    // Field 1 of TimeSeries: Label { 1: name, 2: value }.
    private static byte[] Region(int valueBytes) =>
    [
        .. Field(1, [.. Field(1, "__name__"u8.ToArray()), .. Field(2, "up"u8.ToArray())]),
        .. Field(1, [.. Field(1, "a"u8.ToArray()), .. Field(2, [.. Enumerable.Repeat((byte)'x', valueBytes)])]),
    ];

    private static byte[] Field(int number, byte[] content)
    {
        var bytes = new List<byte> { (byte)((number << 3) | 2) };
        int length = content.Length;
        for (; length > 127; length >>= 7)
        {
            bytes.Add((byte)(length | 128));
        }

        return [.. bytes, (byte)length, .. content];
    }
}
