using System.Buffers;
using System.Text.Json;
using MonitorCluster.Aggregate;
using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Collect;
using MonitorCluster.TimeSeries.Exposition;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Node.Api;

/// <summary>Routes about the node itself: health, readiness, its own metrics, the cluster's state, flush and backup.</summary>
internal sealed class NodeApi(NodeRuntime node)
{
    private static readonly string[] GetAndHead = ["GET", "HEAD"]; // load balancers ask with HEAD
    private static readonly TimeSpan FlushTimeout = TimeSpan.FromSeconds(30);

    public void Map(IEndpointRouteBuilder routes)
    {
        foreach (string path in (string[])["/healthz", "/-/healthy"])
        {
            routes.MapMethods(path, GetAndHead, () => Results.Text("MonitorCluster is Healthy.\n"));
        }

        foreach (string path in (string[])["/readyz", "/-/ready"])
        {
            routes.MapMethods(path, GetAndHead, Ready);
        }

        routes.MapGet("/metrics", MetricsAsync);
        routes.MapGet("/api/v1/cluster", (Delegate)ClusterAsync);
        routes.MapPost("/api/v1/admin/flush", (Delegate)FlushAsync);
        routes.MapPost("/api/v1/admin/snapshot", (Delegate)SnapshotAsync);
    }

    /// <summary>The object of <c>/api/v1/cluster</c>.</summary>
    public async Task<JsonElement> ClusterJsonAsync(CancellationToken cancellationToken)
    {
        ClusterViewChanged view = node.View;
        Dictionary<long, string> names = view.Members.ToDictionary(m => m.Incarnation, m => m.NodeName);
        Dictionary<int, ShardStatistics> open = node.Shards.IsReady
            ? (await node.Query.ShardsAsync(cancellationToken)).ToDictionary(s => s.ShardId)
            : [];
        long nowMs = node.Ports.Time.GetUtcNow().ToUnixTimeMilliseconds();
        return JsonSerializer.SerializeToElement(new
        {
            version = view.Version,
            members = Current(view.Members).Select(m => new
            {
                name = m.NodeName,
                incarnation = m.Incarnation,
                address = m.Address,
                status = m.Status.ToString().ToLowerInvariant(),
                roles = m.Roles.ToString().Split(", ").Select(r => r.ToLowerInvariant()),
                build = m.Build,
                reason = m.Reason,
                load = m.NodeName == node.Settings.Node.Name && m.Status != MemberStatus.Dead ? open.Values.Sum(s => s.SamplesPerSecond) : (double?)null,
            }),
            shards = view.ShardOwners.Select(s => new
            {
                id = s.ShardId,
                owner = s.Owner is { } owner ? names.GetValueOrDefault(owner) : null,
                epoch = s.Epoch,
                target = s.Target is { } target ? names.GetValueOrDefault(target) : null,
                samplesPerSecond = open.GetValueOrDefault(s.ShardId)?.SamplesPerSecond ?? 0,
                series = open.GetValueOrDefault(s.ShardId)?.Series ?? 0,
                lagSeconds = open.GetValueOrDefault(s.ShardId)?.NewestMs is { } newest ? Math.Max(0, (nowMs - newest) / 1000.0) : (double?)null,
            }),
        });
    }

    // A node that restarted or left in order is no dead node: of each name the newest run counts, unless it said goodbye.
    private static IEnumerable<MemberRow> Current(IReadOnlyList<MemberRow> members) => members
        .GroupBy(m => m.NodeName, StringComparer.Ordinal)
        .Select(g => g.MaxBy(m => m.Incarnation)!)
        .Where(m => m is not { Status: MemberStatus.Dead, Reason: "left" })
        .OrderBy(m => m.NodeName, StringComparer.Ordinal);

    private IResult Ready() => node.IsReady
        ? Results.Text("MonitorCluster is Ready.\n")
        : Results.Text(
            node.Shards.Owned == 0 ? "Not ready: this node owns no shard yet.\n"
            : node.Shards.Loading > 0 ? $"Not ready: {node.Shards.Loading} shards are being loaded.\n"
            : !node.StreamCounters.IsReplayed ? "Not ready: the log is being replayed.\n"
            : "Not ready: the store does not answer.\n",
            statusCode: StatusCodes.Status503ServiceUnavailable);

    private Task MetricsAsync(HttpContext http)
    {
        var buffer = new ArrayBufferWriter<byte>(16 * 1024);
        var page = new TextExposition(buffer);
        string family = string.Empty;
        foreach (OwnMetric metric in node.Meters())
        {
            if (metric.Labels.Metric != family)
            {
                family = metric.Labels.Metric;
                page.Family(family, metric.Type, metric.Help);
            }

            page.Sample(metric.Value, [.. metric.Labels.Labels.Where(l => l.Name != LabelSet.NameLabel)]);
        }

        http.Response.ContentType = TextExposition.ContentType;
        return http.Response.BodyWriter.WriteAsync(buffer.WrittenMemory, http.RequestAborted).AsTask();
    }

    private async Task<IResult> ClusterAsync(HttpContext http) =>
        Results.Json(new { status = "success", data = await ClusterJsonAsync(http.RequestAborted) });

    private async Task<IResult> FlushAsync(HttpContext http)
    {
        await node.Journal.Ask<FlushedAll>(new FlushAll(Cut: true), FlushTimeout, http.RequestAborted);
        return Results.Json(new { status = "success", data = new { durableSamples = node.Counters.Durable } });
    }

    private async Task<IResult> SnapshotAsync(HttpContext http)
    {
        await node.Journal.Ask<FlushedAll>(new FlushAll(Cut: true), FlushTimeout, http.RequestAborted);
        string name = $"snapshot-{node.Ports.Time.GetUtcNow():yyyyMMddTHHmmssfff}.db";
        string path = Path.Combine(Path.GetFullPath(node.Settings.Node.DataDir), name);
        await StoreReads.AskAsync(
            node.Reader,
            "backup",
            s =>
            {
                s.Backup(path);
                return true;
            },
            FlushTimeout,
            http.RequestAborted);
        return Results.Json(new { status = "success", data = new { name, path, bytes = new FileInfo(path).Length } });
    }
}
