using System.Collections.Concurrent;
using System.Globalization;
using MonitorCluster.Aggregate;
using MonitorCluster.Collect;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Node;

/// <summary>The metrics of this node's shards that serve and have series, shard by shard: what the cluster is balanced by.</summary>
/// <remarks>Safe for any thread, no lock. The labels of a shard are made once: a node may have a thousand shards, and is read each second.</remarks>
internal sealed class ShardMeters
{
    /// <summary>Shards that are shown, the lowest numbers: more series than this one source may have would make all of its metrics fail.</summary>
    public const int ShardsMax = 2_000;

    private readonly ConcurrentDictionary<int, ShardLabels> labels = [];

    /// <summary>Every metric now; families together.</summary>
    public IEnumerable<OwnMetric> Read(RegionView region)
    {
        (ShardMeter Meter, ShardLabels Labels)[] shards =
        [
            .. region.All.Where(s => s is { Status: LocalShardStatus.Ready, Meter.Series: > 0 }).Take(ShardsMax)
                .Select(s => (s.Meter!, labels.GetOrAdd(s.ShardId, static id => new ShardLabels(id)))),
        ];
        foreach ((ShardMeter meter, ShardLabels names) in shards)
        {
            yield return new OwnMetric(names.Cpu, MetricType.Counter, "Time that the shard's actor ran here since the shard was opened.", meter.Runs.Seconds);
        }

        foreach ((ShardMeter meter, ShardLabels names) in shards)
        {
            yield return new OwnMetric(names.Samples, MetricType.Counter, "Samples that the shard took here since it was opened.", meter.Samples);
        }

        foreach ((ShardMeter meter, ShardLabels names) in shards)
        {
            yield return new OwnMetric(names.Series, MetricType.Gauge, "Series of the shard.", meter.Series);
        }

        foreach ((ShardMeter meter, ShardLabels names) in shards)
        {
            yield return new OwnMetric(names.Bytes, MetricType.Gauge, "Memory that the shard holds, estimated.", meter.Bytes);
        }

        long[] delays = new long[DelayWindow.Sizes];
        foreach (LocalShard shard in region.All)
        {
            shard.Meter?.Runs.Delays.AddLastTo(delays);
        }

        foreach (double q in (double[])[0.5, 0.99])
        {
            if (DelayWindow.QuantileSeconds(delays, q) is { } seconds)
            {
                yield return OwnMeters.Quantile(
                    "shard_mailbox_delay_seconds", "How long messages to shards waited, over all shards and the last 10 s.", seconds, q);
            }
        }
    }

    private sealed class ShardLabels
    {
        public ShardLabels(int shardId)
        {
            string number = shardId.ToString(CultureInfo.InvariantCulture);
            (Cpu, Samples, Series, Bytes) = (Of("cpu_seconds_total"), Of("samples_total"), Of("series"), Of("bytes"));

            LabelSet Of(string name) => LabelSet.Create($"monitorcluster_shard_{name}", ("shard", number));
        }

        public LabelSet Cpu { get; }

        public LabelSet Samples { get; }

        public LabelSet Series { get; }

        public LabelSet Bytes { get; }
    }
}
