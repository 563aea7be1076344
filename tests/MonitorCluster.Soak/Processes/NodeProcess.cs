using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;

namespace MonitorCluster.Soak.Processes;

/// <summary>
/// One real node as a process of its own, on loopback and on free ports, in a fresh data folder. It can be killed, stopped, paused and started
/// again on that folder; at disposal the process is ended by its id and the folder deleted, unless it was given.
/// </summary>
internal sealed partial class NodeProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(10);

    // The build puts the program beside whoever refers to its project.
    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "MonitorCluster.Node.dll");

    private readonly IReadOnlyDictionary<string, string> _environment;
    private readonly string[] _options;
    private readonly StringBuilder _log = new();
    private readonly bool _isOwnFolder;
    private Process? _process;
    private volatile Uri? _listening;
    private TaskCompletionSource<string> _pbm = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private NodeProcess(string[] options, IReadOnlyDictionary<string, string> environment, string? dataDir = null)
    {
        _options = options;
        _environment = environment;
        _isOwnFolder = dataDir is null;
        DataDir = dataDir ?? Directory.CreateTempSubdirectory("mc-e2e-").FullName;
    }

    /// <summary>Where the node serves people and the API; another port after each start.</summary>
    public Uri HttpUrl { get; private set; } = null!;

    /// <summary>The node's folder.</summary>
    public string DataDir { get; }

    /// <summary>From the start of the process to the first 200 of <c>/readyz</c>, of the last start.</summary>
    public TimeSpan ReadyAfter { get; private set; }

    /// <summary>The process, while there is one.</summary>
    public int Id => _process?.Id ?? 0;

    /// <summary>Where this start of the node serves <c>pbm</c>, as its log says it: host:port. A node may be ready a moment before.</summary>
    public Task<string> PbmAddress => _pbm.Task.WaitAsync(StartPatience);

    /// <summary>Whether there is a process, paused or not.</summary>
    public bool IsRunning => _process is { HasExited: false };

    /// <summary>How the last process ended; null while it runs.</summary>
    public int? ExitCode => _process is { HasExited: true } ended ? ended.ExitCode : null;

    /// <summary>Ends when the process has ended, however.</summary>
    public Task Exited => _process?.WaitForExitAsync() ?? Task.CompletedTask;

    /// <summary>What the node has written so far, over all starts.</summary>
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
    public static Task<NodeProcess> StartAsync(params string[] options) => StartAsync(options, new Dictionary<string, string>());

    /// <summary>Starts a node with environment variables and waits until it says that it is ready.</summary>
    /// <param name="options">More options, as on the command line.</param>
    /// <param name="environment">Variables besides the inherited ones.</param>
    /// <returns>The running node.</returns>
    public static async Task<NodeProcess> StartAsync(string[] options, IReadOnlyDictionary<string, string> environment)
    {
        var node = new NodeProcess(options, environment);
        try
        {
            await node.StartAgainAsync();
            return node;
        }
        catch
        {
            await node.DisposeAsync();
            throw;
        }
    }

    /// <summary>A node on a folder of the caller's, not started yet. Its options come last on the command line: they may name addresses.</summary>
    /// <param name="dataDir">The folder; it is left alone at disposal.</param>
    /// <param name="options">All options of the node.</param>
    /// <returns>The node; start it by <see cref="StartAgainAsync"/>.</returns>
    public static NodeProcess On(string dataDir, params string[] options) => new(options, new Dictionary<string, string>(), dataDir);

    /// <summary>Runs the program until it ends by itself: for starts that are refused.</summary>
    /// <param name="arguments">The whole command line.</param>
    /// <param name="environment">Variables besides the inherited ones.</param>
    /// <returns>How it ended.</returns>
    public static async Task<ProgramEnd> RunAsync(IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        using var process = new Process { StartInfo = Command(Path.GetTempPath(), arguments, environment ?? new Dictionary<string, string>()) };
        process.Start();
        using var patience = new CancellationTokenSource(StartPatience);
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(patience.Token);
            Task<string> errors = process.StandardError.ReadToEndAsync(patience.Token);
            await process.WaitForExitAsync(patience.Token);
            return new ProgramEnd(process.ExitCode, await output, await errors);
        }
        catch (OperationCanceledException e)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"The program did not end by itself within {StartPatience}.", e);
        }
    }

    /// <summary>Starts the node, again or for the first time, on its folder and waits until it says that it is ready.</summary>
    /// <returns>How long that took.</returns>
    public async Task<TimeSpan> StartAgainAsync()
    {
        var url = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
        _pbm = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        string[] arguments = [$"--Node:DataDir={DataDir}", "--Http:Urls=http://127.0.0.1:0", "--Cmd:Port=0", .. _options];
        var process = new Process { StartInfo = Command(DataDir, arguments, _environment), EnableRaisingEvents = true };
        process.OutputDataReceived += (_, line) => Take(line.Data, url);
        process.ErrorDataReceived += (_, line) => Take(line.Data, url);
        process.Exited += (_, _) => url.TrySetException(new InvalidOperationException($"The node ended before it listened:\n{Log}"));
        _process?.Dispose();
        _process = process;
        long start = Stopwatch.GetTimestamp();
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();

        HttpUrl = await url.Task.WaitAsync(StartPatience);
        using var client = new HttpClient { BaseAddress = HttpUrl };
        using var patience = new CancellationTokenSource(StartPatience);
        while (await WhyNotReadyAsync(client, process) is { } reason)
        {
            if (patience.IsCancellationRequested)
            {
                throw new TimeoutException($"after {StartPatience} the node says: {reason}\n{Log}");
            }

            await Task.Delay(PollInterval);
        }

        return ReadyAfter = Stopwatch.GetElapsedTime(start);
    }

    /// <summary>Ends the process as <c>kill -9</c> does, and waits until it is gone.</summary>
    /// <returns>A task that ends with the process.</returns>
    public async Task KillAsync()
    {
        if (_process is { HasExited: false } running)
        {
            running.Kill(entireProcessTree: true);
        }

        await (_process?.WaitForExitAsync() ?? Task.CompletedTask);
    }

    /// <summary>Asks the process to end (SIGTERM), and waits until it has.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> StopAsync()
    {
        await Signal.SendAsync(Signal.Terminate, Id);
        await _process!.WaitForExitAsync().WaitAsync(StartPatience);
        return _process.ExitCode;
    }

    /// <summary>Stops the process in its tracks (SIGSTOP): it keeps its connections and answers nothing.</summary>
    public Task PauseAsync() => Signal.SendAsync(Signal.Pause, Id);

    /// <summary>Lets a paused process go on (SIGCONT).</summary>
    public Task ContinueAsync() => Signal.SendAsync(Signal.Continue, Id);

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

        _process?.Dispose();
        if (_isOwnFolder)
        {
            Directory.Delete(DataDir, recursive: true);
        }
    }

    // Variables of the caller's shell must not reach into a test.
    private static ProcessStartInfo Command(string folder, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment)
    {
        var start = new ProcessStartInfo("dotnet", [Program, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder,
        };
        foreach (string foreign in start.Environment.Keys.Where(k => k.StartsWith("MC_", StringComparison.OrdinalIgnoreCase)).ToArray())
        {
            start.Environment.Remove(foreign);
        }

        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        return start;
    }

    private void Take(string? line, TaskCompletionSource<Uri> url)
    {
        if (line is null)
        {
            return;
        }

        lock (_log)
        {
            _log.AppendLine(line);
        }

        // The listener for other nodes says its line, too, and before.
        if (ListeningLine().Match(line) is { Success: true } match)
        {
            _listening = new Uri(match.Groups["url"].Value);
        }
        else if (line.Contains("Application started", StringComparison.Ordinal) && _listening is { } last)
        {
            url.TrySetResult(last);
        }

        if (PbmLine().Match(line) is { Success: true } pbm)
        {
            _pbm.TrySetResult(pbm.Groups["address"].Value);
        }
    }

    private async Task<string?> WhyNotReadyAsync(HttpClient client, Process process)
    {
        if (process.HasExited)
        {
            throw new InvalidOperationException($"The node ended before it was ready:\n{Log}");
        }

        try
        {
            using HttpResponseMessage answer = await client.GetAsync(new Uri("/readyz", UriKind.Relative));
            return answer.IsSuccessStatusCode ? null : await answer.Content.ReadAsStringAsync();
        }
        catch (HttpRequestException e)
        {
            return e.Message;
        }
    }

    [GeneratedRegex(@"pbm host bound to (?<address>127\.[\d.]+:\d+)")]
    private static partial Regex PbmLine();

    [GeneratedRegex(@"Now listening on: (?<url>http://127\.[\d.]+:\d+)")]
    private static partial Regex ListeningLine();
}

/// <summary>How a program ended.</summary>
/// <param name="Code">Its exit code.</param>
/// <param name="Output">What it wrote to standard output.</param>
/// <param name="Errors">What it wrote to standard error.</param>
internal sealed record ProgramEnd(int Code, string Output, string Errors);
