using MonitorCluster.Aggregate;
using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Node.Api;

/// <summary>Routes for those who keep the store: flush and backup.</summary>
internal sealed class StoreApi(NodeRuntime node)
{
    private static readonly TimeSpan FlushTimeout = TimeSpan.FromSeconds(30);

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/v1/admin/flush", (Delegate)FlushAsync);
        routes.MapPost("/api/v1/admin/snapshot", (Delegate)SnapshotAsync);
    }

    private async Task<IResult> FlushAsync(HttpContext http)
    {
        await node.Journal.Ask<FlushedAll>(new FlushAll(Cut: true), FlushTimeout, http.RequestAborted);
        return Results.Json(new { status = "success", data = new { durableSamples = node.Counters.Durable } });
    }

    private async Task<IResult> SnapshotAsync(HttpContext http)
    {
        if (node.Settings.Store.Provider != StoreOptions.Sqlite)
        {
            return Results.Json(
                new { status = "error", errorType = "bad_data", error = $"a {node.Settings.Store.Provider} store is backed up with its own tools (pg_dump)" },
                statusCode: StatusCodes.Status422UnprocessableEntity);
        }

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
