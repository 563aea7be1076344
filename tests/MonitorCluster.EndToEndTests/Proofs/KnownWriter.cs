using System.Diagnostics;
using System.Net;

namespace MonitorCluster.EndToEndTests.Proofs;

/// <summary>
/// Writes known content at a steady rate and never the same (series, time) twice. It notes which batches were acknowledged; when the node
/// dies, those on their way are unknown.
/// </summary>
/// <remarks>Several senders, each with series of its own. One batch in eight is late: older than all that its series have.</remarks>
internal sealed class KnownWriter : IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(100);
    private const int LateEvery = 8;

    // Ten minutes: older than what a node with --Aggregate:MemorySpan=5m keeps in memory.
    private const long LateByMs = 10 * 60_000;

    private readonly KnownWorld _world;
    private readonly Sender[] _senders;
    private readonly List<KnownBatch> _batches = [];
    private readonly List<double> _ackMs = [];
    private readonly HttpClient _client = new() { Timeout = TimeSpan.FromSeconds(30) };
    private readonly long _startMs = NowMs;

    /// <param name="world">What to write.</param>
    /// <param name="senders">How many requests may be on their way.</param>
    /// <param name="samplesPerSecond">By all senders together.</param>
    public KnownWriter(KnownWorld world, int senders, int samplesPerSecond)
    {
        _world = world;
        int batchSamples = (int)(samplesPerSecond * Period.TotalSeconds / senders), share = world.Count / senders;
        _senders = [.. Enumerable.Range(0, senders).Select(i => new Sender(i * share, share, Math.Min(batchSamples, share), _startMs))];
    }

    /// <summary>Everything sent so far. Read it while nothing is written.</summary>
    public IReadOnlyList<KnownBatch> Batches => _batches;

    /// <summary>Times from request to 204, in milliseconds, ascending.</summary>
    public double[] AckMs => [.. _ackMs.Order()];

    private static long NowMs => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();

    /// <summary>Writes until the node dies or the token says so; what is on its way then is waited for.</summary>
    public Task WriteAsync(Uri node, CancellationToken until) => Task.WhenAll(_senders.Select(s => WriteAsync(s, node, until)));

    /// <summary>Sends every unknown batch again, until it is acknowledged.</summary>
    /// <returns>How many samples that were.</returns>
    public async Task<int> RepeatUnknownAsync(Uri node)
    {
        KnownBatch[] unknown = [.. _batches.Where(b => !b.IsAcknowledged)];
        foreach (KnownBatch batch in unknown)
        {
            Assert.True(await TrySendAsync(batch, node), "a repeated batch was not acknowledged");
        }

        return unknown.Sum(b => b.Series.Length);
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private async Task WriteAsync(Sender sender, Uri node, CancellationToken until)
    {
        using var pace = new PeriodicTimer(Period);
        bool isAlive = true;
        while (isAlive && !until.IsCancellationRequested)
        {
            KnownBatch batch = sender.Next(NowMs);
            lock (_batches)
            {
                _batches.Add(batch);
            }

            isAlive = await TrySendAsync(batch, node) && await pace.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    private async Task<bool> TrySendAsync(KnownBatch batch, Uri node)
    {
        long start = Stopwatch.GetTimestamp();
        try
        {
            using ByteArrayContent content = batch.ToRequest(_world).ToContent();
            using HttpResponseMessage answer = await _client.PostAsync(new Uri(node, "/api/v1/write"), content);
            if (answer.StatusCode != HttpStatusCode.NoContent)
            {
                throw new InvalidOperationException($"A good batch was answered {answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
            }

            batch.IsAcknowledged = true;
            lock (_ackMs)
            {
                _ackMs.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }

            return true;
        }
        catch (HttpRequestException)
        {
            return false; // the node is gone; nobody knows what became of the batch
        }
    }

    /// <summary>The place of one sender in its series and in time.</summary>
    private sealed class Sender(int firstSeries, int seriesCount, int batchSamples, long startMs)
    {
        private readonly long _lateMs = startMs - LateByMs;
        private int _next;
        private int _sent;
        private long _lastMs = startMs;

        public KnownBatch Next(long nowMs)
        {
            _sent++;
            bool isLate = _sent % LateEvery == 0;
            if (!isLate)
            {
                _lastMs = Math.Max(_lastMs + 1, nowMs);
            }

            // Late ones go both ways, so that a late one is older than a late one, too.
            long timestampMs = isLate ? _lateMs + ((_sent / LateEvery % 2 == 0 ? 13 : -13) * _sent) : _lastMs;
            int[] series = [.. Enumerable.Range(_next, batchSamples).Select(i => firstSeries + (i % seriesCount))];
            _next = (_next + batchSamples) % seriesCount;
            return new KnownBatch(timestampMs, series);
        }
    }
}
