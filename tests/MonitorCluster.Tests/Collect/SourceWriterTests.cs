using MonitorCluster.Collect;
using MonitorCluster.Stream;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Tests.Collect;

public class SourceWriterTests
{
    private static readonly MetricFamily Family = new("m", MetricType.Gauge, "help");

    [Fact]
    public void Series_Labels_GetHostInstanceAndJob()
    {
        SeriesSlot slot = NewWriter().Series(Family, new Label("device", "sda"), new Label("empty", ""));

        Assert.Equal("m{device=\"sda\",host=\"h\",instance=\"h\",job=\"node\"}", slot.Labels.ToString());
    }

    [Fact]
    public void Write_TwiceInOneTick_KeepsTheFirst()
    {
        SourceWriter writer = NewWriter();
        SeriesSlot slot = writer.Series(Family);
        var batch = new SampleBatch();
        writer.Begin(batch, 1000);

        Assert.True(writer.Write(slot, 1));
        Assert.False(writer.Write(slot, 2));
        Assert.Equal([1.0], batch.Values.ToArray());
    }

    [Fact]
    public void End_SeriesNotWritten_GetsOneStaleMarkerAndMayReturn()
    {
        SourceWriter writer = NewWriter();
        SeriesSlot slot = writer.Series(Family);
        Tick(writer, slot);

        SampleBatch ended = Tick(writer);
        SampleBatch silent = Tick(writer);
        SampleBatch back = Tick(writer, slot);

        Assert.True(Sample.IsStaleMarker(Assert.Single(ended.Values.ToArray())));
        Assert.Equal(0, silent.Count);
        Assert.Equal([7.0], back.Values.ToArray());
    }

    [Fact]
    public void Write_OverTheLimitOfSeries_IsRefusedAndCounted()
    {
        SourceWriter writer = NewWriter(seriesMax: 1);
        SeriesSlot one = writer.Series(Family, new Label("a", "1")), two = writer.Series(Family, new Label("a", "2"));

        SampleBatch batch = Tick(writer, one, two);

        Assert.Equal(1, batch.Count);
        Assert.Equal(1, writer.RefusedTotal);
    }

    [Fact]
    public void Write_CatalogFull_IsRefusedAndCounted()
    {
        var writer = new SourceWriter(new SeriesCatalog(1, (_, _) => 0), new MetricCatalog(), "h", 10);
        SeriesSlot one = writer.Series(Family, new Label("a", "1")), two = writer.Series(Family, new Label("a", "2"));

        Assert.Equal(1, Tick(writer, one, two).Count);
        Assert.Equal(1, writer.RefusedTotal);
    }

    private static SampleBatch Tick(SourceWriter writer, params SeriesSlot[] slots)
    {
        var batch = new SampleBatch();
        writer.Begin(batch, 1000);
        foreach (SeriesSlot slot in slots)
        {
            writer.Write(slot, 7);
        }

        writer.End();
        return batch;
    }

    private static SourceWriter NewWriter(int seriesMax = 100) => new(new SeriesCatalog(1000, (_, _) => 0), new MetricCatalog(), "h", seriesMax);
}
