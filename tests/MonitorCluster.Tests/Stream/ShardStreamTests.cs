using MonitorCluster.Stream;

namespace MonitorCluster.Tests.Stream;

public sealed class ShardStreamTests
{
    private readonly ShardStream stream = new(1);

    [Fact]
    public void TakeNext_FirstOfASession_HasTheDefinitionsOfItsSpanAndTheOneBefore()
    {
        Add(1, isSpan: true);
        Add(2);
        Add(3, isSpan: true);
        Add(4);
        Add(5, isSpan: true);
        Add(6);
        Add(7);

        Assert.Equal([3L, 4L, 5L, 6L], Resume(7));
        Assert.Equal([3L, 4L], Resume(5)); // it begins a span itself
        Assert.Equal([1L, 2L, 3L], Resume(4));
        Assert.Empty(Resume(1));
    }

    [Fact]
    public void TakeNext_FirstOfASession_HasNothingOfOtherSegments()
    {
        Add(1, isSpan: true);
        Add(2, isSpan: true, segment: 2);
        Add(3, segment: 2);

        Assert.Equal([2L], Resume(3));
    }

    [Fact]
    public void TakeNext_RecordThatBeginsTheSpanIsLost_HasTheSpanBefore()
    {
        Add(1, isSpan: true);
        Add(2);
        Add(4); // 3 began a span

        Assert.Equal([1L, 2L], Resume(4));
    }

    [Fact]
    public void TakeNext_LostSections_CountAsInFlightAllTheSame()
    {
        stream.Recover(5, 0);
        stream.Resume(0);

        SectionRequest request = stream.TakeNext();

        Assert.True(request.Place.IsLost);
        Assert.True(stream.InFlightBytes > 0);
    }

    private void Add(long seq, bool isSpan = false, long segment = 1) => stream.Add(new SectionPlace(1, seq, segment, 128, 100, 10, isSpan));

    private IEnumerable<long> Resume(long seq)
    {
        stream.Resume(seq - 1);
        return stream.TakeNext().Earlier.Select(e => e.Seq);
    }
}
