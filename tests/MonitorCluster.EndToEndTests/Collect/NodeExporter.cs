using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace MonitorCluster.EndToEndTests.Collect;

/// <summary>A real node_exporter on a free loopback port.</summary>
internal sealed partial class NodeExporter : IDisposable
{
    public const string Program = "prometheus-node-exporter";

    private readonly Process process;
    private readonly HttpClient http = new();

    private NodeExporter(Process process, Uri address)
    {
        this.process = process;
        http.BaseAddress = address;
    }

    /// <summary>Starts it and waits until it says where it listens.</summary>
    public static async Task<NodeExporter> StartAsync(IEnumerable<string> arguments, CancellationToken cancel)
    {
        var start = new ProcessStartInfo(InstalledProgram.Find(Program)!) { RedirectStandardError = true, UseShellExecute = false };
        start.ArgumentList.Add("--web.listen-address=127.0.0.1:0");
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        var address = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
        var log = new StringBuilder();
        var process = new Process { StartInfo = start };
        process.ErrorDataReceived += (_, line) =>
        {
            log.AppendLine(line.Data);
            if (line.Data is null)
            {
                address.TrySetException(new InvalidOperationException($"node_exporter ended: {log}"));
            }
            else if (ListeningOn().Match(line.Data) is { Success: true } match)
            {
                address.TrySetResult(new Uri($"http://{match.Groups[1].Value}"));
            }
        };
        process.Start();
        process.BeginErrorReadLine();
        try
        {
            return new NodeExporter(process, await address.Task.WaitAsync(cancel));
        }
        catch
        {
            process.Kill();
            process.Dispose();
            throw;
        }
    }

    public async Task<Exposition> ScrapeAsync(CancellationToken cancel) => Exposition.Parse(await http.GetStringAsync("/metrics", cancel));

    public void Dispose()
    {
        http.Dispose();
        process.Kill();
        process.Dispose();
    }

    [GeneratedRegex("Listening on\" address=(127\\.0\\.0\\.1:\\d+)")]
    private static partial Regex ListeningOn();
}

/// <summary>What a /metrics page said: families with type and help, series as <c>name{a="b"}</c> with labels sorted and empty ones left out.</summary>
internal sealed partial class Exposition
{
    public Dictionary<string, string> Types { get; } = [];

    public Dictionary<string, string> Helps { get; } = [];

    public Dictionary<string, double> Series { get; } = [];

    public static Exposition Parse(string text)
    {
        var page = new Exposition();
        foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] words = line.Split(' ', 4);
            if (words[0] == "#")
            {
                (words[1] == "TYPE" ? page.Types : page.Helps)[words[2]] = words[3];
                continue;
            }

            int blank = line.LastIndexOf(' ');
            string name = line[..blank].Split('{')[0];
            IEnumerable<(string, string)> labels = LabelPair().Matches(line[..blank]).Select(m => (m.Groups[1].Value, m.Groups[2].Value));
            string value = line[(blank + 1)..].Replace("+Inf", "Infinity", StringComparison.Ordinal);
            page.Series[Key(name, labels)] = double.Parse(value, CultureInfo.InvariantCulture);
        }

        return page;
    }

    public static string Key(string name, IEnumerable<(string Name, string Value)> labels)
    {
        IEnumerable<string> pairs = labels.Where(l => l.Value.Length > 0).OrderBy(l => l.Name, StringComparer.Ordinal).Select(l => $"{l.Name}=\"{l.Value}\"");
        return $"{name}{{{string.Join(',', pairs)}}}";
    }

    [GeneratedRegex("([a-zA-Z_][a-zA-Z0-9_]*)=\"((?:[^\"\\\\]|\\\\.)*)\"")]
    private static partial Regex LabelPair();
}
