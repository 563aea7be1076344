using System.Globalization;
using System.Text;
using MonitorCluster.Collect;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Tests.Collect;

public sealed class MetricCatalogTests
{
    private readonly MetricCatalog catalog = new();

    [Theory]
    [InlineData(0, 0, 0, PushedFamilyOutcome.Invalid)]
    [InlineData(1, 0, 0, PushedFamilyOutcome.Known)]
    [InlineData(1024, 4096, 256, PushedFamilyOutcome.Known)]
    [InlineData(1025, 0, 0, PushedFamilyOutcome.Invalid)]
    [InlineData(1, 4097, 0, PushedFamilyOutcome.Invalid)]
    [InlineData(1, 0, 257, PushedFamilyOutcome.Invalid)]
    public void RegisterPushed_TextLengths_AreBounded(int name, int help, int unit, PushedFamilyOutcome expected)
    {
        PushedFamilyOutcome outcome = catalog.RegisterPushed(Bytes(name), MetricType.Gauge, Bytes(help), Bytes(unit));

        Assert.Equal(expected, outcome);
        Assert.Equal(expected == PushedFamilyOutcome.Known ? 1 : 0, catalog.Families.Count);
    }

    [Fact]
    public void RegisterPushed_BrokenUtf8_IsInvalidInEveryText()
    {
        byte[] broken = [0x61, 0xC3];

        Assert.Equal(PushedFamilyOutcome.Invalid, catalog.RegisterPushed(broken, MetricType.Gauge, [], []));
        Assert.Equal(PushedFamilyOutcome.Invalid, catalog.RegisterPushed("a"u8, MetricType.Gauge, broken, []));
        Assert.Equal(PushedFamilyOutcome.Invalid, catalog.RegisterPushed("a"u8, MetricType.Gauge, [], broken));
        Assert.Empty(catalog.Families);
    }

    [Fact]
    public void RegisterPushed_Full_LeavesTheNodesOwnRoom()
    {
        for (int i = 0; i < MetricCatalog.PushedFamiliesMax; i++)
        {
            catalog.RegisterPushed(Encoding.UTF8.GetBytes(i.ToString(CultureInfo.InvariantCulture)), MetricType.Gauge, [], []);
        }

        Assert.Equal(PushedFamilyOutcome.OverLimit, catalog.RegisterPushed("new"u8, MetricType.Gauge, [], []));
        Assert.Equal(PushedFamilyOutcome.Known, catalog.RegisterPushed("7"u8, MetricType.Gauge, [], []));
        catalog.Register(new MetricFamily("new", MetricType.Counter, "Ours."));
        Assert.True(catalog.TryGet("new", out _));
    }

    [Fact]
    public void Register_NameThatWasPushed_GoesBeforeIt()
    {
        catalog.RegisterPushed("up"u8, MetricType.Gauge, "Theirs."u8, []);
        catalog.RegisterPushed("up"u8, MetricType.Gauge, "Second."u8, []);
        Assert.Equal("Theirs.", Assert.Single(catalog.Families).Help);

        catalog.Register(new MetricFamily("up", MetricType.Gauge, "Ours."));

        Assert.Equal("Ours.", Assert.Single(catalog.Families).Help);
        Assert.True(catalog.TryGet("up", out MetricFamily? family));
        Assert.Equal("Ours.", family.Help);
    }

    private static byte[] Bytes(int length) => Encoding.UTF8.GetBytes(new string('a', length));
}
