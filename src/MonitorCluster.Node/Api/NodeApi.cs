using System.Buffers;
using MonitorCluster.Aggregate;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Collect;
using MonitorCluster.TimeSeries.Exposition;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Node.Api;

/// <summary>Routes about the node itself: health, readiness, its own metrics, flush and backup.</summary>
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
        routes.MapPost("/api/v1/admin/flush", (Delegate)FlushAsync);
        routes.MapPost("/api/v1/admin/snapshot", (Delegate)SnapshotAsync);
    }

    private IResult Ready() => node.IsReady
        ? Results.Text("MonitorCluster is Ready.\n")
        : Results.Text(
            node.Routes.Current.Self is not { Status: not MemberStatus.Joining } ? "Not ready: this node has not joined the cluster yet.\n"
            : node.Shards.Loading > 0 ? $"Not ready: {node.Shards.Loading} shards are being loaded.\n"
            : !node.StreamCounters.IsReplayed ? "Not ready: the log is being replayed.\n"
            : !node.StoreStatistics.IsAvailable ? "Not ready: the store does not answer.\n"
            : "Not ready: no shard has an owner yet.\n",
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
