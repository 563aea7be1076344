using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using MonitorCluster.Aggregate;
using MonitorCluster.Cluster.Sharding;
using MonitorCluster.Stream;
using MonitorCluster.TimeSeries.Model;
using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.SimulationTests.World;

/// <summary>Says whether a world kept the program's promises. It reads every journal row ever written, below the (series, time) net.</summary>
internal sealed class SimJudge(Simulation world, IReadOnlyList<SimModel> models)
{
    private readonly Dictionary<SimSample, int> journalled = [];
    private readonly Dictionary<(int ShardId, int Number), SimSeries> seriesByNumber = [];
    private readonly Dictionary<LabelSet, SimSeries> seriesByLabels = [];

    public int Rows { get; private set; }

    public int Cuts { get; private set; }

    public int Alerts { get; private set; }

    /// <summary>Of all rows in their order.</summary>
    public ulong Digest { get; private set; }

    /// <summary>The samples of a host that every answer must hold from now on.</summary>
    /// <param name="host">The host.</param>
    /// <param name="isLast">All that is acknowledged, and not only what is known to be in the store.</param>
    /// <param name="age">Only what has been known to be in the store for so long.</param>
    public HashSet<SimSample> Durable(string host, bool isLast, TimeSpan age = default) =>
    [
        .. SeriesOf(host).SelectMany(s => s.Samples.Values)
            .Where(s => s.CountMin == 1 && (isLast || (s.Batch.IsDurable && s.Batch.SettledAt <= world.Now - age))),
    ];

    public void CheckResult(string host, MatrixResult result, HashSet<SimSample> expected, bool isExact)
    {
        Dictionary<LabelSet, SimSeries> known = SeriesOf(host).ToDictionary(s => s.Labels);
        int found = 0;
        foreach (SeriesData data in result.Series)
        {
            Require(known.TryGetValue(data.Labels, out SimSeries? series), $"a query found {data.Labels}, which nobody wrote");
            long before = long.MinValue;
            for (int i = 0; i < data.Timestamps.Length; i++)
            {
                long timestampMs = data.Timestamps.Span[i];
                Require(timestampMs > before, $"a query returned {data.Labels} at {timestampMs} after {before}");
                before = timestampMs;
                Require(
                    series.Samples.TryGetValue(timestampMs, out SimSample? sample) && sample.CountMax == 1,
                    $"a query found {data.Labels} at {timestampMs}, which was never taken");
                Require(
                    BitConverter.DoubleToInt64Bits(sample.Value) == BitConverter.DoubleToInt64Bits(data.Values.Span[i]),
                    $"a query found {data.Labels} at {timestampMs} with {data.Values.Span[i]} instead of {sample.Value}");
                expected.Remove(sample);
                found++;
                Require(!isExact || journalled.ContainsKey(sample), $"a query found {data.Labels} at {timestampMs}, which is not in the journal");
            }
        }

        SimSample? missing = expected.FirstOrDefault();
        Require(missing is null, $"a query lacks {expected.Count} durable samples of {host}, the first is {missing?.Series.Labels} at {missing?.TimestampMs}");
        Require(!isExact || found == Journalled(host).Count(), $"a query found {found} samples of {host}, the journal has others");
    }

    /// <summary>Judges the store when the world has healed.</summary>
    public void CheckStore()
    {
        ReadSeries();
        ReadJournal();
        foreach (SimSample sample in models.SelectMany(m => m.Series).SelectMany(s => s.Samples.Values))
        {
            int count = journalled.GetValueOrDefault(sample);
            Require(
                count >= sample.CountMin && count <= sample.CountMax,
                $"{sample.Series.Labels} at {sample.TimestampMs} is {count} times in the journal, {sample.CountMin} to {sample.CountMax} expected");
        }

        CheckAlerts();
        Cuts = world.Store.Query("SELECT count(*) FROM cut_history", r => r.GetInt32(0))[0];
    }

    /// <summary>Checks what <c>count_over_time</c> says of each series of a host, after <see cref="CheckStore"/>.</summary>
    public void CheckCounts(string host, VectorResult counts)
    {
        Dictionary<LabelSet, int> expected = Journalled(host)
            .CountBy(s => s.Series).ToDictionary(p => p.Key.Labels.Without(LabelSet.NameLabel), p => p.Value);
        Require(expected.Count == counts.Samples.Count, $"count_over_time finds {counts.Samples.Count} series of {host} instead of {expected.Count}");
        foreach (VectorSample sample in counts.Samples)
        {
            int count = expected.GetValueOrDefault(sample.Labels);
            Require(sample.Value == count, $"count_over_time of {sample.Labels} is {sample.Value} instead of {count}");
        }
    }

    /// <summary>Checks what <c>sum_over_time</c> says of each series of a host, after <see cref="CheckStore"/>.</summary>
    public void CheckSums(string host, VectorResult sums)
    {
        Dictionary<LabelSet, double> expected = Journalled(host)
            .GroupBy(s => s.Series).ToDictionary(g => g.Key.Labels.Without(LabelSet.NameLabel), g => g.Sum(s => s.Value));
        Require(expected.Count == sums.Samples.Count, $"sum_over_time finds {sums.Samples.Count} series of {host} instead of {expected.Count}");
        foreach (VectorSample sample in sums.Samples)
        {
            double sum = expected.GetValueOrDefault(sample.Labels);
            Require(Math.Abs(sample.Value - sum) <= Math.Abs(sum) * 1e-9, $"sum_over_time of {sample.Labels} is {sample.Value} instead of {sum}");
        }
    }

    private IEnumerable<SimSample> Journalled(string host) => SeriesOf(host).SelectMany(s => s.Samples.Values).Where(journalled.ContainsKey);

    private void ReadSeries()
    {
        foreach (SimSeries series in models.SelectMany(m => m.Series))
        {
            seriesByLabels.Add(series.Labels, series);
        }

        foreach ((int shardId, int number, byte[] labels) in world.Store.Query(
            "SELECT shard_id, series_no, labels FROM series", r => (r.GetInt32(0), r.GetInt32(1), r.GetFieldValue<byte[]>(2))))
        {
            bool isKnown = LabelSet.TryFromBytes(labels, out LabelSet set) & seriesByLabels.TryGetValue(set, out SimSeries? series);
            Require(isKnown, $"shard {shardId} has a series nobody wrote: {set}");
            seriesByNumber.Add((shardId, number), series!);
        }
    }

    private void ReadJournal()
    {
        HashSet<(int, long, long)> owners =
            [.. world.Store.Query("SELECT shard_id, epoch, owner FROM shard_history", r => (r.GetInt32(0), r.GetInt64(1), r.GetInt64(2)))];
        (int ShardId, long Jseq, long Epoch) before = (-1, 0, 0);
        var marks = new Dictionary<long, long>();
        foreach (KeptRow row in world.Store.Query(
            "SELECT shard_id, jseq, epoch, writer, samples, marks, body FROM journal_kept ORDER BY shard_id, jseq, id",
            r => new KeptRow(
                r.GetInt32(0), r.GetInt64(1), r.GetInt64(2), r.GetInt64(3), r.GetInt32(4), r.GetFieldValue<byte[]>(5), r.GetFieldValue<byte[]>(6))))
        {
            string name = $"journal row {row.Jseq} of shard {row.ShardId}";
            if (row.ShardId != before.ShardId)
            {
                before = (row.ShardId, 0, 0);
                marks.Clear();
            }

            Require(row.Jseq == before.Jseq + 1, $"{name} follows {before.Jseq}");
            Require(row.Epoch >= before.Epoch, $"{name} has epoch {row.Epoch} after {before.Epoch}");
            Require(owners.Contains((row.ShardId, row.Epoch, row.Writer)), $"{name} is written by {row.Writer}, which never owned epoch {row.Epoch}");
            foreach ((long collectorNo, long seq) in Marks.Decode(row.Marks))
            {
                long last = marks.GetValueOrDefault(collectorNo);
                Require(seq > last, $"{name} has mark {seq} of collector {collectorNo} after {last}");
                marks[collectorNo] = seq;
            }

            Require(Count(row) == row.Samples, $"{name} says {row.Samples} samples and has others");
            before = (row.ShardId, row.Jseq, row.Epoch);
            Rows++;
        }
    }

    private int Count(KeptRow row)
    {
        ReadOnlySpan<byte> body = row.Body;
        Digest = (Digest ^ XxHash64.Hash(body)) * 0x9E3779B97F4A7C15;
        int samples = 0;
        int offset = body.IsEmpty ? 0 : 1;
        while (offset < body.Length)
        {
            switch (body[offset++])
            {
                case JournalBody.RunsRecord:
                    int length = BinaryPrimitives.ReadInt32LittleEndian(body[offset..]);
                    samples += CountRuns(row.ShardId, body.Slice(offset + sizeof(int), length));
                    offset += sizeof(int) + length;
                    break;
                case JournalBody.TickRecord:
                    Require(Varint.TryRead(body, ref offset, out ulong _), "a tick cannot be read");
                    break;
                default:
                    Require(false, $"journal row {row.Jseq} of shard {row.ShardId} has an unknown record");
                    break;
            }
        }

        return samples;
    }

    private int CountRuns(int shardId, ReadOnlySpan<byte> runs)
    {
        int samples = 0;
        var reader = new SectionReader(runs);
        while (reader.MoveNextRun())
        {
            while (reader.MoveNext())
            {
                samples++;
                SimSample? sample = seriesByNumber.GetValueOrDefault((shardId, reader.Handle))?.Samples.GetValueOrDefault(reader.TimestampMs);
                if (sample?.Value.Equals(reader.Value) != true)
                {
                    Require(false, $"shard {shardId} journalled series {reader.Handle} at {reader.TimestampMs} with {reader.Value}: nobody wrote that");
                }

                journalled[sample] = journalled.GetValueOrDefault(sample) + 1;
            }
        }

        Require(!reader.IsMalformed, $"runs of shard {shardId} are malformed");
        return samples;
    }

    private void CheckAlerts()
    {
        var log = world.Store.Query(
            "SELECT seq, alert_id, json_extract(body, '$.status') FROM alert_log ORDER BY seq",
            r => (r.GetInt64(0), Id: r.GetString(1), Status: r.GetString(2)));
        for (int i = 0; i < log.Count; i++)
        {
            Require(log[i].Item1 == i + 1, $"the alert log has number {log[i].Item1} in place {i + 1}");
        }

        Alerts = log.Count;
        Require(world.Store.Query("SELECT n FROM alert_seq", r => r.GetInt64(0))[0] == log.Count, "the alert sequence is not the log's last number");
        foreach (IGrouping<string, (long, string Id, string Status)> alert in log.GroupBy(a => a.Id))
        {
            string[] life = [.. alert.Select(a => a.Status)];
            Require(life.Zip(life.Skip(1)).All(s => Rank(s.First) < Rank(s.Second)), $"alert {alert.Key} went {string.Join(", ", life)}");
        }

        var open = log.GroupBy(a => a.Id).Where(g => g.Last().Status != "resolved").Select(g => g.Key).Order(StringComparer.Ordinal);
        var rows = world.Store.Query("SELECT alert_id FROM alert", r => r.GetString(0)).Order(StringComparer.Ordinal);
        Require(open.SequenceEqual(rows), "the open alerts are not those that the log leaves open");
    }

    private static int Rank(string status) => Array.IndexOf(["pending", "firing", "acknowledged", "resolved"], status);

    private IEnumerable<SimSeries> SeriesOf(string host) => models.SelectMany(m => m.Series).Where(s => s.Host == host);

    private void Require([DoesNotReturnIf(false)] bool holds, [InterpolatedStringHandlerArgument(nameof(holds))] Complaint what) => world.Require(holds, what);

    private sealed record KeptRow(int ShardId, long Jseq, long Epoch, long Writer, int Samples, byte[] Marks, byte[] Body);
}
