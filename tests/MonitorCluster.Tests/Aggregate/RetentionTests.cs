using MonitorCluster.Aggregate;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Tests.Aggregate;

public class RetentionTests
{
    private const long T0 = ShardHarness.Start;

    [Fact]
    public void RetireSeries_WithoutARecentSample_AreForgottenAndDefinedAgainWhenTheyReturn()
    {
        var shard = new ShardHarness();
        LabelSet old = ShardHarness.Series("old"), young = ShardHarness.Series("young");
        shard.Send((old, T0, 1), (young, T0 + 10_000, 1));
        shard.Flush();

        Assert.Equal([0], shard.State.RetireSeries(T0 + 5_000, T0 + 60_000));

        Assert.False(shard.State.Series.TryFind(old, out _));
        Assert.Equal(SectionOutcome.UnknownHandle, shard.Send((old, T0 + 20_000, 2)));
        Assert.Single(shard.Read(young));
    }

    [Fact]
    public void RetireSeries_NotYetInAJournalRow_Stay()
    {
        var shard = new ShardHarness();
        shard.Send((ShardHarness.Series("a"), T0, 1));

        Assert.Empty(shard.State.RetireSeries(T0 + 5_000, T0 + 60_000));
    }

    [Fact]
    public void Restart_AfterASeriesWasRetired_SkipsItsJournalledSamples()
    {
        var shard = new ShardHarness();
        LabelSet old = ShardHarness.Series("old"), young = ShardHarness.Series("young");
        shard.Send((old, T0, 1), (young, T0 + 10_000, 1));
        shard.Flush();
        shard.DropSeries(shard.State.RetireSeries(T0 + 5_000, T0 + 60_000));

        shard.Restart();

        Assert.Single(shard.Read(young));
        Assert.Equal(1, shard.State.Series.Count);
    }
}
