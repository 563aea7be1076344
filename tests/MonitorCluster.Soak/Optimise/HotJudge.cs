using System.Globalization;
using System.Text.Json;
using MonitorCluster.Soak.Client;

namespace MonitorCluster.Soak.Optimise;

/// <summary>
/// Reads back everything that a <see cref="HotWriter"/> wrote and compares each value: acknowledged samples are there once and right, nothing else is.
/// </summary>
internal sealed class HotJudge
{
    private const int WindowSamplesMax = 500_000;
    private const int ExamplesMax = 5;

    private readonly List<string> _examples = [];

    /// <summary>Samples that must be there.</summary>
    public long Acknowledged { get; private set; }

    /// <summary>Samples that may be there.</summary>
    public long Unknown { get; private set; }

    /// <summary>Acknowledged samples that are not there.</summary>
    public long Lost { get; private set; }

    /// <summary>Samples that are there twice.</summary>
    public long Doubled { get; private set; }

    /// <summary>Samples with another value, or that were never written.</summary>
    public long Wrong { get; private set; }

    /// <summary>Whether all is well.</summary>
    public bool IsGood => Lost + Doubled + Wrong == 0;

    /// <summary>Asks for a host's samples and judges them.</summary>
    public async Task JudgeAsync(NodeClient node, HotHost host, IReadOnlyList<HotBatch> batches)
    {
        for (int first = 0; first < batches.Count;)
        {
            (int next, int samples) = (first, 0);
            while (next < batches.Count && (next == first || samples + batches[next].Series <= WindowSamplesMax))
            {
                samples += batches[next++].Series;
            }

            HotBatch[] window = [.. batches.Skip(first).Take(next - first)];
            long fromMs = first == 0 ? window[0].TimestampMs - 1_000 : batches[first - 1].TimestampMs, toMs = window[^1].TimestampMs;
            string query = string.Create(CultureInfo.InvariantCulture, $"{HotWorld.Selector(host)}[{toMs - fromMs}ms]");
            using JsonDocument answer = await node.QueryAsync(query, toMs);
            Take(host, window, answer.RootElement.GetProperty("data").GetProperty("result"));
            first = next;
        }
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"acknowledged={Acknowledged} unknown={Unknown} lost={Lost} doubled={Doubled} wrong={Wrong}{string.Concat(_examples.Select(e => "\n  " + e))}");

    private void Take(HotHost host, HotBatch[] batches, JsonElement result)
    {
        int[] found = new int[batches.Length];
        foreach (JsonElement one in result.EnumerateArray())
        {
            int series = HotWorld.Find(one.GetProperty("metric"));
            (int at, long lastMs) = (0, long.MinValue);
            foreach (JsonElement sample in one.GetProperty("values").EnumerateArray())
            {
                long timestampMs = (long)Math.Round(sample[0].GetDouble() * 1_000);
                if (timestampMs <= lastMs)
                {
                    Doubled++;
                    Example($"doubled: {host.Name} series {series} at {timestampMs}");
                    continue;
                }

                lastMs = timestampMs;
                while (at < batches.Length && batches[at].TimestampMs < timestampMs)
                {
                    at++;
                }

                if (series < 0 || at == batches.Length || batches[at].TimestampMs != timestampMs || series >= batches[at].Series
                    || double.Parse(sample[1].GetString()!, CultureInfo.InvariantCulture) != HotWorld.Value(host, series, timestampMs))
                {
                    Wrong++;
                    Example($"wrong: {host.Name} series {series} at {timestampMs} is {sample[1]}");
                    continue;
                }

                found[at]++;
            }
        }

        for (int i = 0; i < batches.Length; i++)
        {
            HotBatch batch = batches[i];
            (Acknowledged, Unknown) = batch.IsAcknowledged ? (Acknowledged + batch.Series, Unknown) : (Acknowledged, Unknown + batch.Series);
            if (batch.IsAcknowledged && found[i] < batch.Series)
            {
                Lost += batch.Series - found[i];
                Example($"lost: {batch.Series - found[i]} of {batch.Series} samples of {host.Name} at {batch.TimestampMs}");
            }
        }
    }

    private void Example(string text)
    {
        if (_examples.Count < ExamplesMax)
        {
            _examples.Add(text);
        }
    }
}
