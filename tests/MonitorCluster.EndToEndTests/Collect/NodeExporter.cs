using System.Diagnostics;
using System.Globalization;
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
        var start = new ProcessStartInfo(RequiresProgramFactAttribute.Find(Program)!) { RedirectStandardError = true, UseShellExecute = false };
        start.ArgumentList.Add("--web.listen-address=127.0.0.1:0");
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        Process process = Process.Start(start)!;
        var log = new List<string>();
        while (await process.StandardError.ReadLineAsync(cancel) is string line)
        {
            log.Add(line);
            if (ListeningOn().Match(line) is { Success: true } match)
            {
                process.BeginErrorReadLine(); // or it blocks on a full pipe
                return new NodeExporter(process, new Uri($"http://{match.Groups[1].Value}"));
            }
        }

        throw new InvalidOperationException($"node_exporter ended: {string.Join('\n', log)}");
    }

    public async Task<Exposition> ScrapeAsync(CancellationToken cancel) => Exposition.Parse(await http.GetStringAsync("/metrics", cancel));

    public void Dispose()
    {
        http.Dispose();
        process.Kill();
        process.WaitForExit();
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
            page.Series[Key(name, labels)] = double.Parse(line[(blank + 1)..].Replace("+Inf", "Infinity", StringComparison.Ordinal), CultureInfo.InvariantCulture);
        }

        return page;
    }

    public static string Key(string name, IEnumerable<(string Name, string Value)> labels) =>
        $"{name}{{{string.Join(',', labels.Where(l => l.Value.Length > 0).OrderBy(l => l.Name, StringComparer.Ordinal).Select(l => $"{l.Name}=\"{l.Value}\""))}}}";

    [GeneratedRegex("([a-zA-Z_][a-zA-Z0-9_]*)=\"((?:[^\"\\\\]|\\\\.)*)\"")]
    private static partial Regex LabelPair();
}
