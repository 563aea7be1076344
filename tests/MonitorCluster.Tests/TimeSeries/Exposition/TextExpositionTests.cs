using System.Buffers;
using System.Text;
using MonitorCluster.TimeSeries.Exposition;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Tests.TimeSeries.Exposition;

public class TextExpositionTests
{
    private readonly ArrayBufferWriter<byte> page = new();

    [Fact]
    public void Page_FamiliesAndSamples_IsTextFormat004()
    {
        var text = new TextExposition(page);
        text.Family("a_total", MetricType.Counter, "Counts \\ things,\nall of \"them\".");
        text.Sample(3);
        text.Sample(1e21, new Label("path", "C:\\x\n\"y\""), new Label("b", "ü"));
        text.Family("g", MetricType.Gauge, "");
        text.Sample(double.NegativeInfinity);

        Assert.Equal(
            """
            # HELP a_total Counts \\ things,\nall of "them".
            # TYPE a_total counter
            a_total 3
            a_total{path="C:\\x\n\"y\"",b="ü"} 1000000000000000000000
            # HELP g 
            # TYPE g gauge
            g -Inf

            """.ReplaceLineEndings("\n"),
            Encoding.UTF8.GetString(page.WrittenSpan));
    }

    [Fact]
    public void Histogram_CountsPerBucket_AreWrittenCumulative()
    {
        var text = new TextExposition(page);
        text.Family("h_seconds", MetricType.Histogram, "H.");
        text.Histogram([0.1, 1], [2, 3, 4], 7.5, new Label("a", "b"));

        Assert.EndsWith(
            """
            h_seconds_bucket{a="b",le="0.1"} 2
            h_seconds_bucket{a="b",le="1"} 5
            h_seconds_bucket{a="b",le="+Inf"} 9
            h_seconds_sum{a="b"} 7.5
            h_seconds_count{a="b"} 9

            """.ReplaceLineEndings("\n"),
            Encoding.UTF8.GetString(page.WrittenSpan), StringComparison.Ordinal);
    }

    [Fact]
    public void Page_WrongUse_Throws()
    {
        var text = new TextExposition(page);

        Assert.Throws<InvalidOperationException>(() => text.Sample(1));
        Assert.Throws<ArgumentException>(() => text.Family("9a", MetricType.Gauge, ""));
        Assert.Throws<ArgumentException>(() => text.Family("a-b", MetricType.Gauge, ""));
        text.Family("a", MetricType.Gauge, "");
        Assert.Throws<ArgumentException>(() => text.Family("a", MetricType.Gauge, ""));
        Assert.Throws<ArgumentException>(() => text.Sample(1, new Label("", "x")));
        Assert.Throws<ArgumentException>(() => text.Histogram([1], [1], 0));
    }
}
