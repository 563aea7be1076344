using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;

namespace MonitorCluster.EndToEndTests;

/// <summary>One real node as a process of its own, on loopback, with a fresh data folder; ended by its id at disposal.</summary>
internal sealed partial class NodeProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);

    private readonly Process _process;
    private readonly string _dataDir;
    private readonly StringBuilder _log = new();
    private readonly TaskCompletionSource<Uri> _url = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private NodeProcess(Process process, string dataDir)
    {
        _process = process;
        _dataDir = dataDir;
    }

    /// <summary>Where the node serves people and the API.</summary>
    public Uri HttpUrl { get; private set; } = null!;

    /// <summary>What the node has written so far.</summary>
    public string Log
    {
        get
        {
            lock (_log)
            {
                return _log.ToString();
            }
        }
    }

    /// <summary>Starts a node and waits until it says that it is ready.</summary>
    /// <param name="options">More options, as on the command line.</param>
    /// <returns>The running node.</returns>
    public static async Task<NodeProcess> StartAsync(params string[] options)
    {
        string dataDir = Directory.CreateTempSubdirectory("mc-e2e-").FullName;
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = dataDir,
        };
        string[] arguments =
        [
            typeof(Node.WebUi).Assembly.Location, $"--Node:DataDir={dataDir}", "--Http:Urls=http://127.0.0.1:0", "--Cmd:Port=0", .. options,
        ];
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        var node = new NodeProcess(new Process { StartInfo = start, EnableRaisingEvents = true }, dataDir);
        try
        {
            await node.RunAsync();
            return node;
        }
        catch
        {
            await node.DisposeAsync();
            throw;
        }
    }

    /// <summary>Ends the process as <c>kill -9</c> does, and waits until it is gone.</summary>
    /// <returns>A task that ends with the process.</returns>
    public async Task KillAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        await _process.WaitForExitAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await KillAsync();
        }
        catch (InvalidOperationException)
        {
            // It was never started; there is nothing to end.
        }

        _process.Dispose();
        Directory.Delete(_dataDir, recursive: true);
    }

    private async Task RunAsync()
    {
        _process.OutputDataReceived += (_, line) => Take(line.Data);
        _process.ErrorDataReceived += (_, line) => Take(line.Data);
        _process.Exited += (_, _) => _url.TrySetException(new InvalidOperationException($"The node ended before it listened:\n{Log}"));
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();

        HttpUrl = await _url.Task.WaitAsync(StartPatience);
        using var client = new HttpClient { BaseAddress = HttpUrl };
        using var patience = new CancellationTokenSource(StartPatience);
        while (!await IsReadyAsync(client, patience.Token))
        {
            await Task.Delay(PollInterval, patience.Token);
        }
    }

    private void Take(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (_log)
        {
            _log.AppendLine(line);
        }

        if (ListeningLine().Match(line) is { Success: true } match)
        {
            _url.TrySetResult(new Uri(match.Groups["url"].Value));
        }
    }

    private async Task<bool> IsReadyAsync(HttpClient client, CancellationToken cancellation)
    {
        if (_process.HasExited)
        {
            throw new InvalidOperationException($"The node ended before it was ready:\n{Log}");
        }

        try
        {
            using HttpResponseMessage answer = await client.GetAsync(new Uri("/readyz", UriKind.Relative), cancellation);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    [GeneratedRegex(@"Now listening on: (?<url>http://127\.0\.0\.1:\d+)")]
    private static partial Regex ListeningLine();
}
