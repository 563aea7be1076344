using System.Text;
using MonitorCluster.Aggregate;
using MonitorCluster.Stream;
using MonitorCluster.TimeSeries.Chunks;
using MonitorCluster.TimeSeries.Model;
using MonitorCluster.TimeSeries.Windows;

namespace MonitorCluster.Tests.Aggregate;

public class ShardStateTests
{
    private const long T0 = ShardHarness.Start;
    private static readonly LabelSet A = ShardHarness.Series("a");

    [Fact]
    public void Offer_NextSection_IsApplied()
    {
        var shard = new ShardHarness();

        Assert.Equal(SectionOutcome.Applied, shard.Send((A, T0, 1), (A, T0 + 1000, 2)));
        Assert.Equal([new Sample(T0, 1), new Sample(T0 + 1000, 2)], shard.Read(A));
    }

    [Fact]
    public void Offer_SectionTwice_IsDroppedTheSecondTime()
    {
        var shard = new ShardHarness();
        var section = shard.Section(1, (A, T0, 1));

        Assert.Equal(SectionOutcome.Applied, shard.State.Offer(section, T0));
        Assert.Equal(SectionOutcome.AlreadyApplied, shard.State.Offer(section, T0));
        Assert.Equal(1, shard.Counters.Accepted);
    }

    [Fact]
    public void Offer_SectionAfterAGap_IsRefusedAndChangesNothing()
    {
        var shard = new ShardHarness();

        Assert.Equal(SectionOutcome.Gap, shard.State.Offer(shard.Section(2, (A, T0, 1)), T0));
        Assert.False(shard.State.HasChange);
    }

    [Fact]
    public void Offer_UnknownHandle_AsksForTheDictionaryThenSkipsLoudly()
    {
        var shard = new ShardHarness();
        shard.Send((A, T0, 1));
        var stray = shard.Section(2) with { Runs = shard.Section(9, (A, T0 + 1000, 2)).Runs.ToArray() };
        byte[] runs = stray.Runs.ToArray();
        runs[^9] = 40; // the handle's one byte: zigzag of 20, which nothing defined

        Assert.Equal(SectionOutcome.UnknownHandle, shard.State.Offer(stray with { Runs = runs }, T0));

        shard.State.CursorOf(ShardHarness.Collector, 1).Open(7);
        Assert.Equal(SectionOutcome.Malformed, shard.State.Offer(stray with { Runs = runs, Session = 7 }, T0));
        Assert.Equal(1, shard.Counters.Rejected(RejectReason.Malformed));
        Assert.Equal(2, shard.State.LastSeqOf(ShardHarness.Collector));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void IsCutDue_SnapshotLargerThanTheLimit_WaitsForTwiceItsBytes(bool restarts)
    {
        var shard = new ShardHarness(new AggregateOptions { CutBytes = 1 });
        shard.Send(At(0));
        Assert.True(shard.State.IsCutDue);
        shard.Cut();
        if (restarts)
        {
            shard.Restart();
        }

        long before = 0;
        for (int second = 1; !shard.State.IsCutDue; second++)
        {
            before = shard.State.JournalBytesSinceCut;
            shard.Send(At(second));
        }

        Assert.True(shard.SnapshotBytes > 1000);
        Assert.InRange(2L * shard.SnapshotBytes, before + 1, shard.State.JournalBytesSinceCut);

        static (LabelSet, long, double)[] At(int second) =>
            [.. Enumerable.Range(0, 200).Select(n => (ShardHarness.Series("a", n), T0 + (second * 1000), (double)second))];
    }

    [Theory]
    [InlineData("unsorted", "host", "h", "__name__", "a", "n", "0")]
    [InlineData("a name twice", "__name__", "a", "host", "h", "host", "h")]
    [InlineData("a value that is empty", "__name__", "a", "host", "")]
    [InlineData("no label")]
    public void Offer_DefinitionOfBytesThatAreNotCanonical_SkipsTheSectionLoudlyAndAddsNoSeries(string why, params string[] texts)
    {
        byte[] labels = [.. texts.SelectMany(t => Encoding.UTF8.GetBytes(t).Prepend((byte)t.Length))];

        AssertMalformed(labels, why);
    }

    [Fact]
    public void Offer_KnownLabelsWithALengthWrittenTooLong_IsNoOtherWayToWriteThem() =>
        AssertMalformed([(byte)(A.Bytes[0] | 0x80), 0, .. A.Bytes[1..]], "a length of two bytes where one would do");

    [Fact]
    public void Offer_DefinitionsThatAreAllKnown_AllocatesNothing()
    {
        var shard = new ShardHarness();
        BatchSection section = shard.Section(1, [.. Enumerable.Range(0, 50).Select(n => (ShardHarness.Series("a", n), T0, 1.0))]);
        shard.State.Offer(section, T0);

        Allocation.AssertNone(() => Assert.True(shard.State.Offer(section, T0) == SectionOutcome.AlreadyApplied));
    }

    [Fact]
    public void Offer_StaleSession_IsIgnored()
    {
        var shard = new ShardHarness();
        var old = shard.Section(1, (A, T0, 1));
        shard.State.CursorOf(ShardHarness.Collector, 1).Open(99);

        Assert.Equal(SectionOutcome.StaleSession, shard.State.Offer(old, T0));
    }

    [Fact]
    public void Offer_SampleTooFarAheadOrTooOld_IsRefusedAndCountedAloneOfItsSection()
    {
        var shard = new ShardHarness();
        long day = 86_400_000;

        shard.Send((A, T0 - (31 * day), 1), (A, T0, 2), (A, T0 + day, 3));

        Assert.Equal([new Sample(T0, 2)], shard.Read(A));
        Assert.Equal(1, shard.Counters.Rejected(RejectReason.TooFarAhead));
        Assert.Equal(1, shard.Counters.Rejected(RejectReason.TooOld));
    }

    [Fact]
    public void Offer_SectionWhoseSamplesAreAllRefused_StillMovesTheMark()
    {
        var shard = new ShardHarness();

        shard.Send((A, T0 + 86_400_000, 1));
        JournalDraft? row = shard.State.TakeRow();

        Assert.NotNull(row);
        Assert.Equal(1, Assert.Single(row.Marks).Value);
    }

    [Fact]
    public void Offer_HostOverItsSeriesLimit_RefusesTheNewSeriesOnly()
    {
        var shard = new ShardHarness(new AggregateOptions { SeriesPerHostMax = 100 });
        (LabelSet, long, double)[] many = [.. Enumerable.Range(0, 150).Select(i => (ShardHarness.Series("m", i), T0, (double)i))];

        shard.Send(many);

        Assert.Equal(100, shard.State.Series.Count);
        Assert.Equal(50, shard.Counters.Rejected(RejectReason.SeriesLimit));
    }

    [Fact]
    public void Apply_SameTimeTwice_KeepsTheFirst()
    {
        var shard = new ShardHarness();
        shard.Send((A, T0, 1), (A, T0 + 1000, 2));

        shard.Send((A, T0, 1), (A, T0, 9), (A, T0 + 1000, 9));

        Assert.Equal([new Sample(T0, 1), new Sample(T0 + 1000, 2)], shard.Read(A));
        Assert.Equal(1, shard.Counters.Behind(BehindKind.Duplicate));
        Assert.Equal(2, shard.Counters.Behind(BehindKind.Conflict));
    }

    [Fact]
    public void Apply_SameTimeAsASealedSample_KeepsTheFirst()
    {
        var shard = new ShardHarness();
        shard.Send([.. Enumerable.Range(0, 200).Select(i => (A, T0 + (i * 1000L), (double)i))]);
        shard.Cut();

        shard.Send((A, T0 + 5000, 5), (A, T0 + 6000, -1));

        Assert.Equal(1, shard.Counters.Behind(BehindKind.Duplicate));
        Assert.Equal(1, shard.Counters.Behind(BehindKind.Conflict));
        Assert.Equal(200, shard.Read(A).Count);
    }

    [Fact]
    public void Apply_StaleMarkerAndNaN_KeepTheirBits()
    {
        var shard = new ShardHarness();
        double odd = BitConverter.Int64BitsToDouble(0x7ff8_0000_0000_1234);

        shard.Send((A, T0, Sample.StaleMarker), (A, T0 + 1000, odd), (A, T0 + 2000, -0.0));
        shard.Cut();

        Assert.Equal(
            [Sample.StaleMarkerBits, 0x7ff8_0000_0000_1234, BitConverter.DoubleToInt64Bits(-0.0)],
            shard.Read(A).Select(s => BitConverter.DoubleToInt64Bits(s.Value)));
    }

    [Fact]
    public void Apply_ReservedNaN_IsRefusedAndCounted()
    {
        var shard = new ShardHarness();

        shard.Send((A, T0, MiniBlock.Absent), (A, T0 + 1000, 1));

        Assert.Equal(1, shard.Counters.Rejected(RejectReason.ReservedValue));
        Assert.Single(shard.Read(A));
    }

    [Fact]
    public void Apply_SeriesThatLagsBehindItsSiblings_IsKeptWhole()
    {
        var shard = new ShardHarness();
        LabelSet slow = ShardHarness.Series("a", 1);
        for (int i = 0; i < 300; i++)
        {
            shard.Send((A, T0 + (i * 1000L), i), (slow, T0 - 120_000 + (i * 1000L), -i));
        }

        Assert.Equal(Enumerable.Range(0, 300).Select(i => new Sample(T0 - 120_000 + (i * 1000L), -i)), shard.Read(slow));
        Assert.Equal(300, shard.Read(A).Count);
        Assert.Equal(0, shard.Counters.Behind(BehindKind.Late));
    }

    [Fact]
    public void Apply_SiblingsBackfilledOneAfterTheOther_AreAllInOrder()
    {
        var shard = new ShardHarness();
        LabelSet[] siblings = [.. Enumerable.Range(0, 5).Select(n => ShardHarness.Series("a", n))];
        foreach (LabelSet one in siblings)
        {
            shard.Send([.. Enumerable.Range(0, 500).Select(i => (one, T0 + (i * 1000L), (double)i))]);
        }

        shard.Cut();

        Assert.Equal(0, shard.Counters.Behind(BehindKind.Late));
        Assert.All(siblings, s => Assert.Equal(500, shard.Read(s).Count));
    }

    [Fact]
    public void Restart_AfterFlushes_ReadsTheSameAndGoesOn()
    {
        var shard = new ShardHarness();
        shard.Send([.. Enumerable.Range(0, 100).Select(i => (A, T0 + (i * 1000L), (double)i))]);
        shard.Flush();
        List<Sample> before = shard.Read(A);

        shard.Restart();

        Assert.Equal(before, shard.Read(A));
        Assert.Equal(SectionOutcome.Applied, shard.Send((A, T0 + 100_000, 100)));
        Assert.Equal(101, shard.Read(A).Count);
    }

    [Fact]
    public void Restart_BackfillCutBetweenRecentCuts_LosesNothing()
    {
        var shard = new ShardHarness();
        LabelSet old = ShardHarness.Series("old");
        shard.Send((A, T0, 1));
        shard.Cut();
        shard.Send((old, T0 - 86_400_000, 7));
        shard.Cut();
        shard.Send((A, T0 + 1000, 2));
        shard.Cut();

        shard.Restart();

        Assert.Equal([new Sample(T0 - 86_400_000, 7)], shard.Read(old));
        Assert.Equal(2, shard.Read(A).Count);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public void RandomLife_AnyOrderOfFlushCutRestartTrim_AgreesWithAModel(int seed)
    {
        var random = new Random(seed);
        var shard = new ShardHarness(new AggregateOptions { MemorySpan = TimeSpan.FromMinutes(5) });
        LabelSet[] series = [.. Enumerable.Range(0, 6).Select(n => ShardHarness.Series(n < 4 ? "a" : "b", n))];
        var model = series.ToDictionary(s => s, _ => new SortedDictionary<long, double>());
        var flushed = Copy(model);
        for (int step = 0; step < 2_000; step++)
        {
            shard.NowMs += random.Next(0, 2_000);
            switch (random.Next(100))
            {
                case < 80:
                    LabelSet one = series[random.Next(series.Length)];
                    long at = shard.NowMs - (random.Next(10) == 0 ? random.Next(0, 900_000) : random.Next(0, 3) * 1000);
                    double value = random.Next(8) == 0 ? Sample.StaleMarker : Math.Round(random.NextDouble() * 100, 2);
                    shard.Send((one, at, value));
                    model[one].TryAdd(at, value);
                    break;
                case < 90:
                    shard.Flush();
                    flushed = Copy(model);
                    break;
                case < 95:
                    shard.Cut();
                    flushed = Copy(model);
                    break;
                case < 97:
                    shard.State.TrimMemory(shard.NowMs);
                    break;
                default:
                    shard.Restart();
                    model = Copy(flushed); // what was not flushed is the log's to repeat
                    break;
            }

            if (step % 50 == 0)
            {
                Check();
            }
        }

        Check();

        void Check()
        {
            foreach (LabelSet one in series.Where(s => shard.State.Series.TryFind(s, out _)))
            {
                Assert.Equal(
                    model[one].Select(p => (p.Key, BitConverter.DoubleToInt64Bits(p.Value))),
                    shard.Read(one).Select(s => (s.TimestampMs, BitConverter.DoubleToInt64Bits(s.Value))));
                shard.State.Series.TryFind(one, out int number);
                long to = shard.NowMs, from = to - 60_000;
                WindowAggregate window = shard.State.Window(number, from, to);
                double[] inside = [.. model[one].Where(p => p.Key > from && p.Key <= to && !Sample.IsStaleMarker(p.Value)).Select(p => p.Value)];
                Assert.Equal(inside.Length, window.Count);
                if (inside.Length > 0)
                {
                    Assert.Equal((inside.Min(), inside.Max(), inside[0], inside[^1]), (window.Min, window.Max, window.First, window.Last));
                    Assert.Equal(inside.Sum(), window.Sum, 6);
                }
            }
        }

        static Dictionary<LabelSet, SortedDictionary<long, double>> Copy(Dictionary<LabelSet, SortedDictionary<long, double>> from) =>
            from.ToDictionary(p => p.Key, p => new SortedDictionary<long, double>(p.Value));
    }

    private static void AssertMalformed(byte[] labels, string why)
    {
        var shard = new ShardHarness();
        shard.Send((A, T0, 1));
        byte[] definitions = [0, (byte)A.Bytes.Length, .. A.Bytes, 1, (byte)labels.Length, .. labels];

        SectionOutcome outcome = shard.State.Offer(shard.Section(2, (A, T0 + 1000, 2)) with { Definitions = definitions }, T0);

        Assert.True(outcome == SectionOutcome.Malformed, why);
        Assert.Equal(1, shard.Counters.Rejected(RejectReason.Malformed));
        Assert.Single(shard.State.Find(null, [], long.MinValue, long.MaxValue));
        Assert.Equal([new Sample(T0, 1)], shard.Read(A));
    }
}
