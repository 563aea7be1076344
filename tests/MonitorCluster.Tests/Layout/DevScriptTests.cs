using System.Diagnostics;

namespace MonitorCluster.Tests.Layout;

/// <summary><c>scripts/dev</c> in a copy of its own, with a dotnet that only says how it was called.</summary>
[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public sealed class DevScriptTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("mc-dev-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Run_FromAnotherFolder_BuildsWithALineAndStartsTheNodeThere()
    {
        foreach (string name in (string[])["scripts", "src", "elsewhere", "bin"])
        {
            Directory.CreateDirectory(Path.Combine(folder, name));
        }

        string script = Path.Combine(folder, "scripts", "dev");
        File.Copy(Repository.At("scripts", "dev"), script);
        string dotnet = Path.Combine(folder, "bin", "dotnet");
        await File.WriteAllTextAsync(dotnet, "#!/bin/sh\necho \"$PWD $*\"\n");
        File.SetUnixFileMode(dotnet, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var start = new ProcessStartInfo("bash", [script, "run", "--config", "node.json"])
        {
            WorkingDirectory = Path.Combine(folder, "elsewhere"),
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["PATH"] = $"{Path.Combine(folder, "bin")}:{start.Environment["PATH"]}";

        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string[] calls = (await process.StandardOutput.ReadToEndAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        await process.WaitForExitAsync();

        Assert.Equal("building, about a minute the first time ...\n", await errors);
        Assert.StartsWith($"{folder} build src/MonitorCluster.Node", calls[0], StringComparison.Ordinal);
        Assert.Equal($"{folder}/elsewhere {folder}/artifacts/bin/MonitorCluster.Node/release/MonitorCluster.Node.dll --config node.json", calls[1]);
    }
}
