using MonitorCluster.Aggregate;
using MonitorCluster.Alert;
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

    [Fact]
    public void Restart_AfterASeriesOfTheSnapshotWasRetired_OpensAndGoesOn()
    {
        var shard = new ShardHarness();
        LabelSet old = ShardHarness.Series("old"), young = ShardHarness.Series("young");
        for (int i = 0; i < 40; i++)
        {
            shard.Send((old, T0 + (i * 1_000), i % 3), (young, T0 + (i * 1_000), i % 3));
        }

        shard.Send((young, T0 + 60_000, 1));
        shard.Cut(); // the snapshot has the detectors of both
        shard.DropSeries(shard.State.RetireSeries(T0 + 50_000, T0 + 60_000));

        shard.Restart();
        shard.Send((young, T0 + 61_000, 1));

        Assert.Equal(1, shard.State.Series.Count);
        Assert.Equal(SectionOutcome.Applied, shard.Send((ShardHarness.Series("next"), T0 + 62_000, 1)));
    }

    [Fact]
    public void Feedback_OverACutAndARestart_IsWhatItWas()
    {
        var shard = new ShardHarness();
        LabelSet muted = ShardHarness.Series("muted"), other = ShardHarness.Series("other");
        for (int i = 0; i < 40; i++)
        {
            shard.Send((muted, T0 + (i * 1_000), i % 3), (other, T0 + (i * 1_000), i % 3));
        }

        Assert.True(shard.State.Give(Mute("m1", "muted"), T0 + 40_000).IsFound);
        shard.Cut();
        Assert.True(shard.State.Give(Mute("m2", "other"), T0 + 41_000).IsFound);
        shard.Flush(); // one in the snapshot, one in the journal

        shard.Restart();

        Assert.Equal(["m1", "m2"], shard.State.Mutes().Select(m => m.Id));
        Assert.All(shard.State.Verdicts(null, [], all: true, T0 + 42_000), v => Assert.True(v.IsMuted));
    }

    private static FeedbackCommand Mute(string id, string selector) =>
        new() { Id = id, Kind = FeedbackKind.Mute, Selector = selector, UntilMs = T0 + 3_600_000 };
}
