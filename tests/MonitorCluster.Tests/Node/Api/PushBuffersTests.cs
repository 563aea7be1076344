using MonitorCluster.Node.Api;

namespace MonitorCluster.Tests.Node.Api;

public sealed class PushBuffersTests
{
    private const int Kib = 1024;

    [Fact]
    public void Room_GrowingBody_KeepsItsBytesAndTakesOnlyWhatArrived()
    {
        var budget = new PushBudget(1024 * Kib);
        using (var buffers = new PushBuffers(budget, 256 * Kib))
        {
            Assert.Equal(64 * Kib, buffers.Room(0).Length);
            buffers.Room(0).Span.Fill(7);
            Assert.Equal(64 * Kib, budget.Used);

            buffers.Room(64 * Kib).Span.Fill(8);

            Assert.Equal(128 * Kib, budget.Used);
            Assert.Equal((7, 8), (buffers.Body(128 * Kib)[0], buffers.Body(128 * Kib)[^1]));
            Assert.Equal(3, buffers.RentDecoded(3)!.Value.Length);
        }

        Assert.Equal(0, budget.Used);
    }

    [Fact]
    public void Room_AtTheLimit_IsOneByteAndTakesNothing()
    {
        var budget = new PushBudget(64 * Kib);
        using var buffers = new PushBuffers(budget, 64 * Kib);
        buffers.Room(0);

        Assert.Equal(1, buffers.Room(64 * Kib).Length);
        Assert.Equal(64 * Kib, budget.Used);
    }

    [Fact]
    public void Budget_Full_RefusesUntilSomebodyEnds()
    {
        var budget = new PushBudget(100 * Kib);
        var first = new PushBuffers(budget, 256 * Kib);
        using var second = new PushBuffers(budget, 256 * Kib);
        Assert.False(first.Room(0).IsEmpty);

        Assert.True(second.Room(0).IsEmpty);
        Assert.Null(second.RentDecoded(64 * Kib));
        Assert.True(first.Room(64 * Kib).IsEmpty);
        first.Dispose();

        Assert.False(second.Room(0).IsEmpty);
    }
}
