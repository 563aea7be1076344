using MonitorCluster.Aggregate;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Tests.Aggregate;

public sealed class ShardMeterTests
{
    private const long PerSeries = 2_700; // with detection

    private readonly ShardHarness shard = new(new AggregateOptions { MemorySpan = TimeSpan.FromMinutes(5) });
    private readonly LabelSet[] series = [.. Enumerable.Range(0, 10).Select(n => ShardHarness.Series("a", n))];

    [Fact]
    public void Note_OfAState_IsWhatItHas()
    {
        var meter = new ShardMeter(TimeProvider.System);
        Send(samples: 3);

        meter.Note(shard.State);
        meter.NoteMemory(shard.State);

        Assert.Equal((30, 10, shard.State.UnflushedBytes), (meter.Samples, meter.Series, meter.UnflushedBytes));
        Assert.Equal(shard.State.MemoryBytes, meter.Bytes);
        Assert.Equal(0, meter.Runs.Seconds);
    }

    [Fact]
    public void MemoryBytes_AreThoseOfSeriesAndOfWhatIsSealed()
    {
        Assert.Equal(0, shard.State.MemoryBytes);

        Send(samples: 60);
        Assert.Equal((10 * PerSeries) + shard.State.UnflushedBytes, shard.State.MemoryBytes);

        shard.Cut();
        long cut = shard.State.MemoryBytes;
        Assert.InRange(cut, (10 * PerSeries) + 100, (10 * PerSeries) + 10_000);

        shard.Restart();
        Assert.Equal(cut, shard.State.MemoryBytes);

        shard.NowMs += 700_000;
        shard.State.TrimMemory(shard.NowMs);
        Assert.Equal(10 * PerSeries, shard.State.MemoryBytes);
    }

    [Fact]
    public void MemoryBytes_OfRowsSealedBeforeTheCut_CountOnce()
    {
        Send(samples: 130); // 64 rows are sealed at a time
        shard.Flush();
        long flushed = shard.State.MemoryBytes;
        Assert.InRange(flushed, (10 * PerSeries) + 100, (10 * PerSeries) + 20_000);

        shard.Cut();
        Assert.InRange(shard.State.MemoryBytes, flushed, flushed + 2_000);
    }

    private void Send(int samples)
    {
        for (int i = 0; i < samples; i++)
        {
            shard.NowMs += 1_000;
            shard.Send([.. series.Select((s, n) => (s, shard.NowMs, i * 0.37 * n))]);
        }
    }
}
