using System.Diagnostics.CodeAnalysis;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Query;

/// <summary>The bytes of a <see cref="QueryLeg"/>; docs/formats/query.md.</summary>
internal static class QueryLegCodec
{
    /// <summary>The format that this program writes and reads.</summary>
    public const byte Format = 2;

    /// <summary>The most shards a cluster has.</summary>
    public const int ShardsMax = 65_536;

    /// <summary>The most bytes of a leg: 64 KiB of matchers, and a run for each of the most shards (with what is usual for an epoch).</summary>
    public const int BytesMax = 1 << 20;

    private const int NameBytesMax = 1_024;
    private const int ValueBytesMax = 64 << 10; // what a whole query may have
    private const int MatchersMax = 1_024; // a query has 64 KiB; one matcher takes three characters at least, but nobody writes a thousand
    private static readonly long TimeoutMsMax = (long)TimeSpan.FromHours(1).TotalMilliseconds;

    /// <summary>The leg as bytes.</summary>
    public static ReadOnlyMemory<byte> Encode(QueryLeg leg)
    {
        var writer = new LegWriter();
        writer.Byte(Format);
        writer.Byte((byte)leg.Kind);
        writer.Number(leg.Version);
        writer.Number(Math.Min(TimeoutMsMax, (long)leg.Timeout.TotalMilliseconds));
        WriteShards(writer, leg.Shards);
        writer.Number(leg.Matchers.Count);
        foreach (LabelMatcher matcher in leg.Matchers)
        {
            writer.Byte((byte)matcher.Operator);
            writer.Text(matcher.Name);
            writer.Text(matcher.Value);
        }

        writer.Signed(leg.FromMs);
        writer.Signed(leg.ToMs);
        writer.Number(leg.SeriesMax);
        writer.Number(leg.SamplesMax);
        writer.Text(leg.Name);
        writer.Text(leg.By);
        writer.Text(leg.Comment);
        return writer.Written;
    }

    /// <summary>Reads how long the asker waits, and nothing else.</summary>
    /// <returns>False when the bytes do not begin like a leg, or are too many.</returns>
    public static bool TryReadTimeout(ReadOnlySpan<byte> bytes, out TimeSpan timeout)
    {
        var reader = new LegReader(bytes);
        byte format = reader.Byte(Format);
        byte kind = reader.Byte((byte)QueryLeg.KindMax);
        _ = reader.Number(long.MaxValue);
        timeout = TimeSpan.FromMilliseconds(reader.Number(TimeoutMsMax));
        return reader.IsGood && format == Format && kind != 0 && bytes.Length <= BytesMax;
    }

    /// <summary>Reads a leg. Its regular expressions are built, which takes time.</summary>
    /// <returns>False when the bytes are none.</returns>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out QueryLeg? leg)
    {
        var reader = new LegReader(bytes);
        byte format = reader.Byte(Format);
        var decoded = new QueryLeg
        {
            Kind = (QueryLegKind)reader.Byte((byte)QueryLeg.KindMax),
            Version = reader.Number(long.MaxValue),
            Timeout = TimeSpan.FromMilliseconds(reader.Number(TimeoutMsMax)),
            Shards = ReadShards(ref reader),
            Matchers = ReadMatchers(ref reader),
            FromMs = reader.Signed(),
            ToMs = reader.Signed(),
            SeriesMax = (int)reader.Number(int.MaxValue),
            SamplesMax = reader.Number(long.MaxValue),
            Name = reader.Text(ValueBytesMax),
            By = reader.Text(ValueBytesMax),
            Comment = reader.Text(ValueBytesMax),
        };
        leg = reader.IsAtEnd && format == Format && decoded.Kind != 0 ? decoded : null;
        return leg is not null;
    }

    // Runs of neighbours in the same epoch: whole ranges of a young cluster are three bytes.
    private static void WriteShards(LegWriter writer, IReadOnlyList<ShardEpoch> shards)
    {
        var runs = new List<(int First, int Length, long Epoch)>();
        foreach ((int shardId, long epoch) in shards)
        {
            if (runs.Count > 0 && runs[^1] is var run && run.First + run.Length == shardId && run.Epoch == epoch)
            {
                runs[^1] = run with { Length = run.Length + 1 };
            }
            else
            {
                runs.Add((shardId, 1, epoch));
            }
        }

        writer.Number(runs.Count);
        int end = 0;
        foreach ((int first, int length, long epoch) in runs)
        {
            writer.Number(first - end);
            writer.Number(length - 1);
            writer.Number(epoch);
            end = first + length;
        }
    }

    private static List<ShardEpoch> ReadShards(ref LegReader reader)
    {
        var shards = new List<ShardEpoch>();
        int end = 0;
        for (int runs = reader.Count(3); runs > 0 && reader.IsGood; runs--)
        {
            int first = end + (int)reader.Number(ShardsMax - 1);
            int length = 1 + (int)reader.Number(ShardsMax - 1);
            long epoch = reader.Number(long.MaxValue);
            if (first + length > ShardsMax)
            {
                reader.Fail();
            }

            end = first + length;
            for (int id = first; id < end && reader.IsGood; id++)
            {
                shards.Add(new ShardEpoch(id, epoch));
            }
        }

        return shards;
    }

    private static List<LabelMatcher> ReadMatchers(ref LegReader reader)
    {
        var matchers = new List<LabelMatcher>();
        int count = reader.Count(3);
        if (count > MatchersMax)
        {
            reader.Fail();
        }

        for (; count > 0 && reader.IsGood; count--)
        {
            var op = (MatchOperator)reader.Byte((byte)MatchOperator.NotRegex);
            string name = reader.Text(NameBytesMax), value = reader.Text(ValueBytesMax);
            if (LabelMatcher.TryCreate(name, op, value, out LabelMatcher matcher, out _))
            {
                matchers.Add(matcher);
            }
            else
            {
                reader.Fail();
            }
        }

        return matchers;
    }
}
