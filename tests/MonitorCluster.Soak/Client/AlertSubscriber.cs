using System.Diagnostics;
using System.Text.Json;
using MonitorCluster.Soak.Processes;

namespace MonitorCluster.Soak.Client;

/// <summary>Follows the alert stream of any node that answers, and goes on at another where it was, as a real subscriber does.</summary>
internal sealed class AlertSubscriber : IAsyncDisposable
{
    private const string Path = "/api/v1/alerts/stream";
    private const int PageRows = 1_000;

    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(200);

    private readonly ClusterProcess _cluster;
    private readonly CancellationTokenSource _ended = new();
    private readonly List<(ServerEvent Event, long Timestamp)> _seen = [];
    private readonly Task _running;
    private volatile ClusterNode? _node;
    private int _connections;

    public AlertSubscriber(ClusterProcess cluster)
    {
        _cluster = cluster;
        _running = RunAsync();
    }

    /// <summary>The node it follows now; null between two.</summary>
    public ClusterNode? Node => _node;

    /// <summary>How often it connected.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>All events so far, with the time they came (<see cref="Stopwatch.GetTimestamp"/>).</summary>
    public (ServerEvent Event, long Timestamp)[] Seen
    {
        get
        {
            lock (_seen)
            {
                return [.. _seen];
            }
        }
    }

    /// <summary>Waits until it has seen more than so many events.</summary>
    /// <returns>Whether they came in time.</returns>
    public async Task<bool> WaitForMoreAsync(int count, TimeSpan patience)
    {
        long start = Stopwatch.GetTimestamp();
        while (Seen.Length <= count)
        {
            if (Stopwatch.GetElapsedTime(start) > patience)
            {
                return false;
            }

            await Task.Delay(PollInterval);
        }

        return true;
    }

    /// <summary>Compares what was seen with the log that the cluster keeps: every number once, in order, with the same words.</summary>
    /// <param name="patience">For the last events to come.</param>
    /// <returns>What is wrong.</returns>
    public async Task<IReadOnlyList<string>> FaultsAsync(TimeSpan patience)
    {
        List<(long Sequence, string Text)> log = await ReadLogAsync();
        long last = log.Count == 0 ? 0 : log[^1].Sequence;
        using var limit = new CancellationTokenSource(patience);
        (ServerEvent Event, long Timestamp)[] seen = Seen;
        while ((seen.Length == 0 ? 0 : seen[^1].Event.Id ?? 0) < last && !limit.IsCancellationRequested)
        {
            await Task.Delay(PollInterval);
            seen = Seen;
        }

        var faults = new List<string>();
        for (int i = 0; i < log.Count; i++)
        {
            if (log[i].Sequence != i + 1)
            {
                faults.Add($"the log's entry {i + 1} has number {log[i].Sequence}");
                break;
            }

            if (i >= seen.Length || seen[i].Event.Id != i + 1 || seen[i].Event.Data != log[i].Text)
            {
                string what = i >= seen.Length ? "is missing" : $"is number {seen[i].Event.Id}: {seen[i].Event.Data}";
                faults.Add($"event {i + 1} of the stream {what}; the log says {log[i].Text}");
                break;
            }
        }

        return faults;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        await _running;
        _ended.Dispose();
    }

    private async Task<List<(long Sequence, string Text)>> ReadLogAsync()
    {
        var log = new List<(long Sequence, string Text)>();
        while (true)
        {
            NodeClient client = _cluster.Client(_cluster.Up[0]);
            using JsonDocument page = await client.GetAsync($"/api/v1/alerts/log?after={(log.Count == 0 ? 0 : log[^1].Sequence)}&limit={PageRows}");
            JsonElement[] rows = [.. page.RootElement.GetProperty("data").EnumerateArray()];
            log.AddRange(rows.Select(r => (r.GetProperty("seq").GetInt64(), r.GetRawText())));
            if (rows.Length < PageRows)
            {
                return log;
            }
        }
    }

    private async Task RunAsync()
    {
        int next = 0;
        while (!_ended.IsCancellationRequested)
        {
            ClusterNode node = _cluster.Nodes[next++ % _cluster.Nodes.Count];
            try
            {
                await FollowAsync(node);
            }
            catch (Exception e) when (e is HttpRequestException or IOException or InvalidOperationException or OperationCanceledException)
            {
                // This node is gone, or not there yet: the next one.
                _node = null;
            }

            await Task.Delay(RetryDelay, CancellationToken.None);
        }
    }

    private async Task FollowAsync(ClusterNode node)
    {
        long last;
        lock (_seen)
        {
            last = _seen.Count == 0 ? 0 : _seen[^1].Event.Id ?? 0;
        }

        using EventStream stream = await EventStream.OpenAsync(_cluster.Client(node).Http, Path, last);
        _node = node;
        Interlocked.Increment(ref _connections);
        while (true)
        {
            ServerEvent one = await stream.ReadAsync(_ended.Token);
            lock (_seen)
            {
                _seen.Add((one, Stopwatch.GetTimestamp()));
            }
        }
    }
}
