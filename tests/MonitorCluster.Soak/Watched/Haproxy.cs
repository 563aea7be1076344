using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using MonitorCluster.Soak.Processes;

namespace MonitorCluster.Soak.Watched;

/// <summary>A real HAProxy in front of some servers, with a runtime API on a socket in a folder of its own. Ended by its id.</summary>
internal sealed class Haproxy : IAsyncDisposable
{
    /// <summary>The backend's name.</summary>
    public const string Backend = "web";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(20);

    private readonly string _folder = Directory.CreateTempSubdirectory("mc-ha-").FullName;
    private readonly StringBuilder _log = new();
    private Process _process = null!;

    /// <summary>Where clients connect.</summary>
    public Uri Url { get; private set; } = null!;

    /// <summary>The runtime API's socket.</summary>
    public string Socket => Path.Combine(_folder, "admin.sock");

    /// <summary>Starts it and waits until it answers.</summary>
    public static async Task<Haproxy> StartAsync(IReadOnlyList<WatchedServer> servers)
    {
        var haproxy = new Haproxy();
        int port = FreePorts.Take();
        haproxy.Url = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"));
        string file = Path.Combine(haproxy._folder, "haproxy.cfg");
        string list = string.Join('\n', servers.Select(s => $"  server {s.Name} {s.Address} check inter 500ms weight 100"));
        await File.WriteAllTextAsync(
            file,
            $"""
            global
              stats socket {haproxy.Socket} mode 600 level admin
              maxconn 4000
            defaults
              mode http
              timeout connect 2s
              timeout client 60s
              timeout server 60s
            frontend in
              bind 127.0.0.1:{port}
              default_backend {Backend}
            backend {Backend}
              balance roundrobin
            {list}

            """);
        haproxy._process = new Process
        {
            StartInfo = new ProcessStartInfo(InstalledProgram.Find("haproxy")!, ["-db", "-f", file])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            },
        };
        haproxy._process.OutputDataReceived += (_, line) => haproxy.Take(line.Data);
        haproxy._process.ErrorDataReceived += (_, line) => haproxy.Take(line.Data);
        haproxy._process.Start();
        haproxy._process.BeginOutputReadLine();
        haproxy._process.BeginErrorReadLine();
        await haproxy.WaitAsync();
        return haproxy;
    }

    /// <summary>The servers' weights, in their order.</summary>
    public async Task<int[]> WeightsAsync() =>
    [
        .. (await AskAsync($"show servers state {Backend}")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(2)
            .Select(line => int.Parse(line.Split(' ')[7], CultureInfo.InvariantCulture)),
    ];

    /// <summary>Sends a command and gives the answer.</summary>
    public async Task<string> AskAsync(string command)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(Socket));
        await using var stream = new NetworkStream(socket);
        await stream.WriteAsync(Encoding.ASCII.GetBytes(command + "\n"));
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync();
    }

    /// <summary>Waits until the weights are as wanted.</summary>
    /// <returns>How long that took.</returns>
    public async Task<TimeSpan> WaitForAsync(Predicate<int[]> isThere, TimeSpan patience, Func<string> what)
    {
        long start = Stopwatch.GetTimestamp();
        int[] weights = await WeightsAsync();
        while (!isThere(weights))
        {
            if (Stopwatch.GetElapsedTime(start) > patience)
            {
                throw new TimeoutException($"the weights are {string.Join(' ', weights)} after {patience}: {what()}");
            }

            await Task.Delay(PollInterval);
            weights = await WeightsAsync();
        }

        return Stopwatch.GetElapsedTime(start);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private void Take(string? line)
    {
        lock (_log)
        {
            _log.AppendLine(line);
        }
    }

    private async Task WaitAsync()
    {
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                if (File.Exists(Socket) && (await WeightsAsync()).Length > 0)
                {
                    return;
                }
            }
            catch (SocketException) when (!_process.HasExited)
            {
                // it does not listen yet
            }

            if (_process.HasExited || Stopwatch.GetElapsedTime(start) > Patience)
            {
                throw new InvalidOperationException($"haproxy did not start: {_log}");
            }

            await Task.Delay(PollInterval);
        }
    }
}
