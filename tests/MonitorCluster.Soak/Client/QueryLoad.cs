using System.Text.Json;
using MonitorCluster.Soak.Known;
using MonitorCluster.Soak.Processes;

namespace MonitorCluster.Soak.Client;

/// <summary>Asks all nodes for known series, steadily, and once more at another node when one does not answer: as a client does that knows two
/// addresses.</summary>
internal sealed class QueryLoad(ClusterProcess cluster, KnownWorld world, int seriesPerHost, Random random)
{
    private readonly List<string> _failures = [];
    private int _asked;
    private int _repeated;

    /// <summary>How many questions were asked.</summary>
    public int Asked => _asked;

    /// <summary>How many were asked a second time.</summary>
    public int Repeated => _repeated;

    /// <summary>Those that failed at the second node, too.</summary>
    public IReadOnlyList<string> Failures => _failures;

    /// <summary>Asks until the token says so.</summary>
    public async Task RunAsync(int perSecond, CancellationToken until)
    {
        var running = new List<Task>();
        using var pace = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / perSecond));
        while (!until.IsCancellationRequested)
        {
            running.Add(AskAsync(world.Hosts[random.Next(world.Hosts.Count)], random.Next(cluster.Nodes.Count)));
            await pace.WaitForNextTickAsync(CancellationToken.None);
        }

        await Task.WhenAll(running);
    }

    private async Task AskAsync(string host, int node)
    {
        Interlocked.Increment(ref _asked);
        if (await FailureAsync(host, node) is not { } first)
        {
            return;
        }

        Interlocked.Increment(ref _repeated);
        if (await FailureAsync(host, node + 1) is { } second)
        {
            lock (_failures)
            {
                _failures.Add($"{host}: {first}; then {second}");
            }
        }
    }

    // Every series of the host must be there: an answer that leaves some out is a failure, too.
    private async Task<string?> FailureAsync(string host, int number)
    {
        ClusterNode node = cluster.Nodes[number % cluster.Nodes.Count];
        try
        {
            using JsonDocument answer = await cluster.Client(node).QueryAsync($"count({{__name__=~\"proof_metric_.*\",host=\"{host}\"}})");
            JsonElement result = answer.RootElement.GetProperty("data").GetProperty("result");
            string count = result.GetArrayLength() == 0 ? "0" : result[0].GetProperty("value")[1].GetString()!;
            return count == seriesPerHost.ToString(System.Globalization.CultureInfo.InvariantCulture)
                ? null : $"{node.Name} knows {count} of {seriesPerHost} series";
        }
        catch (Exception e) when (e is HttpRequestException or RequestRefusedException or TaskCanceledException)
        {
            return $"{node.Name}: {e.Message}";
        }
    }
}
