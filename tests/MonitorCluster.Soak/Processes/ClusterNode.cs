using System.Globalization;
using System.Net;

namespace MonitorCluster.Soak.Processes;

/// <summary>
/// One node of a <see cref="ClusterProcess"/>, on 127.0.N.1. When it ends as evicted it is started again at once, as its service manager would.
/// </summary>
internal sealed class ClusterNode : IAsyncDisposable
{
    /// <summary>The exit code of a node that the cluster went on without.</summary>
    public const int EvictedCode = 75;

    private readonly NodeProcess _process;
    private Task _watch = Task.CompletedTask;
    private volatile bool _isPaused;
    private volatile bool _isUp;
    private int _evictions;

    /// <param name="number">From 1; the address is 127.0.number.1.</param>
    /// <param name="dataDir">Its folder.</param>
    /// <param name="peerAddress">Where it listens for other nodes.</param>
    /// <param name="options">All its other options.</param>
    public ClusterNode(int number, string dataDir, string peerAddress, IEnumerable<string> options)
    {
        Number = number;
        Name = string.Create(CultureInfo.InvariantCulture, $"n{number}");
        Address = AddressOf(number);
        Url = new Uri($"http://{Address}:{FreePorts.Take(Address)}");
        PeerAddress = peerAddress;
        DataDir = dataDir;
        _process = NodeProcess.On(
            dataDir,
            [$"--Node:Name={Name}", $"--Node:Bind={PeerAddress}", $"--Http:Urls={Url.ToString().TrimEnd('/')}", $"--Cmd:Host={Address}", .. options]);
    }

    /// <summary>From 1.</summary>
    public int Number { get; }

    /// <summary>Its name in the cluster.</summary>
    public string Name { get; }

    /// <summary>The address it listens on and connects from.</summary>
    public IPAddress Address { get; }

    /// <summary>Where it serves people and the API; the same after each start.</summary>
    public Uri Url { get; }

    /// <summary>Where it listens for other nodes.</summary>
    public string PeerAddress { get; }

    /// <summary>Its folder.</summary>
    public string DataDir { get; }

    /// <summary>Whether it was started, was ready, and is neither paused, stopped nor dead.</summary>
    public bool IsUp => _isUp && !_isPaused && _process.IsRunning;

    /// <summary>How often it ended as evicted.</summary>
    public int Evictions => Volatile.Read(ref _evictions);

    /// <summary>Why it could not be started again after an eviction, or ended by itself otherwise; null while all is well.</summary>
    public string? Fault { get; private set; }

    /// <summary>What it has written so far.</summary>
    public string Log => _process.Log;

    /// <summary>Where it serves pbm.</summary>
    public Task<string> PbmAddress => _process.PbmAddress;

    /// <summary>How its last process ended.</summary>
    public int? ExitCode => _process.ExitCode;

    /// <summary>The address of node N.</summary>
    public static IPAddress AddressOf(int number) => IPAddress.Parse(string.Create(CultureInfo.InvariantCulture, $"127.0.{number}.1"));

    /// <summary>Starts it and waits until it is ready.</summary>
    public async Task StartAsync()
    {
        await _process.StartAgainAsync();
        _isUp = true;
        _watch = WatchAsync();
    }

    /// <summary>Ends it as kill -9 does.</summary>
    public async Task KillAsync()
    {
        _isUp = false;
        await _process.KillAsync();
        _isPaused = false;
        await _watch;
    }

    /// <summary>Asks it to leave and end (SIGTERM).</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> StopAsync()
    {
        _isUp = false;
        int code = await _process.StopAsync();
        await _watch;
        return code;
    }

    /// <summary>Stops it in its tracks.</summary>
    public Task PauseAsync()
    {
        _isPaused = true;
        return _process.PauseAsync();
    }

    /// <summary>Lets it go on.</summary>
    public async Task ContinueAsync()
    {
        await _process.ContinueAsync();
        _isPaused = false;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _isUp = false;
        await _process.DisposeAsync();
        await _watch;
    }

    private async Task WatchAsync()
    {
        while (true)
        {
            await _process.Exited;
            if (!_isUp)
            {
                return;
            }

            _isUp = false;
            if (_process.ExitCode != EvictedCode)
            {
                Fault = $"{Name} ended by itself with {_process.ExitCode}";
                return;
            }

            Interlocked.Increment(ref _evictions);
            while (!_isUp)
            {
                try
                {
                    await _process.StartAgainAsync();
                    _isUp = true;
                }
                catch (Exception e) when (e is InvalidOperationException or TimeoutException or OperationCanceledException)
                {
                    if (_process.ExitCode != EvictedCode)
                    {
                        Fault = $"{Name} did not start again after its eviction: {e.Message}";
                        return;
                    }

                    // It cannot join yet, as while it is still cut off: its supervisor tries again.
                }
            }
        }
    }
}
