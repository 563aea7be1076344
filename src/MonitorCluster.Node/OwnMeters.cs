using System.Diagnostics;
using System.Globalization;
using MonitorCluster.Cluster.Transport;
using MonitorCluster.Collect;
using MonitorCluster.Stream;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Node;

/// <summary>The metrics that every node has of itself: what <c>/metrics</c> shows and what the node collects of itself, from one list.</summary>
/// <remarks>Reading is safe for any thread and costs no lock: every value is a counter that its owner keeps anyway.</remarks>
internal sealed class OwnMeters(
    ActorSystem system, StreamCounters stream, PushRefusals pushed, SeriesCatalog catalog, TransportStatistics transport, NodeCapacity capacity)
{
    /// <summary>Every metric now; families together, labels without host, instance and job.</summary>
    public IEnumerable<OwnMetric> Read()
    {
        foreach ((string protocol, long samples) in stream.SamplesByProtocol)
        {
            yield return Counter("ingest_samples_total", "Samples logged, by the protocol they came by.", samples, ("protocol", protocol));
        }

        foreach ((string reason, long samples) in pushed.All)
        {
            yield return Counter("ingest_rejected_total", "Samples not stored, by reason.", samples, ("reason", reason));
        }

        foreach ((string reason, long requests) in pushed.Requests)
        {
            yield return Counter("ingest_refused_requests_total", "Pushed requests refused whole, by reason.", requests, ("reason", reason));
        }

        foreach (SubmitRefusal reason in Enum.GetValues<SubmitRefusal>())
        {
            yield return Counter(
                "ingest_refused_batches_total", "Batches of which nothing was taken, by reason.", stream.Refused(reason), ("reason", Snake(reason)));
        }

        yield return Gauge("wal_bytes", "Bytes of log segments on disk.", stream.WalBytes);
        yield return Gauge("wal_oldest_seconds", "Age of the oldest logged batch that is not durable.", AgeSeconds(stream.OldestUnackedMs));
        yield return Counter("wal_syncs_total", "Syncs of the log.", stream.SyncsTotal);
        yield return Counter("wal_sync_seconds_total", "Time spent in syncs of the log.", stream.SyncSecondsTotal);
        yield return Counter("wal_failures_total", "Writes or syncs of the log that failed.", stream.WalFailuresTotal);
        yield return Counter("wal_torn_bytes_total", "Bytes cut from the log's end at starts: never acknowledged.", stream.TornBytesTotal);
        yield return Counter("wal_corrupt_places_total", "Damaged places found in the log.", stream.CorruptPlacesTotal);
        yield return Counter("wal_sections_lost_total", "Logged sections that damage made unreadable.", stream.SectionsLostTotal);
        yield return Gauge("series", "Series this node has collected lately.", catalog.Count);
        yield return Counter("series_refused_total", "New series refused because the node's catalog was full.", catalog.RefusedTotal);
        yield return Gauge("links", "Links to other nodes that are open.", transport.LinksOpen);
        yield return Counter("links_opened_total", "Links to other nodes that were opened.", transport.LinksOpened);
        yield return Counter("links_accepted_total", "Links that other nodes opened to this one.", transport.LinksAccepted);
        yield return Counter("links_turned_away_total", "Links that were refused before anything was read from them.", transport.LinksTurnedAway);
        foreach (PeerFailure failure in Enum.GetValues<PeerFailure>())
        {
            yield return Counter("links_ended_total", "Links that ended or did not open, by reason.", transport.Refused(failure), ("reason", Snake(failure)));
        }

        yield return Counter("link_bytes_received_total", "Bytes that came over links.", transport.BytesIn);
        yield return Counter("link_bytes_sent_total", "Bytes that went over links.", transport.BytesOut);
        foreach (RequestKind kind in Enum.GetValues<RequestKind>())
        {
            yield return Counter("peer_requests_total", "Requests to other nodes, by kind.", transport.Requests(kind), ("kind", Snake(kind)));
        }

        foreach (RequestKind kind in Enum.GetValues<RequestKind>())
        {
            yield return Counter(
                "peer_requests_failed_total", "Requests to other nodes without an answer, by kind.", transport.RequestsFailed(kind), ("kind", Snake(kind)));
        }

        yield return Counter("actor_messages_total", "Messages that actors handled.", system.Metrics.Processed);
        yield return Counter("actor_dead_letters_total", "Messages that reached nobody.", system.Metrics.DeadLetters);
        yield return Counter("actor_overflows_total", "Messages refused by full mailboxes.", system.Metrics.Overflows);
        yield return Counter("actor_restarts_total", "Restarts of actors.", system.Metrics.Restarts);
        yield return Gauge("actors", "Actors alive.", system.Metrics.LiveActors);
        yield return Gauge("actor_mailbox_depth", "Messages that wait in the fullest mailbox.", system.MailboxDepthMax);
        yield return Gauge("node_build_info", "1, with the program's version.", 1, ("build", NodeCore.Build));
        yield return Gauge("node_cpu_cores", "Processors that the node may use, in cores.", capacity.CpuMilli / 1000.0);
        yield return Gauge("node_memory_limit_bytes", "Memory that the node may use.", capacity.MemoryBytes);
        foreach (OwnMetric metric in ReadProcess())
        {
            yield return metric;
        }
    }

    private static IEnumerable<OwnMetric> ReadProcess()
    {
        (double cpuSeconds, long residentBytes, int threads) = ReadOwnProcess();
        yield return Counter("process_cpu_seconds_total", "CPU time of the program.", cpuSeconds);
        yield return Gauge("process_resident_bytes", "Memory of the program that is in RAM.", residentBytes);
        yield return Gauge("process_threads", "Threads of the program.", threads);
        yield return Gauge("gc_heap_bytes", "Managed heap, as of the last collection.", GC.GetGCMemoryInfo().HeapSizeBytes);
        yield return Counter("gc_allocated_bytes_total", "Bytes allocated on the managed heap.", GC.GetTotalAllocatedBytes());
        yield return Counter("gc_pause_seconds_total", "Time that the program stood still for garbage collections.", GC.GetTotalPauseDuration().TotalSeconds);
        for (int generation = 0; generation <= GC.MaxGeneration; generation++)
        {
            yield return Counter(
                "gc_collections_total", "Garbage collections.", GC.CollectionCount(generation),
                ("generation", generation.ToString(CultureInfo.InvariantCulture)));
        }
    }

    // One object for each reading: Process forgets what it read on Refresh, and the collector and a scrape read at the same time.
    private static (double CpuSeconds, long ResidentBytes, int Threads) ReadOwnProcess()
    {
        using Process process = Process.GetCurrentProcess();
        return (process.TotalProcessorTime.TotalSeconds, process.WorkingSet64, process.Threads.Count);
    }

    private double AgeSeconds(long sinceMs) => sinceMs == 0 ? 0 : Math.Max(0, (system.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds() - sinceMs) / 1000.0);

    internal static OwnMetric Counter(string name, string help, double value, params (string, string)[] labels) =>
        new(LabelSet.Create("monitorcluster_" + name, labels), MetricType.Counter, help, value);

    internal static OwnMetric Gauge(string name, string help, double value, params (string, string)[] labels) =>
        new(LabelSet.Create("monitorcluster_" + name, labels), MetricType.Gauge, help, value);

    /// <summary>A quantile of what was seen of late, as summaries have them.</summary>
    internal static OwnMetric Quantile(string name, string help, double value, double quantile) => new(
        LabelSet.Create("monitorcluster_" + name, ("quantile", quantile.ToString(CultureInfo.InvariantCulture))), MetricType.Summary, help, value);

    internal static string Snake(Enum member) =>
        string.Concat(member.ToString().Select((c, i) => char.IsUpper(c) ? (i > 0 ? "_" : string.Empty) + char.ToLowerInvariant(c) : c.ToString()));
}
