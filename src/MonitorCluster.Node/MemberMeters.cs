using MonitorCluster.Act;
using MonitorCluster.Aggregate;
using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Collect;
using MonitorCluster.Query;
using static MonitorCluster.Node.OwnMeters;

namespace MonitorCluster.Node;

/// <summary>The metrics that a member has besides <see cref="OwnMeters"/>: shards, store, alerts, cluster.</summary>
/// <remarks>Reading is safe for any thread and costs no lock.</remarks>
internal sealed class MemberMeters(
    AggregateCounters aggregate, StoreStatistics store, RegionView region, AlertFeed alerts, ActuationCounters actuations, Func<ClusterViewChanged> cluster)
{
    private readonly ShardMeters shards = new();

    /// <summary>Every metric now, labels without host, instance and job.</summary>
    public IEnumerable<OwnMetric> Read()
    {
        foreach (RejectReason reason in Enum.GetValues<RejectReason>())
        {
            yield return Counter("ingest_rejected_total", "Samples not stored, by reason.", aggregate.Rejected(reason), ("reason", Snake(reason)));
        }

        foreach (BehindKind kind in Enum.GetValues<BehindKind>())
        {
            yield return Counter(
                "ingest_behind_total", "Samples not newer than their series, by what became of them.", aggregate.Behind(kind), ("kind", Snake(kind)));
        }

        yield return Counter("samples_accepted_total", "Samples that shards took from sections, repeated ones included.", aggregate.Accepted);
        yield return Counter("samples_durable_total", "Samples in committed journal rows.", aggregate.Durable);
        yield return Gauge("unflushed_bytes", "Journal bytes that are not committed yet.", aggregate.UnflushedBytes);
        foreach (LocalShardStatus status in Enum.GetValues<LocalShardStatus>())
        {
            yield return Gauge("shards", "Shards of this node, by state.", region.All.Count(s => s.Status == status), ("state", Snake(status)));
        }

        foreach (HandOverKind kind in Enum.GetValues<HandOverKind>())
        {
            yield return Counter(
                "shard_handoffs_total", "Shards that this node was to hand over, by how it ended.", aggregate.HandOvers(kind), ("result", Snake(kind)));
        }

        foreach (OwnMetric metric in shards.Read(region))
        {
            yield return metric;
        }

        long[] flushes = new long[DelayWindow.Sizes];
        aggregate.Flushes?.AddLastTo(flushes);
        const double FlushQuantile = 0.95;
        if (DelayWindow.QuantileSeconds(flushes, FlushQuantile) is { } flush)
        {
            yield return Quantile("flush_seconds", "From a flush's first offer to the store until its answer, of the last 10 s.", flush, FlushQuantile);
        }

        (double pauseSum, double pauseLast, double pauseMax) = aggregate.HandOverSeconds;
        yield return Counter("shard_handoff_seconds_total", "Pauses of the shards that this node handed over.", pauseSum);
        yield return Gauge("shard_handoff_last_seconds", "Pause of the last shard that this node handed over.", pauseLast);
        yield return Gauge("shard_handoff_max_seconds", "Longest pause of a shard that this node handed over.", pauseMax);
        yield return Counter(
            "replay_samples_skipped_total", "Samples of journal rows whose series retention had deleted: not restored.", aggregate.ReplaySkipped);
        yield return Counter("anomaly_steps_total", "Closed detection steps that were scored.", aggregate.Steps);
        yield return Counter("anomaly_signals_total", "Steps that were unusual enough to count.", aggregate.Signals);
        yield return Counter("invariant_violations_total", "Times that something was so that never may be.", aggregate.InvariantViolations);
        yield return Counter("store_operations_total", "Operations of the store.", store.Operations);
        yield return Counter("store_failures_total", "Operations of the store that failed.", store.Failures);
        yield return Counter("store_seconds_total", "Time spent in operations of the store.", store.Seconds);
        yield return Gauge("alert_sequence", "Number of the newest entry of the alert log.", alerts.NewestSequence);
        foreach (AlertState state in (AlertState[])[AlertState.Pending, AlertState.Firing, AlertState.Acknowledged])
        {
            yield return Gauge("alerts", "Open alerts of the log, by state.", alerts.OpenByState.GetValueOrDefault(state), ("state", Snake(state)));
        }

        foreach (ActuationKind kind in Enum.GetValues<ActuationKind>())
        {
            yield return Counter(
                "actuations_total", "What was done to watched services by policies of this node, and refused.", actuations.Of(kind), ("result", Snake(kind)));
        }

        IReadOnlyList<MemberRow> members = cluster().Members;
        foreach (MemberStatus status in Enum.GetValues<MemberStatus>())
        {
            yield return Gauge("cluster_members", "Members of the cluster, by status.", members.Count(m => m.Status == status), ("status", Snake(status)));
        }
    }
}
