using System.Collections;
using MonitorCluster.Node;

namespace MonitorCluster.Tests.Node;

/// <summary>Starts that are refused, in this process: exit code and reasons, and never an exception.</summary>
public sealed class NodeProgramTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("mc-program-").FullName;
    private readonly Hashtable environment = new();
    private readonly StringWriter errors = new();

    public void Dispose()
    {
        Directory.Delete(folder, recursive: true);
        errors.Dispose();
    }

    [Fact]
    public async Task Start_LogLevelUnknown_IsRefusedWithTheSection()
    {
        Assert.Equal(NodeExit.Configuration, await RunAsync($"--Node:DataDir={folder}", "--Logging:LogLevel:Default=Loud"));

        Assert.StartsWith("MonitorCluster: Logging: ", errors.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_ConfigFileBroken_NamesTheFileAndThePlace()
    {
        string file = Path.Combine(folder, "node.json");
        await File.WriteAllTextAsync(file, "{ \"Node\": {\n oops");

        Assert.Equal(NodeExit.Configuration, await RunAsync("--config", file));

        Assert.Contains(file, errors.ToString(), StringComparison.Ordinal);
        Assert.Contains("LineNumber: 1", errors.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_PortTaken_IsRefusedWithTheUrl()
    {
        using var taken = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        taken.Start();
        string url = $"http://{taken.LocalEndpoint}";

        Assert.Equal(
            NodeExit.Configuration,
            await RunAsync($"--Node:DataDir={folder}", $"--Http:Urls={url}", "--Logging:LogLevel:Default=None", "--Logging:LogLevel:Microsoft.AspNetCore=None",
                "--Logging:LogLevel:Microsoft.Hosting.Lifetime=None"));

        Assert.StartsWith($"MonitorCluster: Http:Urls ({url}): ", errors.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_HttpsWithoutACertificate_SaysWhichOptionIsMissing()
    {
        Assert.Equal(NodeExit.Configuration, await RunAsync("--Http:Urls=https://127.0.0.1:0"));

        Assert.Contains("needs a certificate; set Http:CertificateFile", errors.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_CertificateUnusable_SaysWhy()
    {
        string file = Path.Combine(folder, "node.pem");
        await File.WriteAllTextAsync(file, "no certificate");

        Assert.Equal(NodeExit.Configuration, await RunAsync("--Http:Urls=https://127.0.0.1:0", $"--Http:CertificateFile={file}"));
        Assert.Equal(NodeExit.Configuration, await RunAsync("--Http:Urls=https://127.0.0.1:0", $"--Http:CertificateFile={file}.missing"));

        Assert.Contains($"Http:CertificateFile ({file}) cannot be used: ", errors.ToString(), StringComparison.Ordinal);
        Assert.Contains($"Http:CertificateFile ({file}.missing) cannot be used: ", errors.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_CmdBeyondLoopback_SaysWhatToSet()
    {
        Assert.Equal(NodeExit.Configuration, await RunAsync("--Cmd:Host=0.0.0.0"));

        Assert.Contains("listen on loopback, or set Node:AllowInsecure=true with Cmd:Token", errors.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_VariablesWithThePrefix_OnlyThoseWithTwoUnderscoresAreOptions()
    {
        (environment["MC_SID"], environment["MC_CMD__PORT"], environment["mc_Node__Nane"]) = ("1234", "70000", "a");

        Assert.Equal(NodeExit.Configuration, await RunAsync());

        string[] lines = errors.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, lines.Length);
        Assert.Contains(lines, l => l.Contains("Cmd:Port (70000)", StringComparison.Ordinal));
        Assert.Contains(lines, l => l.Contains("Node:Nane is not an option", StringComparison.Ordinal));
    }

    private async Task<NodeExit> RunAsync(params string[] arguments)
    {
        using var output = new StringWriter();
        return await NodeProgram.RunAsync(arguments, environment, output, errors);
    }
}
