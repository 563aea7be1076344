using System.Diagnostics;
using System.Globalization;
using System.Net;
using MonitorCluster.Soak.Processes;

namespace MonitorCluster.Soak.Live;

/// <summary>A node_exporter, scraped each second by a Prometheus that sends what it has to a node: another machine, as far as the cluster knows.</summary>
internal sealed class Exporter : IAsyncDisposable
{
    /// <summary>The label of its series.</summary>
    public const string Host = "exporter";

    private readonly string _folder = Directory.CreateTempSubdirectory("mc-exporter-").FullName;
    private readonly string _address = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{FreePorts.Take(IPAddress.Loopback)}");
    private Process? _exporter;
    private Process? _prometheus;

    /// <summary>The programs it needs.</summary>
    public static IReadOnlyList<string> Programs { get; } = ["prometheus", "prometheus-node-exporter"];

    /// <summary>Starts both.</summary>
    public async Task StartAsync(Uri node)
    {
        string file = Path.Combine(_folder, "prometheus.yml");
        await File.WriteAllTextAsync(
            file,
            $$"""
            global: { scrape_interval: 1s, scrape_timeout: 900ms }
            scrape_configs:
              - job_name: node
                static_configs: [ { targets: [ "{{_address}}" ], labels: { host: {{Host}} } } ]
            remote_write:
              - url: {{node}}api/v1/write
                queue_config: { batch_send_deadline: 1s }
            """);
        StartTarget();
        string own = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{FreePorts.Take(IPAddress.Loopback)}");
        _prometheus = Start("prometheus", $"--config.file={file}", $"--storage.tsdb.path={Path.Combine(_folder, "data")}", $"--web.listen-address={own}");
    }

    /// <summary>Starts the target, again or for the first time.</summary>
    public void StartTarget() => _exporter = Start("prometheus-node-exporter", $"--web.listen-address={_address}");

    /// <summary>Ends the target; who scrapes it goes on.</summary>
    public async Task StopTargetAsync()
    {
        _exporter!.Kill();
        await _exporter.WaitForExitAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (Process process in new[] { _exporter, _prometheus }.OfType<Process>())
        {
            if (!process.HasExited)
            {
                process.Kill();
                await process.WaitForExitAsync();
            }

            process.Dispose();
        }

        Directory.Delete(_folder, recursive: true);
    }

    // Their output is of no interest, but a full pipe would stop them: it goes nowhere.
    private static Process Start(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(InstalledProgram.Find(program) ?? program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        Process process = Process.Start(start)!;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }
}
