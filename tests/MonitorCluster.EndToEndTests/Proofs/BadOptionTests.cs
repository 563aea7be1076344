using System.Net;
using System.Net.Sockets;

namespace MonitorCluster.EndToEndTests.Proofs;

/// <summary>Starts that must be refused: the exit code says what kind of mistake it is, standard error says every reason.</summary>
public sealed class BadOptionTests
{
    private const int Usage = 64;
    private const int Configuration = 78;

    public static TheoryData<string, string> WrongOptions => new()
    {
        { "--Nod:Name=a", "Nod is not a section; did you mean Node?" },
        { "--Node:Nane=a", "Node:Nane is not an option; did you mean Node:Name?" },
        { "--Collect:Interval=5", "Collect:Interval: \"5\" has no unit; write 500ms, 1s, 5m, 2h, 30d or hh:mm:ss" },
        { "--Detect:Step=soon", "Detect:Step: \"soon\" is no duration" },
        { "--Aggregate:Retention=1m", "Aggregate:Retention (1m) must be 1h to 3650d" },
        { "--Aggregate:CutBytes=many", "Aggregate:CutBytes: \"many\" is no number" },
        { "--Wal:MaxBytes=1", "Wal:MaxBytes (1) must be 131072 to" },
        { "--Node:AllowInsecure=maybe", "Node:AllowInsecure: \"maybe\" is no switch; write true or false" },
        { "--Node:Roles=collector,king", "Node:Roles names 'king'; it may name collector, aggregator and api" },
        { "--Node:Bind=here", "Node:Bind is 'here', which is not host:port" },
        { "--Store:Provider=oracle", "Store:Provider must be 'sqlite'" },
        { "--Cluster:Id=a b", "Cluster:Id must be 1 to 64 letters" },
        { "--Cluster:Seeds=nowhere", "Cluster:Seeds names 'nowhere', which is not host:port" },
        { "--Detect:WarningsPerSeriesDay=1", "Detect:WarningsPerSeriesDay (1) must not be above Detect:SignalsPerSeriesDay (0.75)" },
        { "--Collect:SourceTimeout=1s", "SourceTimeout" },
        { "--Http:Urls=ftp://127.0.0.1:1", "Http:Urls (ftp://127.0.0.1:1) must be http://ADDRESS:PORT or https://ADDRESS:PORT" },
        { "--Cmd:Port=70000", "Cmd:Port (70000) must be 0 to 65535" },
        { "--Cmd:Host=0.0.0.0", "Cmd:Host (0.0.0.0) is not on loopback, and this listener has no TLS; listen on loopback" },
    };

    [Fact]
    public async Task WrongOptions_AllInOneStart_EveryReasonIsSaid()
    {
        ProgramEnd end = await NodeProcess.RunAsync(WrongOptions.Select(o => (string)o[0]));

        Assert.Equal(Configuration, end.Code);
        foreach (object[] option in WrongOptions)
        {
            Assert.True(end.Errors.Contains((string)option[1], StringComparison.Ordinal), $"{option[0]}: \"{option[1]}\" is not in\n{end.Errors}");
        }

        Assert.Equal("", end.Output);
    }

    [Theory]
    [InlineData("serve", "\"serve\" is not an option")]
    [InlineData("--Node:Name", "--Node:Name needs a value")]
    [InlineData("--verbose=true", "--verbose is not an option")]
    public async Task MalformedCommandLine_EndsWithUsage(string argument, string reason)
    {
        ProgramEnd end = await NodeProcess.RunAsync([argument]);

        Assert.Equal(Usage, end.Code);
        Assert.Contains(reason, end.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, "no such file")]
    [InlineData("{ \"Node\": { \"Name\": ", "JSON")]
    [InlineData("{ \"Detect\": { \"Step\": 5 } }", "Detect:Step: \"5\" has no unit")]
    [InlineData("{ \"Http\": { \"Urls\": [ \"http://0.0.0.0:9600\" ] } }", "Http:Urls (http://0.0.0.0:9600) is not on loopback and has no TLS")]
    public async Task ConfigFile_MissingOrWrong_IsRefusedWithItsName(string? text, string reason)
    {
        string file = Path.Combine(Path.GetTempPath(), $"mc-config-{Guid.NewGuid():N}.json");
        if (text is not null)
        {
            await File.WriteAllTextAsync(file, text);
        }

        ProgramEnd end = await NodeProcess.RunAsync(["--config", file]);
        File.Delete(file);

        Assert.Equal(Configuration, end.Code);
        Assert.Contains(reason, end.Errors, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task EnvironmentVariable_WrongDuration_IsRefusedByItsPath()
    {
        ProgramEnd end = await NodeProcess.RunAsync([], new Dictionary<string, string> { ["MC_DETECT__STEP"] = "10", ["MC_AGGREGATE__RETENTION"] = "30m" });

        Assert.Equal(Configuration, end.Code);
        Assert.Contains("\"10\" has no unit", end.Errors, StringComparison.Ordinal);
        Assert.Contains("Aggregate:Retention (30m) must be", end.Errors, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Durations_WithUnitsFromEverySource_AreTakenAndTheCommandLineWins()
    {
        var environment = new Dictionary<string, string> { ["MC_DETECT__STEP"] = "10", ["MC_AGGREGATE__RETENTION"] = "7d", ["MC_ALERT__KEEPALIVE"] = "1s" };
        await using NodeProcess node = await NodeProcess.StartAsync(
            ["--Detect:Step=5s", "--Collect:Interval=500ms", "--Collect:SourceTimeout=300ms", "--Aggregate:CutInterval=00:01:00"], environment);
        using var client = new NodeClient(node.HttpUrl);

        // A keep-alive within its second shows that the value arrived, not only that it was accepted.
        using HttpResponseMessage answer = await client.Http.GetAsync(
            new Uri("/api/v1/alerts/stream", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync());
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        string? line;
        do
        {
            line = await reader.ReadLineAsync(limit.Token);
        }
        while (line != ": keep-alive");
    }

    [Fact]
    public async Task HttpPort_Taken_IsRefusedWithTheReason()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        int port = ((IPEndPoint)taken.LocalEndpoint).Port;
        string folder = Directory.CreateTempSubdirectory("mc-e2e-").FullName;

        ProgramEnd end = await NodeProcess.RunAsync([$"--Http:Urls=http://127.0.0.1:{port}", "--Cmd:Port=0", $"--Node:DataDir={folder}"]);
        Directory.Delete(folder, recursive: true);

        Assert.Equal(Configuration, end.Code);
        Assert.Contains($"Http:Urls (http://127.0.0.1:{port})", end.Errors, StringComparison.Ordinal);
        Assert.Contains("in use", end.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DataDir_UnderAFile_IsRefusedWithTheReason()
    {
        string file = Path.GetTempFileName();

        ProgramEnd end = await NodeProcess.RunAsync([$"--Node:DataDir={file}/data", "--Http:Urls=http://127.0.0.1:0"]);
        File.Delete(file);

        Assert.Equal(Configuration, end.Code);
        Assert.Contains($"Node:DataDir '{file}/data' cannot be written", end.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DataDir_OfARunningNode_IsRefusedAndTheFirstGoesOn()
    {
        await using NodeProcess first = await NodeProcess.StartAsync("--Collect:Enabled=false");

        ProgramEnd end = await NodeProcess.RunAsync([$"--Node:DataDir={first.DataDir}", "--Http:Urls=http://127.0.0.1:0", "--Cmd:Port=0"]);

        Assert.Equal(Configuration, end.Code);
        Assert.Contains("is in use by another node", end.Errors, StringComparison.Ordinal);
        using var client = new NodeClient(first.HttpUrl);
        Assert.Equal("MonitorCluster is Ready.\n", await client.Http.GetStringAsync(new Uri("/readyz", UriKind.Relative)));
    }
}
