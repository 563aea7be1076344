using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using MonitorCluster.Alert;
using MonitorCluster.TimeSeries.Chunks;
using MonitorCluster.TimeSeries.Model;
using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Query;

/// <summary>The bytes of a <see cref="QueryLegAnswer"/>; docs/formats/query.md.</summary>
/// <remarks>Samples travel in the columns of the block format, at most <see cref="ColumnCodec.CountMax"/> in one.</remarks>
internal static class QueryAnswerCodec
{
    /// <summary>The answer as bytes.</summary>
    public static ReadOnlyMemory<byte> Encode(QueryLegAnswer answer)
    {
        var writer = new LegWriter();
        writer.Byte(QueryLegCodec.Format);
        writer.Number(answer.Version);
        writer.Byte(answer.IsConfirmed ? (byte)1 : (byte)0);
        writer.Byte(answer.Error is { } error ? (byte)(1 + error) : (byte)0);
        writer.Text(answer.Message);
        WriteCoverage(writer, answer.Coverage);
        Write(writer, answer.Series, WriteSeries);
        Write(writer, answer.Labels, static (w, labels) => w.Bytes(labels.Bytes));
        Write(writer, answer.Texts, static (w, text) => w.Text(text));
        Write(writer, answer.Statistics, WriteSummary);
        Write(writer, answer.Sizes.ByMetric, static (w, count) =>
        {
            w.Text(count.Name);
            w.Number(count.Value);
        });
        Write(writer, answer.Sizes.ByPair, static (w, count) =>
        {
            w.Text(count.Pair.Name);
            w.Text(count.Pair.Value);
            w.Number(count.Series);
        });
        Write(writer, answer.Alerts, static (w, alert) => w.Bytes(AlertJson.ToBytes(alert)));
        Write(writer, answer.Metadata, static (w, family) =>
        {
            w.Text(family.Name);
            w.Text(family.Type);
            w.Text(family.Help);
            w.Text(family.Unit);
        });
        writer.Byte((byte)answer.Outcome);
        Write(writer, answer.Verdicts, VerdictCodec.Write);
        Write(writer, answer.Mutes, VerdictCodec.Write);
        writer.Byte(answer.Feedback.IsFound ? (byte)1 : (byte)0);
        writer.Number(answer.Feedback.Series);
        Write(writer, answer.Signals, SignalsCodec.Write);
        return writer.Written;
    }

    /// <summary>Reads an answer.</summary>
    /// <param name="bytes">The bytes, from outside.</param>
    /// <param name="samplesMax">The most samples that were allowed; an answer with more is refused before they are decoded.</param>
    /// <param name="answer">The answer.</param>
    /// <returns>False when the bytes are none.</returns>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, long samplesMax, [NotNullWhen(true)] out QueryLegAnswer? answer)
    {
        var reader = new LegReader(bytes);
        byte format = reader.Byte(QueryLegCodec.Format);
        long version = reader.Number(long.MaxValue);
        bool isConfirmed = reader.Byte(1) == 1;
        byte error = reader.Byte(1 + (byte)QueryErrorKind.NotFound);
        var decoded = new QueryLegAnswer
        {
            Version = version,
            IsConfirmed = isConfirmed,
            Error = error == 0 ? null : (QueryErrorKind)(error - 1),
            Message = reader.Text(),
            Coverage = ReadCoverage(ref reader),
            Series = ReadSeries(ref reader, samplesMax),
            Labels = Read(ref reader, 1, static (ref LegReader r) => r.Labels()),
            Texts = Read(ref reader, 1, static (ref LegReader r) => r.Text()),
            Statistics = Read(ref reader, 14, ReadSummary, QueryLegCodec.ShardsMax),
            Sizes = new SeriesSizes(
                Read(ref reader, 2, static (ref LegReader r) => new NamedCount(r.Text(), r.Number(long.MaxValue)), SeriesSizes.MetricsMax),
                Read(ref reader, 3, static (ref LegReader r) => (new Label(r.Text(), r.Text()), r.Number(long.MaxValue)), SeriesSizes.PairsMax)),
            Alerts = Read(ref reader, 2, ReadAlert),
            Metadata = Read(ref reader, 4, static (ref LegReader r) => new MetricMetadata(r.Text(), r.Text(), r.Text(), r.Text())),
            Outcome = (AcknowledgeOutcome)reader.Byte((byte)AcknowledgeOutcome.Pending),
            Verdicts = Read(ref reader, VerdictCodec.VerdictBytesMin, VerdictCodec.ReadVerdict),
            Mutes = Read(ref reader, VerdictCodec.MuteBytesMin, VerdictCodec.ReadMute),
            Feedback = new FeedbackOutcome(reader.Byte(1) == 1, (int)reader.Number(int.MaxValue)),
            Signals = Read(ref reader, SignalsCodec.BytesMin, SignalsCodec.Read, MetricSignals.MetricsMax),
        };
        answer = reader.IsAtEnd && format == QueryLegCodec.Format ? decoded : null;
        return answer is not null;
    }

    private delegate T ReadItem<T>(ref LegReader reader);

    private static void Write<T>(LegWriter writer, IReadOnlyList<T> items, Action<LegWriter, T> write)
    {
        writer.Number(items.Count);
        foreach (T item in items)
        {
            write(writer, item);
        }
    }

    private static List<T> Read<T>(ref LegReader reader, int itemBytesMin, ReadItem<T> read, int countMax = int.MaxValue)
    {
        var items = new List<T>();
        int count = reader.Count(itemBytesMin);
        if (count > countMax)
        {
            reader.Fail();
        }

        for (; count > 0 && reader.IsGood; count--)
        {
            items.Add(read(ref reader));
        }

        return items;
    }

    private static void WriteCoverage(LegWriter writer, IReadOnlyList<ShardCoverage> coverage)
    {
        int runs = 0;
        for (int i = 0; i < coverage.Count; i++)
        {
            runs += i == 0 || coverage[i] != coverage[i - 1] ? 1 : 0;
        }

        writer.Number(runs);
        for (int i = 0, start = 0; i < coverage.Count; i++)
        {
            if (i + 1 == coverage.Count || coverage[i + 1] != coverage[i])
            {
                writer.Byte((byte)coverage[i]);
                writer.Number(i + 1 - start);
                start = i + 1;
            }
        }
    }

    private static List<ShardCoverage> ReadCoverage(ref LegReader reader)
    {
        var coverage = new List<ShardCoverage>();
        for (int runs = reader.Count(2); runs > 0 && reader.IsGood; runs--)
        {
            var what = (ShardCoverage)reader.Byte((byte)ShardCoverage.Later);
            int length = (int)reader.Number(QueryLegCodec.ShardsMax - coverage.Count);
            coverage.AddRange(Enumerable.Repeat(what, reader.IsGood ? length : 0));
        }

        return coverage;
    }

    private static void WriteSeries(LegWriter writer, SeriesData series)
    {
        writer.Bytes(series.Labels.Bytes);
        int count = series.Timestamps.Length;
        writer.Number(count);
        int roomBytes = Math.Max(TimestampCodec.EncodeBytesMax(ColumnCodec.CountMax), ColumnCodec.EncodeBytesMax(ColumnCodec.CountMax));
        byte[] room = ArrayPool<byte>.Shared.Rent(roomBytes);
        for (int at = 0; at < count; at += ColumnCodec.CountMax)
        {
            int length = Math.Min(ColumnCodec.CountMax, count - at);
            writer.Bytes(room.AsSpan(0, TimestampCodec.Encode(series.Timestamps.Span.Slice(at, length), room)));
            writer.Bytes(room.AsSpan(0, ColumnCodec.Encode(series.Values.Span.Slice(at, length), room)));
        }

        ArrayPool<byte>.Shared.Return(room);
    }

    private static List<SeriesData> ReadSeries(ref LegReader reader, long samplesMax)
    {
        var all = new List<SeriesData>();
        long samplesLeft = samplesMax;
        for (int series = reader.Count(4); series > 0 && reader.IsGood; series--)
        {
            LabelSet labels = reader.Labels();
            int count = (int)reader.Number(Math.Min(samplesLeft, Array.MaxLength));
            samplesLeft -= count;
            if (TryReadSamples(ref reader, count, out long[] times, out double[] values))
            {
                all.Add(new SeriesData(labels, times, values));
            }
            else
            {
                reader.Fail();
            }
        }

        return all;
    }

    // Grows column by column: a count that the bytes do not bear out costs one column.
    private static bool TryReadSamples(ref LegReader reader, int count, out long[] times, out double[] values)
    {
        (times, values) = ([], []);
        for (int at = 0; at < count; at += ColumnCodec.CountMax)
        {
            int length = Math.Min(ColumnCodec.CountMax, count - at);
            if (times.Length < at + length)
            {
                int room = (int)Math.Min(count, Math.Max(ColumnCodec.CountMax, 2L * times.Length));
                Array.Resize(ref times, room);
                Array.Resize(ref values, room);
            }

            if (!TimestampCodec.TryDecode(reader.Bytes(), times.AsSpan(at, length)) || !ColumnCodec.TryDecode(reader.Bytes(), values.AsSpan(at, length))
                || (at > 0 && times[at] <= times[at - 1]))
            {
                return false;
            }
        }

        return reader.IsGood;
    }

    private static void WriteSummary(LegWriter writer, ShardSummary shard)
    {
        writer.Number(shard.ShardId);
        writer.Number(shard.Series);
        writer.Number(shard.Entities);
        writer.Number(shard.MiniBlocks);
        writer.Double(shard.SamplesPerSecond);
        writer.Time(shard.OldestMs);
        writer.Time(shard.NewestMs);
    }

    private static ShardSummary ReadSummary(ref LegReader r) => new(
        (int)r.Number(QueryLegCodec.ShardsMax - 1), (int)r.Number(int.MaxValue), (int)r.Number(int.MaxValue), (int)r.Number(int.MaxValue),
        r.Double(), r.Time(), r.Time());

    private static AlertRecord ReadAlert(ref LegReader reader)
    {
        if (AlertJson.TryRead(reader.Bytes(), out AlertRecord? alert))
        {
            return alert!;
        }

        reader.Fail();
        return null!; // the answer as a whole is refused
    }
}
