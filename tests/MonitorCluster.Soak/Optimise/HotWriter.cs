using System.Diagnostics;
using System.Net;
using IronSnappy;
using MonitorCluster.Soak.Known;

namespace MonitorCluster.Soak.Optimise;

/// <summary>Writes every host once a second by remote write, with times of whole seconds, and keeps account of every request.</summary>
/// <remarks>Each host has its own moment within the second, as senders have that know nothing of each other: at one moment for all, the queue of that
/// burst would be measured. A request that was refused whole is sent again until it is taken; one without an answer is of unknown outcome and is not
/// repeated.</remarks>
internal sealed class HotWriter : IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    // Hosts appear, and become hot, one after the other: a hundred thousand series that all come in one second measure how series are made, not balance.
    private static readonly TimeSpan BetweenHosts = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan BetweenHotHosts = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(200);

    private readonly HotWorld _world;
    private readonly Uri _url;
    private readonly HttpClient _client = new(new SocketsHttpHandler { MaxConnectionsPerServer = 64 }) { Timeout = TimeSpan.FromSeconds(20) };
    private readonly List<HotBatch>[] _batches;
    private readonly long[] _hotFrom; // by host: when it becomes hot
    private long _refused;

    /// <param name="world">What to write.</param>
    /// <param name="gate">Where to.</param>
    public HotWriter(HotWorld world, Uri gate)
    {
        (_world, _url) = (world, new Uri(gate, "/api/v1/write"));
        _batches = [.. world.Hosts.Select(_ => new List<HotBatch>())];
        _hotFrom = [.. world.Hosts.Select(_ => long.MaxValue)];
    }

    /// <summary>Requests that were refused and sent again.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    /// <summary>The requests of a host so far, ascending by time.</summary>
    public HotBatch[] Batches(HotHost host)
    {
        lock (_batches[host.Number])
        {
            return [.. _batches[host.Number]];
        }
    }

    /// <summary>Whether a host is hot now.</summary>
    public bool IsHot(HotHost host) => Volatile.Read(ref _hotFrom[host.Number]) <= Environment.TickCount64;

    /// <summary>Makes hosts hot, within seconds and for good.</summary>
    public void Heat(IEnumerable<HotHost> hosts)
    {
        foreach ((int place, HotHost host) in hosts.Index())
        {
            Volatile.Write(ref _hotFrom[host.Number], Environment.TickCount64 + (long)(BetweenHotHosts * place).TotalMilliseconds);
        }
    }

    /// <summary>Writes until the token says so; what is on its way then is waited for.</summary>
    public Task WriteAsync(CancellationToken until) => Task.WhenAll(_world.Hosts.Select(h => Task.Run(() => WriteAsync(h, until), CancellationToken.None)));

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private async Task WriteAsync(HotHost host, CancellationToken until)
    {
        byte[] normal = _world.Template(host, isHot: false), hot = _world.Template(host, isHot: true);
        try
        {
            await Task.Delay((BetweenHosts * host.Number) + (Period * host.Number / _world.Hosts.Count), until);
        }
        catch (OperationCanceledException)
        {
            return;
        }

        using var pace = new PeriodicTimer(Period);
        long firstMs = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / 1_000 * 1_000, started = Stopwatch.GetTimestamp(), lastMs = 0;
        while (!until.IsCancellationRequested)
        {
            // By the pace and not by the clock: a host whose moment is near a whole second would skip one when a tick is late.
            long nowMs = firstMs + ((long)Math.Round(Stopwatch.GetElapsedTime(started) / Period) * 1_000);
            if (nowMs > lastMs)
            {
                lastMs = nowMs;
                bool isHot = IsHot(host);
                byte[] body = isHot ? hot : normal;
                HotWorld.Fill(body, host, nowMs);
                var batch = new HotBatch(nowMs, _world.SeriesOf(isHot));
                lock (_batches[host.Number])
                {
                    _batches[host.Number].Add(batch);
                }

                await SendAsync(Snappy.Encode(body), batch);
            }

            await pace.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    private async Task SendAsync(byte[] body, HotBatch batch)
    {
        while (true)
        {
            try
            {
                using ByteArrayContent content = WriteRequest.Content(body);
                using HttpResponseMessage answer = await _client.PostAsync(_url, content);
                if (answer.StatusCode == HttpStatusCode.NoContent)
                {
                    batch.IsAcknowledged = true;
                    return;
                }

                if (answer.StatusCode is not (HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable))
                {
                    throw new InvalidOperationException($"remote write: {answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
                }
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
            {
                return; // of unknown outcome
            }

            Interlocked.Increment(ref _refused);
            await Task.Delay(RetryDelay);
        }
    }
}

/// <summary>One request: the first series of a host at one time.</summary>
/// <param name="TimestampMs">The time.</param>
/// <param name="Series">How many series.</param>
internal sealed record HotBatch(long TimestampMs, int Series)
{
    /// <summary>Whether it was answered with 204.</summary>
    public bool IsAcknowledged { get; set; }
}
