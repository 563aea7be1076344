using System.Net;
using MonitorCluster.Soak.Processes;

namespace MonitorCluster.Soak.Known;

/// <summary>
/// Writes known content through all nodes of a cluster at a steady rate, and never the same (series, time) twice. It keeps account of which
/// node acknowledged which batch.
/// </summary>
/// <remarks>
/// A sender stays with one node while that answers, and goes to the next when it does not, as a client with several addresses does. A batch that
/// provably reached nobody (connection refused, "nothing was stored") is sent again elsewhere; one whose outcome is unknown is not, so that a
/// sample which is there twice was doubled by the cluster, not by its sender. One batch in sixteen is late: older than all its series have.
/// </remarks>
internal sealed class ClusterWriter : IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan AnswerPatience = TimeSpan.FromSeconds(5);
    private const int LateEvery = 16;
    private const long LateByMs = 10 * 60_000;

    private readonly KnownWorld _world;
    private readonly ClusterProcess _cluster;
    private readonly Sender[] _senders;
    private readonly List<KnownBatch> _batches = [];
    private readonly HttpClient _client = new(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(1) }) { Timeout = AnswerPatience };
    private long _acknowledged;
    private volatile TaskCompletionSource? _held;
    private int _sending;

    /// <param name="world">What to write.</param>
    /// <param name="cluster">Where to.</param>
    /// <param name="senders">How many requests may be on their way.</param>
    /// <param name="samplesPerSecond">By all senders together.</param>
    public ClusterWriter(KnownWorld world, ClusterProcess cluster, int senders, int samplesPerSecond)
    {
        (_world, _cluster) = (world, cluster);
        int batchSamples = (int)(samplesPerSecond * Period.TotalSeconds / senders), share = world.Count / senders;
        long startMs = NowMs;
        _senders = [.. Enumerable.Range(0, senders).Select(i => new Sender(i, i * share, share, Math.Min(batchSamples, share), startMs))];
    }

    /// <summary>Everything sent so far, in order of sending.</summary>
    public KnownBatch[] Batches
    {
        get
        {
            lock (_batches)
            {
                return [.. _batches];
            }
        }
    }

    /// <summary>Samples acknowledged so far.</summary>
    public long Acknowledged => Interlocked.Read(ref _acknowledged);

    private static long NowMs => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();

    /// <summary>Writes until the token says so; what is on its way then is waited for.</summary>
    public Task WriteAsync(CancellationToken until) => Task.WhenAll(_senders.Select(s => WriteAsync(s, until)));

    /// <summary>Writes nothing more until <see cref="GoOn"/>, and waits for what is on its way.</summary>
    public async Task HoldAsync()
    {
        _held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        while (Volatile.Read(ref _sending) > 0)
        {
            await Task.Delay(Period);
        }
    }

    /// <summary>Goes on after <see cref="HoldAsync"/>.</summary>
    public void GoOn()
    {
        TaskCompletionSource? held = _held;
        _held = null;
        held?.SetResult();
    }

    /// <summary>Sends every batch of unknown outcome again, as a real client would, until it is acknowledged.</summary>
    /// <returns>How many samples that were.</returns>
    public async Task<int> RepeatUnknownAsync()
    {
        KnownBatch[] unknown = [.. Batches.Where(b => !b.IsAcknowledged)];
        foreach (KnownBatch batch in unknown)
        {
            if (await SendAsync(batch, _cluster.Up[0]) != Outcome.Acknowledged)
            {
                throw new InvalidOperationException("a repeated batch was not acknowledged by a cluster that is whole");
            }
        }

        return unknown.Sum(b => b.Series.Length);
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private async Task WriteAsync(Sender sender, CancellationToken until)
    {
        using var pace = new PeriodicTimer(Period);
        int node = sender.Number;
        while (!until.IsCancellationRequested)
        {
            // Counted first, then looked: whoever holds sees the count, or is seen.
            Interlocked.Increment(ref _sending);
            Task held = _held?.Task ?? Task.CompletedTask;
            try
            {
                node = held.IsCompleted ? await SendNextAsync(sender, node) : node;
            }
            finally
            {
                Interlocked.Decrement(ref _sending);
            }

            await Task.WhenAny(held, Task.Delay(Timeout.Infinite, until));
            await pace.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    private async Task<int> SendNextAsync(Sender sender, int node)
    {
        KnownBatch batch = sender.Next(NowMs);
        lock (_batches)
        {
            _batches.Add(batch);
        }

        Outcome outcome = Outcome.NotStored;
        for (int tries = 0; tries < _cluster.Nodes.Count && outcome == Outcome.NotStored; tries++)
        {
            outcome = await SendAsync(batch, _cluster.Nodes[node % _cluster.Nodes.Count]);
            node += outcome == Outcome.Acknowledged ? 0 : 1;
        }

        return node;
    }

    private async Task<Outcome> SendAsync(KnownBatch batch, ClusterNode node)
    {
        try
        {
            using ByteArrayContent content = batch.ToRequest(_world).ToContent();
            using HttpResponseMessage answer = await _client.PostAsync(new Uri(node.Url, "/api/v1/write"), content);
            string text = await answer.Content.ReadAsStringAsync();
            if (answer.StatusCode == HttpStatusCode.NoContent)
            {
                (batch.IsAcknowledged, batch.AcknowledgedBy) = (true, node.Name);
                Interlocked.Add(ref _acknowledged, batch.Series.Length);
                return Outcome.Acknowledged;
            }

            return answer.StatusCode == HttpStatusCode.ServiceUnavailable
                ? text.Contains("nothing was stored", StringComparison.Ordinal) ? Outcome.NotStored : Outcome.Unknown
                : throw new InvalidOperationException($"a good batch was answered {answer.StatusCode} by {node.Name}: {text}");
        }
        catch (HttpRequestException e)
        {
            return e.HttpRequestError == HttpRequestError.ConnectionError ? Outcome.NotStored : Outcome.Unknown;
        }
        catch (TaskCanceledException)
        {
            return Outcome.Unknown; // no answer in time
        }
    }

    private enum Outcome
    {
        Acknowledged,
        NotStored,
        Unknown,
    }

    /// <summary>The place of one sender in its series and in time.</summary>
    private sealed class Sender(int number, int firstSeries, int seriesCount, int batchSamples, long startMs)
    {
        private readonly long _lateMs = startMs - LateByMs;
        private int _next;
        private int _sent;
        private long _lastMs = startMs;

        public int Number { get; } = number;

        public KnownBatch Next(long nowMs)
        {
            _sent++;
            bool isLate = _sent % LateEvery == 0;
            if (!isLate)
            {
                _lastMs = Math.Max(_lastMs + 1, nowMs);
            }

            // Late ones go backwards, so that each is older than the late one before it, too.
            long timestampMs = isLate ? _lateMs - (13 * _sent) : _lastMs;
            int[] series = [.. Enumerable.Range(_next, batchSamples).Select(i => firstSeries + (i % seriesCount))];
            _next = (_next + batchSamples) % seriesCount;
            return new KnownBatch(timestampMs, series);
        }
    }
}
