using MonitorCluster.SimulationTests.Stream;
using MonitorCluster.Stream;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Tests.Stream;

public sealed class CollectorStateTests
{
    private readonly WalOptions options = new() { SegmentBytes = 64 << 10 };
    private readonly StreamCounters counters = new();
    private readonly MemoryWalFiles files = new(new Random(1));
    private readonly SeriesCatalog catalog = new(100_000, (host, _) => int.Parse(host, System.Globalization.CultureInfo.InvariantCulture));
    private readonly List<SectionPlace> places = [];
    private readonly List<BatchWaiter> answered = [];
    private WalLog log = null!;
    private CollectorState state = null!;

    public CollectorStateTests() => Restart();

    [Fact]
    public void Submit_SeveralShards_NumbersEachFromOne()
    {
        Log(Batch((1, "a", 10, 1), (2, "a", 10, 2), (1, "b", 10, 3)));
        Log(Batch((2, "a", 20, 4)));

        Assert.Equal([(1, 1L), (2, 1L), (2, 2L)], places.Select(p => (p.ShardId, p.Seq)));
        Assert.Equal(2, answered.Count);
        Assert.Equal(4, counters.SamplesByProtocol["native"]);
    }

    [Fact]
    public void Submit_KnownSeriesInOneSegment_IsDefinedOnce()
    {
        Log(Batch((1, "a", 10, 1)));
        Log(Batch((1, "a", 20, 1)));

        Assert.True(places[0].DefinitionsLength > 0);
        Assert.Equal(0, places[1].DefinitionsLength);
    }

    [Fact]
    public void Submit_KnownSeries_AreDefinedAgainInEachSpan()
    {
        options.SegmentBytes = 2 << 20;
        while (Sum(p => p.BodyLength) < 1 << 20)
        {
            Log(Batch(1, 500));
        }

        List<SectionPlace> begins = [.. places.Where(p => p.BeginsSpan)];
        Assert.InRange(begins.Count, 4, 5);
        Assert.Equal(begins, places.Where(p => p.DefinitionsLength > 0)); // all 100 series are in every batch
        Assert.All(begins, p => Assert.Equal(begins[0].DefinitionsLength, p.DefinitionsLength)); // by the same handles
        Assert.Equal(1, places[^1].Segment);
    }

    [Fact]
    public void Submit_SeriesOfBeforeARestart_IsDefinedAgain()
    {
        Log(Batch((1, "a", 10, 1)));
        Restart();

        Log(Batch((1, "a", 20, 1)));
        Log(Batch((1, "a", 30, 1)));

        Assert.Equal([true, false], places.Select(p => p.DefinitionsLength > 0));
    }

    // Serials that begin anew with the collector would give shard 2's stretch the number that it had before.
    [Fact]
    public void Submit_SecondShardOfBeforeARestart_IsDefinedAgainByTheFirstHandle()
    {
        Log(Batch((1, "a", 10, 1), (2, "a", 10, 1), (2, "b", 10, 1)));
        Restart();

        Log(Batch((2, "b", 20, 1)));

        ReadOnlySpan<byte> definitions = log.Read(new SectionRequest(Assert.Single(places), 0, [])).Definitions.Span;
        var reader = new DefinitionReader(definitions);
        Assert.True(reader.MoveNext());
        Assert.Equal(0, reader.Handle);
        Assert.False(reader.MoveNext() || reader.IsMalformed);
    }

    [Fact]
    public void Submit_ManySeries_SpanIsSixteenTimesItsDefinitions()
    {
        options.SegmentBytes = 2 << 20;
        while (places.Count(p => p.BeginsSpan) < 2)
        {
            int second = places.Count;
            Log(Batch([.. Enumerable.Range(0, 500).Select(s => (1, "a_metric_with_quite_a_name_" + s, second, 1.0))]));
        }

        long limit = 16L * places[0].DefinitionsLength;
        long bytes = places.SkipLast(1).Sum(p => (long)p.BodyLength);
        Assert.True(limit > 256 << 10, "the series are too few for this test");
        Assert.InRange(bytes, limit, limit + places[^2].BodyLength);
    }

    [Fact]
    public void Restart_SpansInTheLog_AreFound()
    {
        options.SegmentBytes = 2 << 20;
        while (places.Count(p => p.BeginsSpan) < 3)
        {
            Log(Batch(1, 500));
        }

        List<SectionPlace> logged = [.. places];

        Assert.Equal(logged, Restart().Sections);
    }

    [Fact]
    public void Submit_LogIsFull_RefusesAndLosesNothing()
    {
        options.MaxBytes = 2 * options.SegmentBytes;
        int taken = 0;
        while (Submit(Batch(1, 500), out WalAppend? append) is null)
        {
            Sync(append!);
            taken++;
        }

        Assert.Equal(SubmitRefusal.WalFull, Submit(Batch(1, 500), out _));
        Assert.Equal(taken, places.Count);
        Assert.Equal(1000, counters.Refused(SubmitRefusal.WalFull));
        Assert.True(counters.WalBytes <= options.MaxBytes);
        Durable(1, taken);
        Assert.NotEmpty(state.TakeDeletable());
        Assert.Null(Submit(Batch(1, 500), out _));
    }

    [Fact]
    public void OnDurable_AllOfASegment_DeletesItOnlyBehindTheCurrentOne()
    {
        while (places.Count == 0 || places[^1].Segment < 3)
        {
            Log(Batch(1, 500));
        }

        long lastOfFirst = places.Last(p => p.Segment == 1).Seq;
        Durable(1, lastOfFirst - 1);
        Assert.Empty(state.TakeDeletable());
        Durable(1, lastOfFirst, alreadyDurable: lastOfFirst - 1);
        Assert.Equal([1], state.TakeDeletable());
        Durable(1, places[^1].Seq, alreadyDurable: lastOfFirst);
        Assert.Equal([2], state.TakeDeletable());
    }

    [Fact]
    public void Restart_SegmentsDeleted_NumbersGoOn()
    {
        while (places.Count == 0 || places[^1].Segment < 2)
        {
            Log(Batch(1, 500));
        }

        long last = places[^1].Seq;
        Durable(1, last);
        foreach (long segment in state.TakeDeletable())
        {
            log.Delete(segment);
        }

        Restart();
        Log(Batch(1, 1));

        Assert.Equal(last + 1, Assert.Single(places).Seq);
        Assert.Equal(3, places[0].Segment);
    }

    [Fact]
    public void WaitDurable_AnsweredWhenEveryShardIsJournalled()
    {
        BatchWaiter waiter = Log(Batch((1, "a", 1, 1), (2, "a", 1, 1)), waitDurable: true);
        Assert.Empty(answered);

        Durable(1, 1);
        Assert.Empty(answered);
        Durable(2, 1);

        Assert.Same(waiter, Assert.Single(answered));
    }

    [Fact]
    public void OnFailed_UnsyncedBatches_AreRefusedAndTheirNumbersGivenAgain()
    {
        Log(Batch((1, "a", 1, 1)));
        Assert.Null(Submit(Batch((1, "b", 2, 2)), out WalAppend? lost));
        log.Append(lost!);
        Assert.Null(Submit(Batch((1, "b", 3, 3)), out WalAppend? late));
        log.AbandonUnsynced();

        state.OnFailed(lost!.Lsn, 1_000, answered);
        state.OnFailed(late!.Lsn, 1_000, answered);

        Assert.Equal(3, answered.Count); // one logged before, two refused, none twice
        Assert.Equal(SubmitRefusal.WalFailed, Submit(Batch((1, "b", 4, 4)), out _, nowMs: 1_050));
        Log(Batch((1, "b", 5, 5)), nowMs: 1_100);
        Assert.Equal([(1L, 1L), (2L, 2L)], places.Select(p => (p.Seq, p.Segment)));
        Assert.True(places[1].DefinitionsLength > 0);
    }

    [Fact]
    public void Restart_AfterAFailedSync_TheRefusedBytesAreVoid()
    {
        Log(Batch((1, "a", 1, 1)));
        Assert.Null(Submit(Batch((1, "a", 2, 2)), out WalAppend? lost));
        log.Append(lost!); // it reaches the disk in the end, but its fsync had failed and the source was told so
        log.AbandonUnsynced();
        state.OnFailed(lost!.Lsn, 0, answered);
        Log(Batch((1, "a", 3, 3)), nowMs: 5_000);
        Log(Batch((1, "a", 4, 4)), nowMs: 5_000);

        WalRecovery recovery = Restart();

        Assert.Equal([1000L, 3000L, 4000L], recovery.Sections.Select(FirstTimestampMs));
        Assert.Equal([1L, 2L, 3L], recovery.Sections.Select(p => p.Seq));
        Assert.Empty(recovery.Damage);
    }

    [Fact]
    public void Submit_TooManySamples_IsTooLarge()
    {
        options.BatchSamplesMax = 2;
        Assert.Equal(SubmitRefusal.TooLarge, Submit(Batch(1, 3), out _));
    }

    [Fact]
    public void Submit_MoreUnsyncedThanAllowed_IsOverloaded()
    {
        options.UnsyncedBytesMax = 10_000;
        Assert.Null(Submit(Batch(1, 500), out _));
        Assert.Equal(SubmitRefusal.Overloaded, Submit(Batch(1, 500), out _));
    }

    [Fact]
    public void Submit_BeforeTheLogIsOpen_IsRefused()
    {
        state = new CollectorState(options, counters, new Random(1));
        Assert.Equal(SubmitRefusal.Starting, Submit(Batch(1, 1), out _));
    }

    [Fact]
    public void Submit_BigSection_IsCutAtItsLimit()
    {
        options.SectionBytesMax = 1024;
        Log(Batch(1, 500));
        Assert.InRange(places.Count, 4, 50);
        Assert.All(places, p => Assert.InRange(p.BodyLength, 1, 1024 + 64));
    }

    private long Sum(Func<SectionPlace, int> size) => places.Sum(p => (long)size(p));

    private WalRecovery Restart()
    {
        places.Clear();
        log = new WalLog(files, options, new Random(2));
        state = new CollectorState(options, counters, new Random(3));
        WalRecovery recovery = log.Open(newIdentity: false);
        state.Start(recovery, 0);
        return recovery;
    }

    private SampleBatch Batch(params (int Shard, string Name, int Second, double Value)[] samples)
    {
        var batch = new SampleBatch();
        foreach ((int shard, string name, int second, double value) in samples)
        {
            Assert.True(catalog.TryIntern(LabelSet.Create(name, ("host", $"{shard}")), out CollectedSeries? series));
            batch.Add(series, 1000L * second, value);
        }

        return batch;
    }

    private SampleBatch Batch(int shard, int samples) => Batch([.. Enumerable.Range(0, samples).Select(i => (shard, "m" + (i % 100), i / 100, (double)i))]);

    private SubmitRefusal? Submit(SampleBatch batch, out WalAppend? append, long nowMs = 0) =>
        state.Submit(batch, "native", new BatchWaiter(this, null, false, batch.Count), nowMs, out append);

    private BatchWaiter Log(SampleBatch batch, bool waitDurable = false, long nowMs = 0)
    {
        var waiter = new BatchWaiter(this, null, waitDurable, batch.Count);
        Assert.Null(state.Submit(batch, "native", waiter, nowMs, out WalAppend? append));
        Sync(append!);
        return waiter;
    }

    private void Sync(WalAppend append)
    {
        log.Append(append);
        log.Sync();
        state.OnSynced(append.Lsn, places, answered);
    }

    private void Durable(int shard, long seq, long alreadyDurable = 0)
    {
        IEnumerable<(long, int)> counts = places.Where(p => p.ShardId == shard && p.Seq > alreadyDurable && p.Seq <= seq)
            .GroupBy(p => p.Segment).Select(g => (g.Key, g.Count()));
        state.OnDurable(new SectionsDurable(state.CollectorId, shard, seq, [.. counts]), answered);
    }

    private long FirstTimestampMs(SectionPlace place)
    {
        var reader = new SectionReader(log.Read(new SectionRequest(place, 0, [])).Runs.Span);
        Assert.True(reader.MoveNextRun());
        return reader.TimestampMs;
    }
}
