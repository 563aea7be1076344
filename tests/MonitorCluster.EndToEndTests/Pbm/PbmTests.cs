using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Xunit.Abstractions;

namespace MonitorCluster.EndToEndTests.Pbm;

/// <summary>The real <c>pbm</c> against a real node, each a process of its own.</summary>
public sealed class PbmTests(PbmTests.OneNode one, ITestOutputHelper log) : IClassFixture<PbmTests.OneNode>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task ClusterShow_OneNode_IsItsLineAndTheCount()
    {
        (int exitCode, string output, _) = await RunAsync("cluster", "show");

        Assert.Equal(0, exitCode);
        string[] lines = output.Split('\n');
        Assert.Matches(@"^\S+ \| \[[a-z,]*aggregator[a-z,]*\] \| up \|  \| \d+\.\d+\.\d+$", lines[0]);
        Assert.Equal("Count: 1 nodes", lines[1]);
    }

    [Fact]
    public async Task ActorHierarchy_Node_ShowsItsActorsSorted()
    {
        (int exitCode, string output, _) = await RunAsync("actor", "hierarchy", "-d", "2");

        Assert.Equal(0, exitCode);
        string[] lines = output.TrimEnd('\n').Split('\n');
        Assert.Equal(lines.Order(StringComparer.Ordinal), lines);
        Assert.Contains("actors://monitorcluster/user", lines);
        Assert.Contains("actors://monitorcluster/user/journal", lines);
        Assert.Contains("actors://monitorcluster/user/host/loadavg", lines);
    }

    [Fact]
    public async Task MetricsQuery_AsJson_IsADocumentWithThisHostsLoad()
    {
        await one.MeasuredAsync("node_load1");

        (int exitCode, string output, _) = await RunAsync("metrics", "query", "node_load1", "-o", "json");

        Assert.Equal(0, exitCode);
        using JsonDocument rows = JsonDocument.Parse(output);
        JsonElement row = Assert.Single(rows.RootElement.EnumerateArray());
        Assert.Equal("node_load1", row.GetProperty("metric").GetString());
        Assert.Equal("node", row.GetProperty("labels").GetProperty("job").GetString());
        Assert.True(row.GetProperty("value").GetDouble() >= 0);
    }

    [Fact]
    public async Task AlertsList_Node_CountsThem()
    {
        (int exitCode, string output, _) = await RunAsync("alerts", "list");

        Assert.Equal(0, exitCode);
        Assert.Matches(@"Count: \d+ alerts\n$", output);
    }

    [Fact]
    public async Task SystemInfo_AsTable_ShowsTheNode()
    {
        (int exitCode, string output, _) = await RunAsync("system", "info", "-o", "table");

        Assert.Equal(0, exitCode);
        Assert.Matches(@"│ node +│ \S+ +│", output);
        Assert.Matches(@"│ ready +│ true +│", output);
    }

    [Theory]
    [InlineData(2, "pbm: unknown command \"clustre\"; did you mean cluster?", "clustre", "show")]
    [InlineData(2, "pbm: actor hierarchy: unknown switch --dept; did you mean --depth?", "actor", "hierarchy", "--dept", "3")]
    [InlineData(1, "pbm: invalid parameter \"query\"", "metrics", "query", "rate(node_load1)")]
    public async Task WrongCommand_Any_SaysWhyAndEndsAsDocumented(int expected, string error, params string[] command)
    {
        (int exitCode, string output, string errors) = await RunAsync(command);

        Assert.Equal(expected, exitCode);
        Assert.StartsWith(error, errors, StringComparison.Ordinal);
        Assert.Equal("", output);
    }

    [Fact]
    public async Task DeadAddress_Any_Is3()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        string address = listener.LocalEndpoint.ToString()!;
        listener.Stop();

        (int exitCode, _, string errors) = await RunAtAsync(address, "cluster", "show");

        Assert.Equal(3, exitCode);
        Assert.StartsWith($"pbm: cannot connect to {address}: ", errors, StringComparison.Ordinal);
    }

    private async Task<(int ExitCode, string Output, string Errors)> RunAsync(params string[] command) => await RunAtAsync(await one.Node.PbmAddress, command);

    private async Task<(int ExitCode, string Output, string Errors)> RunAtAsync(string address, params string[] command)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string argument in (string[])[typeof(MonitorCluster.Pbm.HostAddress).Assembly.Location, address, .. command])
        {
            start.ArgumentList.Add(argument);
        }

        using Process process = Process.Start(start)!;
        using var patience = new CancellationTokenSource(Patience);
        Task<string> output = process.StandardOutput.ReadToEndAsync(patience.Token), errors = process.StandardError.ReadToEndAsync(patience.Token);
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw;
        }

        log.WriteLine($"pbm {string.Join(' ', command)} -> {process.ExitCode}\n{await output}{await errors}");
        return (process.ExitCode, await output, await errors);
    }

    /// <summary>One node for all tests of the class: each of them only asks.</summary>
    public sealed class OneNode : IAsyncLifetime
    {
        private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);

        internal NodeProcess Node { get; private set; } = null!;

        public async Task InitializeAsync() => Node = await NodeProcess.StartAsync();

        public async Task DisposeAsync() => await Node.DisposeAsync();

        /// <summary>Completes when a metric can be queried: a node is ready before its first measurement.</summary>
        internal async Task MeasuredAsync(string metric)
        {
            using var client = new HttpClient { BaseAddress = Node.HttpUrl };
            using var patience = new CancellationTokenSource(Patience);
            while (!(await client.GetStringAsync($"/api/v1/query?query={metric}", patience.Token)).Contains(metric, StringComparison.Ordinal))
            {
                await Task.Delay(PollInterval, patience.Token);
            }
        }
    }
}
