using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json;
using MonitorCluster.Soak.Known;
using MonitorCluster.Soak.Processes;

namespace MonitorCluster.Soak.Client;

/// <summary>Measures how long a sample takes from the first try to write it, at one node, to its answer in a query, at another.</summary>
/// <remarks>That is what "accepting" means to a user: logged, routed, taken in by the shard's owner, and served.</remarks>
internal sealed class VisibilityProbe(ClusterProcess cluster, Random random) : IDisposable
{
    private const string Metric = "soak_probe";

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private readonly HttpClient _client = new(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(1), MaxConnectionsPerServer = 64 })
    {
        // A query waits up to 5 s for a shard that changes hands.
        Timeout = TimeSpan.FromSeconds(7),
    };

    /// <summary>Nodes that are not asked while others are up: what is measured is not what goes through a struck node.</summary>
    public IReadOnlyCollection<ClusterNode> Avoided { get; set; } = [];

    private readonly Dictionary<string, long> _lastMs = [];
    private long _sequence;

    /// <summary>Measures once.</summary>
    /// <param name="host">Whose shard.</param>
    /// <param name="isDurable">Wait for the journal instead of the query.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>The time it took; null when it was given up.</returns>
    public async Task<TimeSpan?> MeasureAsync(string host, bool isDurable, CancellationToken cancellation)
    {
        long start = Stopwatch.GetTimestamp();
        try
        {
            while (true)
            {
                long sequence = Interlocked.Increment(ref _sequence);
                if (await TryWriteAsync(host, sequence, isDurable, cancellation) && (isDurable || await IsVisibleAsync(host, sequence, cancellation)))
                {
                    return Stopwatch.GetElapsedTime(start);
                }

                await Task.Delay(Pause, cancellation);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return null;
        }
    }

    /// <summary>Measures many times side by side until the token says so.</summary>
    /// <param name="hosts">Whose shards; one is chosen by chance each time.</param>
    /// <param name="perSecond">How often.</param>
    /// <param name="until">When to end.</param>
    /// <returns>The times in milliseconds, ascending.</returns>
    public async Task<double[]> SampleAsync(IReadOnlyList<string> hosts, int perSecond, CancellationToken until)
    {
        var running = new List<Task<TimeSpan?>>();
        using var pace = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / perSecond));
        while (hosts.Count > 0 && !until.IsCancellationRequested)
        {
            running.Add(MeasureAsync(hosts[Next(hosts.Count)], isDurable: false, until));
            await pace.WaitForNextTickAsync(CancellationToken.None);
        }

        TimeSpan?[] times = await Task.WhenAll(running);
        return [.. times.Where(t => t is not null).Select(t => t!.Value.TotalMilliseconds).Order()];
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private int Next(int count)
    {
        lock (random)
        {
            return random.Next(count);
        }
    }

    // No two probes of one host share a time: the (series, time) rule must have nothing to do.
    private long NextMs(string host)
    {
        lock (_lastMs)
        {
            return _lastMs[host] = Math.Max(_lastMs.GetValueOrDefault(host) + 1, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());
        }
    }

    private ClusterNode? AnyNode()
    {
        ClusterNode[] up = cluster.Up;
        ClusterNode[] wanted = [.. up.Except(Avoided)];
        return wanted.Length > 0 ? wanted[Next(wanted.Length)] : up.Length > 0 ? up[Next(up.Length)] : null;
    }

    private async Task<bool> TryWriteAsync(string host, long sequence, bool isDurable, CancellationToken cancellation)
    {
        if (AnyNode() is not { } node)
        {
            return false;
        }

        using ByteArrayContent content = new WriteRequest()
            .Series([("__name__", Metric), ("host", host)], (NextMs(host), sequence)).ToContent();
        if (isDurable)
        {
            content.Headers.Add("X-MC-Wait", "durable");
        }

        return await TrySendAsync(c => _client.PostAsync(new Uri(node.Url, "/api/v1/write"), content, c), cancellation) is not null;
    }

    // Until the value is there, or one that a later probe of the same host wrote.
    private async Task<bool> IsVisibleAsync(string host, long sequence, CancellationToken cancellation)
    {
        string query = $"/api/v1/query?query={Uri.EscapeDataString($"{Metric}{{host=\"{host}\"}}")}";
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(15))
        {
            if (AnyNode() is { } node && await TrySendAsync(c => _client.GetAsync(new Uri(node.Url, query), c), cancellation) is { } text)
            {
                using JsonDocument answer = JsonDocument.Parse(text);
                JsonElement result = answer.RootElement.GetProperty("data").GetProperty("result");
                if (result.GetArrayLength() == 1 && double.Parse(result[0].GetProperty("value")[1].GetString()!, CultureInfo.InvariantCulture) >= sequence)
                {
                    return true;
                }
            }

            await Task.Delay(TimeSpan.FromMilliseconds(2), cancellation);
        }

        return false;
    }

    private static async Task<string?> TrySendAsync(Func<CancellationToken, Task<HttpResponseMessage>> sendAsync, CancellationToken cancellation)
    {
        try
        {
            using HttpResponseMessage answer = await sendAsync(cancellation);
            return answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.NoContent ? await answer.Content.ReadAsStringAsync(cancellation) : null;
        }
        catch (Exception e) when (e is HttpRequestException || (e is TaskCanceledException && !cancellation.IsCancellationRequested))
        {
            return null;
        }
    }
}
