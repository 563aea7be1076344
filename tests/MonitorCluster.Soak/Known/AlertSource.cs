using System.Diagnostics;
using System.Globalization;
using System.Net;
using MonitorCluster.Soak.Processes;

namespace MonitorCluster.Soak.Known;

/// <summary>
/// Hosts whose load is learnt from a written past and then becomes unusual when asked: with <c>Detect:Step=1s</c> the alert comes within seconds.
/// </summary>
internal sealed class AlertSource : IDisposable
{
    private const int LearnSeconds = 240;
    private const double UsualLoad = 1;
    private const double UnusualLoad = 40;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    private readonly ClusterProcess _cluster;
    private readonly int _round;
    private readonly HttpClient _client = new(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(1) }) { Timeout = TimeSpan.FromSeconds(5) };
    private readonly Dictionary<string, bool> _hosts = []; // and whether each is unusual
    private int _made;
    private int _node;

    /// <param name="cluster">Where to.</param>
    /// <param name="round">Part of the hosts' names: no two rounds write the past of one host.</param>
    public AlertSource(ClusterProcess cluster, int round) => (_cluster, _round) = (cluster, round);

    /// <summary>Makes hosts with a past; they go on as usual while <see cref="RunAsync"/> runs.</summary>
    public async Task<string[]> LearnAsync(int count)
    {
        var made = new List<string>();
        while (made.Count < count)
        {
            string host = string.Create(CultureInfo.InvariantCulture, $"alert-host-{_round}-{_made++}");
            long endMs = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / 1000 * 1000;
            (long, double)[] past = [.. Enumerable.Range(0, LearnSeconds).Select(i => (endMs - ((LearnSeconds - i) * 1000L), Load(UsualLoad, i)))];
            using ByteArrayContent content = new WriteRequest().Series(Labels(host), past).ToContent();

            // One whose outcome is unknown is left alone: the same samples again would be doubled by the sender.
            if (await TrySendAsync(content))
            {
                made.Add(host);
            }
        }

        lock (_hosts)
        {
            made.ForEach(h => _hosts[h] = false);
        }

        return [.. made];
    }

    /// <summary>From now on these hosts are unusual.</summary>
    /// <returns>When that was (<see cref="Stopwatch.GetTimestamp"/>).</returns>
    public long Upset(IEnumerable<string> hosts)
    {
        lock (_hosts)
        {
            foreach (string host in hosts)
            {
                _hosts[host] = true;
            }

            return Stopwatch.GetTimestamp();
        }
    }

    /// <summary>Writes the present of all hosts until the token says so.</summary>
    public async Task RunAsync(CancellationToken until)
    {
        using var pace = new PeriodicTimer(Interval);
        for (int i = 0; !until.IsCancellationRequested; i++)
        {
            long nowMs = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
            var request = new WriteRequest();
            lock (_hosts)
            {
                foreach ((string host, bool isUnusual) in _hosts)
                {
                    request.Series(Labels(host), (nowMs, Load(isUnusual ? UnusualLoad : UsualLoad, i)));
                }
            }

            using ByteArrayContent content = request.ToContent();
            await TrySendAsync(content);
            await pace.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private static (string Name, string Value)[] Labels(string host) => [("__name__", "node_load1"), ("host", host)];

    private static double Load(double level, int step) => level + (step * 7 % 10 / 50.0);

    // To the first node that takes it; a node that provably took nothing is passed over.
    private async Task<bool> TrySendAsync(ByteArrayContent content)
    {
        for (int tries = 0; tries < _cluster.Nodes.Count; tries++)
        {
            ClusterNode node = _cluster.Nodes[_node % _cluster.Nodes.Count];
            try
            {
                using HttpResponseMessage answer = await _client.PostAsync(new Uri(node.Url, "/api/v1/write"), content);
                if (answer.StatusCode == HttpStatusCode.NoContent)
                {
                    return true;
                }

                _node++;
                return false;
            }
            catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.ConnectionError)
            {
                _node++;
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
            {
                _node++;
                return false;
            }
        }

        return false;
    }
}
