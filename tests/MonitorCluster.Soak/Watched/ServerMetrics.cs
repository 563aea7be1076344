using MonitorCluster.Soak.Known;

namespace MonitorCluster.Soak.Watched;

/// <summary>Pushes the servers' counters to a node at a steady rate, as an exporter and a scraper would; while the node is away they are lost.</summary>
internal sealed class ServerMetrics : IAsyncDisposable
{
    private readonly CancellationTokenSource _end = new();
    private readonly HttpClient _client = new() { Timeout = TimeSpan.FromSeconds(5) };
    private readonly Task _run;

    /// <param name="servers">Whose counters.</param>
    /// <param name="node">Where to; asked again each time, since a node may come back elsewhere.</param>
    /// <param name="period">How often.</param>
    public ServerMetrics(IReadOnlyList<WatchedServer> servers, Func<Uri> node, TimeSpan period) => _run = RunAsync(servers, node, period);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        try
        {
            await _run;
        }
        catch (OperationCanceledException)
        {
            // as asked
        }

        _client.Dispose();
        _end.Dispose();
    }

    private async Task RunAsync(IReadOnlyList<WatchedServer> servers, Func<Uri> node, TimeSpan period)
    {
        using var pace = new PeriodicTimer(period);
        while (await pace.WaitForNextTickAsync(_end.Token))
        {
            long nowMs = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
            var request = new WriteRequest();
            foreach (WatchedServer server in servers)
            {
                (double seconds, long requests, long failed) = server.Counters;
                request.Series(Labels("web_request_seconds_sum", server), (nowMs, seconds));
                request.Series(Labels("web_request_seconds_count", server), (nowMs, requests));
                request.Series(Labels("web_requests_failed_total", server), (nowMs, failed));
            }

            try
            {
                using ByteArrayContent content = request.ToContent();
                using HttpResponseMessage answer = await _client.PostAsync(new Uri(node(), "/api/v1/write"), content, _end.Token);
            }
            catch (HttpRequestException)
            {
                // the node is away
            }
            catch (TaskCanceledException) when (!_end.IsCancellationRequested)
            {
                // the node hangs
            }
        }
    }

    private static (string, string)[] Labels(string metric, WatchedServer server) =>
        [("__name__", metric), ("host", "web-backend"), ("server", server.Name)];
}
