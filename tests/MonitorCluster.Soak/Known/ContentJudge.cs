using System.Globalization;
using System.Text.Json;
using MonitorCluster.Soak.Client;

namespace MonitorCluster.Soak.Known;

/// <summary>
/// Reads back what was written and compares every value: acknowledged samples are there exactly once and right, unknown ones at most once
/// and right, and nothing else is there.
/// </summary>
/// <param name="world">What the values must be.</param>
/// <param name="batches">What was written.</param>
/// <param name="fromMs">Judge samples after this time.</param>
/// <param name="toMs">Judge samples up to this time.</param>
internal sealed class ContentJudge(KnownWorld world, IEnumerable<KnownBatch> batches, long fromMs = long.MinValue, long toMs = long.MaxValue)
{
    private const int ExamplesMax = 5;

    // The value says whether the sample was acknowledged.
    private readonly Dictionary<(int Series, long TimestampMs), bool> _expected = batches.Where(b => b.TimestampMs > fromMs && b.TimestampMs <= toMs)
        .SelectMany(b => b.Series, (b, s) => KeyValuePair.Create((s, b.TimestampMs), b.IsAcknowledged)).ToDictionary();

    private readonly HashSet<(int Series, long TimestampMs)> _found = [];
    private readonly List<string> _faults = [];
    private int _faultCount;
    private int _lost;
    private int _doubled;

    /// <summary>Asks a node for everything and judges it.</summary>
    public async Task<Verdict> JudgeAsync(NodeClient node)
    {
        if (_expected.Count > 0)
        {
            long first = _expected.Keys.Min(k => k.TimestampMs), last = _expected.Keys.Max(k => k.TimestampMs);
            (first, last) = (fromMs == long.MinValue ? first - 1_000 : fromMs, toMs == long.MaxValue ? last + 1_000 : toMs);
            foreach (string selector in world.Selectors)
            {
                using JsonDocument answer = await node.QueryAsync(string.Create(CultureInfo.InvariantCulture, $"{selector}[{last - first}ms]"), last);
                Take(answer.RootElement.GetProperty("data").GetProperty("result"));
            }
        }

        return Finish();
    }

    /// <summary>Takes the result of one raw matrix query.</summary>
    public void Take(JsonElement matrix)
    {
        foreach (JsonElement one in matrix.EnumerateArray())
        {
            int series = world.Find(one.GetProperty("metric"));
            long before = long.MinValue;
            foreach (JsonElement sample in one.GetProperty("values").EnumerateArray())
            {
                long timestampMs = (long)Math.Round(sample[0].GetDouble() * 1000);
                Judge(series, one, timestampMs, Number(sample[1].GetString()!), timestampMs > before);
                before = timestampMs;
            }
        }
    }

    /// <summary>Judges what was taken.</summary>
    public Verdict Finish()
    {
        foreach (((int Series, long TimestampMs) key, bool isAcknowledged) in _expected)
        {
            if (isAcknowledged && !_found.Contains(key))
            {
                _lost++;
                Fault($"lost: series {key.Series} at {key.TimestampMs} was acknowledged and is not there");
            }
        }

        int acknowledged = _expected.Count(e => e.Value);
        return new Verdict(acknowledged, _expected.Count - acknowledged, _found.Count(k => !_expected[k]), _faultCount, _faults)
        {
            Lost = _lost,
            Doubled = _doubled,
        };
    }

    private void Judge(int series, JsonElement one, long timestampMs, double value, bool ascends)
    {
        if (series < 0 || !_expected.ContainsKey((series, timestampMs)))
        {
            Fault($"stray: {one.GetProperty("metric")} at {timestampMs} was never written");
            return;
        }

        double right = world.Value(series, timestampMs);
        if (BitConverter.DoubleToInt64Bits(value) != BitConverter.DoubleToInt64Bits(right))
        {
            Fault($"wrong: series {series} at {timestampMs} is {value:R} and must be {right:R}");
        }

        if (!_found.Add((series, timestampMs)))
        {
            _doubled++;
            Fault($"doubled: series {series} at {timestampMs}");
        }

        if (!ascends)
        {
            Fault($"out of order: series {series} at {timestampMs}");
        }
    }

    private void Fault(string text)
    {
        if (++_faultCount <= ExamplesMax)
        {
            _faults.Add(text);
        }
    }

    private static double Number(string text) => text switch
    {
        "+Inf" => double.PositiveInfinity,
        "-Inf" => double.NegativeInfinity,
        _ => double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture),
    };
}

/// <summary>What a judge found.</summary>
/// <param name="Acknowledged">Samples that must be there.</param>
/// <param name="Unknown">Samples that may be there.</param>
/// <param name="UnknownFound">Those of them that are.</param>
/// <param name="Faults">How many samples are lost, wrong, doubled, stray or out of order.</param>
/// <param name="Examples">The first of them in words.</param>
internal sealed record Verdict(int Acknowledged, int Unknown, int UnknownFound, int Faults, IReadOnlyList<string> Examples)
{
    /// <summary>How many of the faults are acknowledged samples that are not there.</summary>
    public int Lost { get; init; }

    /// <summary>How many of the faults are samples that are there again.</summary>
    public int Doubled { get; init; }

    /// <inheritdoc/>
    public override string ToString() =>
        $"{Acknowledged} acknowledged, {Unknown} unknown of which {UnknownFound} are there, {Faults} faults{string.Concat(Examples.Select(e => "\n  " + e))}";
}
