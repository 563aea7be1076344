using MonitorCluster.Collect;
using MonitorCluster.Collect.Linux;

namespace MonitorCluster.Tests.Collect.Linux;

public sealed class CpuSourceTests : IDisposable
{
    private readonly MeasuredTree tree = new();

    public void Dispose() => tree.Dispose();

    [Fact]
    public void Collect_KernelWithoutGuestColumns_WritesZeroForThem()
    {
        tree.With("proc/stat", "cpu 1 2 3 4\ncpu0 100 0 50 700 3 0 1\nintr 5\n");

        Dictionary<string, double> values = tree.Collect(new CpuSource(tree.Files));

        Assert.Equal(1, values["node_cpu_seconds_total{cpu=\"0\",mode=\"user\"}"]);
        Assert.Equal(7, values["node_cpu_seconds_total{cpu=\"0\",mode=\"idle\"}"]);
        Assert.Equal(0, values["node_cpu_guest_seconds_total{cpu=\"0\",mode=\"nice\"}"]);
        Assert.Equal(10, values.Count);
    }

    [Fact]
    public void Collect_IdleStepsBackALittle_KeepsTheHighestValue()
    {
        var source = new CpuSource(tree.Files);
        tree.With("proc/stat", "cpu0 100 0 0 700\n").Collect(source);

        Dictionary<string, double> values = tree.With("proc/stat", "cpu0 110 0 0 690\n").Collect(source);

        Assert.Equal(7, values["node_cpu_seconds_total{cpu=\"0\",mode=\"idle\"}"]);
        Assert.Equal(1.1, values["node_cpu_seconds_total{cpu=\"0\",mode=\"user\"}"]);
    }

    [Fact]
    public void Collect_IdleStepsBackThreeSeconds_StartsAgain()
    {
        var source = new CpuSource(tree.Files);
        tree.With("proc/stat", "cpu0 100 0 0 700\n").Collect(source);

        Dictionary<string, double> values = tree.With("proc/stat", "cpu0 5 0 0 400\n").Collect(source);

        Assert.Equal(4, values["node_cpu_seconds_total{cpu=\"0\",mode=\"idle\"}"]);
        Assert.Equal(0.05, values["node_cpu_seconds_total{cpu=\"0\",mode=\"user\"}"]);
    }

    [Fact]
    public void Collect_CpuUnplugged_EndsItsSeriesOnce()
    {
        var source = new CpuSource(tree.Files);
        tree.With("proc/stat", "cpu0 1 0 0 7\ncpu1 1 0 0 7\n").Collect(source);

        Dictionary<string, double> gone = tree.With("proc/stat", "cpu0 1 0 0 7\n").Collect(source);
        Dictionary<string, double> later = tree.Collect(source);

        Assert.Equal(10, gone.Values.Count(MonitorCluster.TimeSeries.Model.Sample.IsStaleMarker));
        Assert.Equal(10, later.Count);
        Assert.DoesNotContain(later.Values, MonitorCluster.TimeSeries.Model.Sample.IsStaleMarker);
    }

    [Theory]
    [InlineData("")]
    [InlineData("intr 5\n")]
    [InlineData("cpu0 1 2\n")]
    [InlineData("cpu0 1 2 x 4\n")]
    [InlineData("cpu../x 1 2 3 4\n")]
    [InlineData("cpu0 1 2 3 NaN\n")]
    public void Collect_TruncatedOrHostile_Fails(string content)
    {
        tree.With("proc/stat", content);

        Assert.Throws<SourceFailedException>(() => tree.Collect(new CpuSource(tree.Files)));
    }

    [Fact]
    public void Collect_NoFile_IsAbsent() => Assert.Throws<SourceAbsentException>(() => tree.Collect(new CpuSource(tree.Files)));

    [Fact]
    public void Collect_HugeCounters_KeepsTheirMagnitude()
    {
        tree.With("proc/stat", "cpu0 18446744073709551615 99999999999999999999999 0 7\n");

        Dictionary<string, double> values = tree.Collect(new CpuSource(tree.Files));

        Assert.Equal(ulong.MaxValue / 100.0, values["node_cpu_seconds_total{cpu=\"0\",mode=\"user\"}"]);
        Assert.Equal(99999999999999999999999.0 / 100, values["node_cpu_seconds_total{cpu=\"0\",mode=\"nice\"}"]);
    }
}
