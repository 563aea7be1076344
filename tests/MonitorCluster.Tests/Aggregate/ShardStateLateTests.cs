using MonitorCluster.Aggregate;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Tests.Aggregate;

/// <summary>Late samples of a series that memory knows by name only: all that it had was cut, and is older than the memory span.</summary>
public class ShardStateLateTests
{
    private const long T0 = ShardHarness.Start;
    private static readonly LabelSet A = ShardHarness.Series("a");

    private readonly ShardHarness _shard = new(new AggregateOptions { MemorySpan = TimeSpan.FromMinutes(5) });

    public ShardStateLateTests()
    {
        _shard.Send((A, T0, 1));
        _shard.Cut();
        _shard.NowMs = T0 + 3_600_000;
        _shard.Restart();
    }

    [Fact]
    public void LateSample_BeforeTheCut_IsReadAndInWindows()
    {
        _shard.Send((A, T0 - 1_000, 2));

        Assert.Equal([new Sample(T0 - 1_000, 2), new Sample(T0, 1)], _shard.Read(A));
        Assert.Equal(1, _shard.State.Window(0, 0, long.MaxValue).Count);
    }

    [Fact]
    public void LateSample_AfterItsCut_IsReadOnce()
    {
        _shard.Send((A, T0 - 1_000, 2));
        _shard.Cut();
        _shard.Send((A, T0 - 1_000, 3));

        Assert.Equal([new Sample(T0 - 1_000, 2), new Sample(T0, 1)], _shard.Read(A));
        Assert.Equal(1, _shard.Counters.Behind(BehindKind.Conflict));
    }

    [Fact]
    public void LateSample_AfterTheNextRestart_IsReadOnce()
    {
        _shard.Send((A, T0 - 1_000, 2));
        _shard.Restart(); // nothing was flushed: the collector sends it again
        _shard.Send((A, T0 - 1_000, 2));
        _shard.Cut();
        _shard.Restart();

        Assert.Equal([new Sample(T0 - 1_000, 2), new Sample(T0, 1)], _shard.Read(A));
    }
}
