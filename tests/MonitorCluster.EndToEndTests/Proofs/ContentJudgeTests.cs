using System.Globalization;
using System.Text.Json;

namespace MonitorCluster.EndToEndTests.Proofs;

/// <summary>The judge is judged: an answer that was tampered with in any way must not pass.</summary>
public sealed class ContentJudgeTests
{
    private readonly KnownWorld _world = new(hosts: 2, metrics: 2, seriesPerMetric: 4);

    private readonly KnownBatch[] _batches =
    [
        new(1_700_000_000_000, [0, 1, 2, 3]) { IsAcknowledged = true },
        new(1_700_000_000_400, [0, 1, 2, 3]) { IsAcknowledged = true },
        new(1_700_000_000_800, [0, 1, 2, 3]),
    ];

    [Fact]
    public void Judge_HonestAnswer_FindsNoFault()
    {
        Verdict verdict = Judge(Answer());

        Assert.Equal((8, 4, 4, 0), (verdict.Acknowledged, verdict.Unknown, verdict.UnknownFound, verdict.Faults));
    }

    [Fact]
    public void Judge_UnknownBatchAbsent_FindsNoFault()
    {
        List<(int Series, long TimestampMs, double Value)> answer = Answer();
        answer.RemoveAll(s => s.TimestampMs == _batches[2].TimestampMs);

        Verdict verdict = Judge(answer);

        Assert.Equal((0, 0), (verdict.UnknownFound, verdict.Faults));
    }

    [Fact]
    public void Judge_AcknowledgedSampleAbsent_IsLost()
    {
        List<(int Series, long TimestampMs, double Value)> answer = Answer();
        answer.RemoveAt(0);

        Assert.StartsWith("lost: series 0 at 1700000000000", Assert.Single(Judge(answer).Examples), StringComparison.Ordinal);
    }

    [Fact]
    public void Judge_LastBitOfAValueDiffers_IsWrong()
    {
        List<(int Series, long TimestampMs, double Value)> answer = Answer();
        answer[5] = answer[5] with { Value = Math.BitIncrement(answer[5].Value) };

        Assert.StartsWith("wrong: ", Assert.Single(Judge(answer).Examples), StringComparison.Ordinal);
    }

    [Fact]
    public void Judge_SampleTwice_IsDoubled()
    {
        List<(int Series, long TimestampMs, double Value)> answer = Answer();
        answer.Insert(1, answer[0]);

        Verdict verdict = Judge(answer);

        Assert.Contains(verdict.Examples, e => e.StartsWith("doubled: series 0", StringComparison.Ordinal));
        Assert.Contains(verdict.Examples, e => e.StartsWith("out of order: series 0", StringComparison.Ordinal));
    }

    [Fact]
    public void Judge_SampleOfNobody_IsStray()
    {
        List<(int Series, long TimestampMs, double Value)> answer = Answer();
        answer.Add((7, 1_700_000_000_000, 1));

        Assert.StartsWith("stray: ", Assert.Single(Judge(answer).Examples), StringComparison.Ordinal);
    }

    private List<(int Series, long TimestampMs, double Value)> Answer() =>
        [.. from b in _batches from s in b.Series select (s, b.TimestampMs, _world.Value(s, b.TimestampMs))];

    private Verdict Judge(IEnumerable<(int Series, long TimestampMs, double Value)> samples)
    {
        var judge = new ContentJudge(_world, _batches);
        string matrix = JsonSerializer.Serialize(samples.GroupBy(s => s.Series).Select(g => new
        {
            metric = _world.Labels(g.Key).ToDictionary(l => l.Name, l => l.Value),
            values = g.Select(s => new object[] { s.TimestampMs / 1000.0, Text(s.Value) }),
        }));
        using JsonDocument document = JsonDocument.Parse(matrix);
        judge.Take(document.RootElement);
        return judge.Finish();
    }

    private static string Text(double value) =>
        double.IsInfinity(value) ? (value > 0 ? "+Inf" : "-Inf") : value.ToString("R", CultureInfo.InvariantCulture);
}
