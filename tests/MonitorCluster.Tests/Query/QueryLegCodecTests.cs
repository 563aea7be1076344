using FsCheck;
using FsCheck.Fluent;
using MonitorCluster.Alert;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Query;
using MonitorCluster.TimeSeries.Model;
using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Tests.Query;

public sealed class QueryLegCodecTests
{
    [Fact]
    public void Leg_EveryField_ComesBack()
    {
        QueryLeg leg = Leg();

        Assert.True(QueryLegCodec.TryDecode(QueryLegCodec.Encode(leg).Span, out QueryLeg? read));

        Assert.Equal(leg.Shards, read.Shards);
        Assert.Equal(leg.Matchers.Select(m => m.ToString()), read.Matchers.Select(m => m.ToString()));
        Assert.Equal(leg with { Shards = [], Matchers = [] }, read with { Shards = [], Matchers = [] });
    }

    // The page docs/formats/query.md shows these bytes.
    [Fact]
    public void Leg_Golden_HasTheDocumentedBytes() => Assert.Equal(
        "020407F02E020003020101050100016D0168D00FA01F" + "0A14016E0000",
        Convert.ToHexString(QueryLegCodec.Encode(new QueryLeg
        {
            Kind = QueryLegKind.Fetch,
            Version = 7,
            Timeout = TimeSpan.FromSeconds(6),
            Shards = [new(0, 2), new(1, 2), new(2, 2), new(3, 2), new(5, 5), new(6, 5)],
            Matchers = [Matcher("m", MatchOperator.Equal, "h")],
            FromMs = 1_000,
            ToMs = 2_000,
            SeriesMax = 10,
            SamplesMax = 20,
            Name = "n",
        }).Span));

    [Theory]
    [InlineData(1_024, 64 << 10, true)]
    [InlineData(1_025, 1, false)]
    [InlineData(1, (64 << 10) + 1, false)]
    public void Leg_TextsBeyondTheirLimit_AreRefused(int nameLength, int valueLength, bool isTaken)
    {
        QueryLeg leg = Leg() with { Matchers = [Matcher(new string('n', nameLength), MatchOperator.Equal, new string('v', valueLength))] };

        Assert.Equal(isTaken, QueryLegCodec.TryDecode(QueryLegCodec.Encode(leg).Span, out _));
    }

    [Fact]
    public void Timeout_OfALeg_IsReadWithoutTheRest()
    {
        byte[] bytes = QueryLegCodec.Encode(Leg()).ToArray();

        Assert.True(QueryLegCodec.TryReadTimeout(bytes.AsSpan(0, 20), out TimeSpan timeout));
        Assert.Equal(Leg().Timeout, timeout);
        Assert.False(QueryLegCodec.TryReadTimeout([.. bytes, .. new byte[QueryLegCodec.BytesMax]], out _));
    }

    [Fact]
    public void Answer_EveryField_ComesBack()
    {
        QueryLegAnswer answer = Answer();

        Assert.True(QueryAnswerCodec.TryDecode(QueryAnswerCodec.Encode(answer).Span, 10_000, out QueryLegAnswer? read));

        Assert.Equal(answer.Coverage, read.Coverage);
        Assert.Equal(answer.Labels, read.Labels);
        Assert.Equal(answer.Texts, read.Texts);
        Assert.Equal(answer.Statistics, read.Statistics);
        Assert.Equal(answer.Sizes.ByMetric, read.Sizes.ByMetric);
        Assert.Equal(answer.Sizes.ByPair, read.Sizes.ByPair);
        Assert.Equal(answer.Alerts, read.Alerts);
        Assert.Equal(answer.Metadata, read.Metadata);
        Assert.Equal((answer.Version, answer.Error, answer.Message, answer.Outcome), (read.Version, read.Error, read.Message, read.Outcome));
        Assert.Equal(answer.Verdicts, read.Verdicts);
        Assert.Equal(answer.Mutes, read.Mutes);
        Assert.Equal(answer.Feedback, read.Feedback);
        Assert.Equal(answer.Signals.Select(s => s with { Named = [] }), read.Signals.Select(s => s with { Named = [] }));
        Assert.Equal(answer.Signals.SelectMany(s => s.Named), read.Signals.SelectMany(s => s.Named));
        for (int i = 0; i < answer.Series.Count; i++)
        {
            Assert.Equal(answer.Series[i].Labels, read.Series[i].Labels);
            Assert.Equal(answer.Series[i].Timestamps.ToArray(), read.Series[i].Timestamps.ToArray());
            Assert.Equal(answer.Series[i].Values.ToArray(), read.Series[i].Values.ToArray());
        }
    }

    [Fact]
    public void Answer_MoreSamplesThanAllowed_IsRefused()
    {
        ReadOnlyMemory<byte> bytes = QueryAnswerCodec.Encode(Answer());
        long samples = Answer().Series.Sum(s => s.Timestamps.Length);

        Assert.True(QueryAnswerCodec.TryDecode(bytes.Span, samples, out _));
        Assert.False(QueryAnswerCodec.TryDecode(bytes.Span, samples - 1, out _));
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(1, false)]
    public void Answer_MoreSizesThanAnyNodeGives_IsRefused(int more, bool isTaken)
    {
        var sizes = new SeriesSizes([.. Enumerable.Repeat(new NamedCount("", 1), SeriesSizes.MetricsMax + more)], []);

        Assert.Equal(isTaken, QueryAnswerCodec.TryDecode(QueryAnswerCodec.Encode(new QueryLegAnswer { Sizes = sizes }).Span, 0, out _));
    }

    [Theory]
    [InlineData(0, 0, true)]
    [InlineData(1, 0, false)]
    [InlineData(0, 1, false)]
    public void Answer_MoreSignalsThanAnyNodeGives_IsRefused(int moreMetrics, int moreHosts, bool isTaken)
    {
        SignalHost[] hosts = [.. Enumerable.Repeat(new SignalHost("h", 0), MetricSignals.NamedMax + moreHosts)];
        IEnumerable<MetricSignals> calm = Enumerable.Repeat(new MetricSignals("m", 1, 1, 0, []), MetricSignals.MetricsMax - 1 + moreMetrics);
        MetricSignals[] signals = [.. calm, new("n", 60, 60, 60, hosts)];

        Assert.Equal(isTaken, QueryAnswerCodec.TryDecode(QueryAnswerCodec.Encode(new QueryLegAnswer { Signals = signals }).Span, 0, out _));
    }

    [Fact]
    public void Answer_CountThatItsBytesCannotHold_AllocatesNothingForIt()
    {
        // Version 0, no error, no message, no shards, one series without labels that says it has 40 million samples.
        byte[] bytes = [QueryLegCodec.Format, 0, 0, 0, 0, 0, 1, 0, 0x80, 0xB4, 0x89, 0x13, 0, 0];
        long before = GC.GetAllocatedBytesForCurrentThread();

        Assert.False(QueryAnswerCodec.TryDecode(bytes, 50_000_000, out _));

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);
    }

    [Theory]
    [InlineData(0, 1, true)]
    [InlineData(0, 2, false)] // more verdicts than the bytes behind the count can hold
    [InlineData(1, 1, true)]
    [InlineData(1, 2, false)]
    public void Answer_CountOfVerdictsOrMutes_IsBelievedAsFarAsTheBytesGo(int what, byte count, bool isTaken)
    {
        var verdict = new SeriesVerdict { Labels = LabelSet.Empty, Phase = SeriesPhase.Usual, StepSeconds = 1, Reason = "" };
        QueryLegAnswer answer = what == 0 ? new QueryLegAnswer { Verdicts = [verdict] } : new QueryLegAnswer { Mutes = [new Mute("", "", 0, "", "", 0)] };
        byte[] bytes = QueryAnswerCodec.Encode(answer).ToArray();
        int behind = 4; // no mutes or no verdicts; found, series; no signals
        int at = bytes.Length - behind - (what == 0 ? VerdictCodec.VerdictBytesMin + 1 : VerdictCodec.MuteBytesMin);
        Assert.Equal(1, bytes[at]);
        bytes[at] = count;

        Assert.Equal(isTaken, QueryAnswerCodec.TryDecode(bytes, 0, out _));
    }

    [Fact]
    public void Leg_KindThatThisNodeDoesNotKnow_IsRefused()
    {
        byte[] bytes = QueryLegCodec.Encode(Leg() with { Kind = QueryLeg.KindMax }).ToArray();

        Assert.True(QueryLegCodec.TryDecode(bytes, out _));
        bytes[1]++;
        Assert.False(QueryLegCodec.TryDecode(bytes, out _));
        Assert.False(QueryLegCodec.TryReadTimeout(bytes, out _));
    }

    [Fact]
    public void Bytes_Damaged_NeverThrowAndAreNeverTakenHalf()
    {
        byte[] leg = QueryLegCodec.Encode(Leg()).ToArray(), answer = QueryAnswerCodec.Encode(Answer()).ToArray();
        for (int length = 0; length < leg.Length; length++)
        {
            Assert.False(QueryLegCodec.TryDecode(leg.AsSpan(0, length), out _));
        }

        for (int length = 0; length < answer.Length; length++)
        {
            Assert.False(QueryAnswerCodec.TryDecode(answer.AsSpan(0, length), 10_000, out _));
        }

        var damage = from at in Gen.Choose(0, Math.Max(leg.Length, answer.Length) - 1) from value in Gen.Choose(0, 255) select (at, (byte)value);
        Prop.ForAll(damage.ToArbitrary(), d =>
        {
            _ = QueryLegCodec.TryDecode(With(leg, d.at, d.Item2), out _);
            _ = QueryAnswerCodec.TryDecode(With(answer, d.at, d.Item2), 10_000, out _);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(5_000));
    }

    [Fact]
    public void Bytes_AnyOthers_NeverThrow() => Prop.ForAll<byte[]>(bytes =>
    {
        byte[] versioned = [QueryLegCodec.Format, .. bytes];
        _ = QueryLegCodec.TryDecode(versioned, out _);
        _ = QueryAnswerCodec.TryDecode(versioned, 10_000, out _);
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(2_000));

    private static byte[] With(byte[] source, int at, byte value)
    {
        byte[] copy = [.. source];
        copy[at % copy.Length] = value;
        return copy;
    }

    private static LabelMatcher Matcher(string name, MatchOperator op, string value)
    {
        Assert.True(LabelMatcher.TryCreate(name, op, value, out LabelMatcher matcher, out string error), error);
        return matcher;
    }

    private static QueryLeg Leg() => new()
    {
        Kind = QueryLegKind.Acknowledge,
        Version = long.MaxValue,
        Timeout = TimeSpan.FromMilliseconds(1_234),
        Shards = [new ShardEpoch(0, 1), new ShardEpoch(1, 1), new ShardEpoch(2, 7), new ShardEpoch(65_535, 1)],
        Matchers = [Matcher("__name__", MatchOperator.Equal, "up"), Matcher("é", MatchOperator.NotRegex, "a|b.*")],
        FromMs = long.MinValue,
        ToMs = long.MaxValue,
        SeriesMax = 100_000,
        SamplesMax = 50_000_000,
        Name = "1-1",
        By = "ann",
        Comment = "looking",
    };

    private static LabelSet Series(int number) => LabelSet.Create("m", ("host", $"h{number}"));

    private static QueryLegAnswer Answer() => new()
    {
        Version = 9,
        Error = QueryErrorKind.BadData,
        Message = "what",
        Coverage = [ShardCoverage.Covered, ShardCoverage.Covered, ShardCoverage.NotMine, ShardCoverage.Later, ShardCoverage.NotReady],
        Series =
        [
            new SeriesData(Series(1), new long[] { -5, 0, 7 }, new[] { 1.5, double.NaN, Sample.StaleMarker }),
            new SeriesData(
                Series(2),
                Enumerable.Range(0, 2_500).Select(i => 1_000L * i).ToArray(),
                Enumerable.Range(0, 2_500).Select(i => Math.Sin(i)).ToArray()),
            new SeriesData(LabelSet.Empty, Array.Empty<long>(), Array.Empty<double>()),
        ],
        Labels = [Series(3), LabelSet.Empty],
        Texts = ["", "é"],
        Statistics = [new ShardSummary(7, 1, 2, 3, 4.5, null, -6), new ShardSummary(8, 0, 0, 0, 0, 1, null)],
        Sizes = new SeriesSizes([new NamedCount("m", 3)], [(new Label("a", "b"), 4)]),
        Alerts = [Tests.Alert.Alerts.Make(Series(4), id: "4-1", seq: 5)],
        Metadata = [new MetricMetadata("m", "gauge", "help", "bytes")],
        Outcome = AcknowledgeOutcome.Pending,
        Verdicts =
        [
            new SeriesVerdict
            {
                Labels = Series(5),
                Phase = SeriesPhase.Unusual,
                StepSeconds = 5,
                Steps = 700,
                YoungSecondsLeft = 60.5,
                SinceMs = -3,
                Value = double.NaN,
                Expected = 1,
                BandLow = 0.5,
                BandHigh = double.PositiveInfinity,
                Score = 7,
                SignalAt = 4,
                WarningAt = 5.5,
                Offset = 0.5,
                Channel = "jump",
                IsMuted = true,
                Incident = "5-1",
                Reason = "é",
            },
            new SeriesVerdict { Labels = Series(6), Phase = SeriesPhase.Learning, StepSeconds = 1, LearningSecondsLeft = 3, Reason = "" },
        ],
        Mutes = [new Mute("m1", "up{host=\"a\"}", 9, "ann", "é", -1)],
        Feedback = new FeedbackOutcome(true, 3),
        Signals = [new MetricSignals("m", 9, 7, 2, [new SignalHost("", -1), new SignalHost("é", 5)]), new MetricSignals("", 0, 0, 0, [])],
    };
}
