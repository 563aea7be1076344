using System.Diagnostics;
using Xunit.Abstractions;

namespace MonitorCluster.EndToEndTests.Cluster;

/// <summary><c>scripts/cluster</c> from another folder, as a newcomer types it; as root in a network of its own, since its ports are fixed.</summary>
[Collection(Proofs.Proof.Alone)]
public sealed class ClusterScriptTests(ITestOutputHelper output) : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mc-script-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Cluster_UpKillStartStopDown_DoesAsItSays()
    {
        (int code, string text, string errors) = await RunAsync("""
            set -e
            "$CLUSTER" up 2 --data kept -- --Collect:Enabled=false
            "$CLUSTER" kill n2; "$CLUSTER" status | cut -d' ' -f1-2
            "$CLUSTER" start n2; "$CLUSTER" start n3
            "$CLUSTER" stop n1; "$CLUSTER" status | cut -d' ' -f1-2
            "$CLUSTER" logs n3 | grep -q 'Now listening on: http://127.0.3.1:9600'
            "$CLUSTER" down
            """);

        Assert.True(code == 0, errors);
        Assert.Equal(
            """
            n1 http://127.0.1.1:9600 127.0.1.1:9110
            n2 http://127.0.2.1:9600 127.0.2.1:9110
            n1 ready
            n2 down
            n2 http://127.0.2.1:9600 127.0.2.1:9110
            n3 http://127.0.3.1:9600 127.0.3.1:9110
            n1 down
            n2 ready
            n3 ready

            """,
            text);
        Assert.False(File.Exists(Path.Combine(_folder, "state")));
        Assert.True(File.Exists(Path.Combine(_folder, "kept", "monitorcluster.db"))); // --data is kept
    }

    [Fact]
    public async Task Cluster_NodeIsRefused_SaysWhyAndLeavesNothingRunning()
    {
        (int code, _, string errors) = await RunAsync("\"$CLUSTER\" up 2 -- --Detect:Step=soon");

        Assert.Equal(1, code);
        Assert.Contains("Detect:Step: \"soon\" is no duration", errors, StringComparison.Ordinal);
        (_, string status, _) = await RunAsync("\"$CLUSTER\" status; \"$CLUSTER\" down");
        Assert.Equal("n1 down\nn2 down\n", status);
    }

    [Theory]
    [InlineData("up", "up needs a number of nodes")]
    [InlineData("up 0", "up needs a number of nodes")]
    [InlineData("up 2 --store mysql", "--store is sqlite or postgresql, not 'mysql'")]
    [InlineData("up 2 --store", "--store needs a value")]
    [InlineData("up 2 --Detect:Step=1s", "options of the nodes come after --")]
    [InlineData("grow", "unknown command 'grow'")]
    public async Task Cluster_WrongWords_AreUsageWithAReason(string words, string reason)
    {
        (int code, _, string errors) = await RunAsync($"\"$CLUSTER\" {words}");

        Assert.Equal(64, code);
        Assert.Contains(reason, errors, StringComparison.Ordinal);
    }

    private async Task<(int Code, string Output, string Errors)> RunAsync(string script)
    {
        string[] shell = ["bash", "-c", script];
        if (Environment.IsPrivilegedProcess && InstalledProgram.Find("unshare") is not null && InstalledProgram.Find("ip") is not null)
        {
            shell = ["unshare", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", "bash", "-c", $"ip link set lo up\n{script}"];
        }

        var start = new ProcessStartInfo(shell[0], shell[1..]) { WorkingDirectory = _folder, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["CLUSTER"] = Repository("scripts", "cluster");
        start.Environment["CLUSTER_NODE"] = Path.Combine(AppContext.BaseDirectory, "MonitorCluster.Node.dll");
        start.Environment["CLUSTER_STATE"] = Path.Combine(_folder, "state");
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string text = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        output.WriteLine($"{script} -> {process.ExitCode}\n{text}{await errors}");
        return (process.ExitCode, text, await errors);
    }

    private static string Repository(params string[] path)
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "MonitorCluster.sln")))
        {
            folder = folder.Parent;
        }

        return Path.Combine([folder!.FullName, .. path]);
    }
}
