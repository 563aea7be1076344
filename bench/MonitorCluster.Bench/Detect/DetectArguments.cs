namespace MonitorCluster.Bench.Detect;

/// <summary>The command line of <c>bench detect</c>. Paths are relative to the working directory.</summary>
/// <param name="DataFolder">The folder below which FOLDER/FILE.csv lie.</param>
/// <param name="LabelsFile">The windows of each file, as JSON.</param>
/// <param name="OutFolder">Where to write result files, or null.</param>
/// <param name="IsFull">Whether to run the long parts too.</param>
internal sealed record DetectArguments(string DataFolder, string LabelsFile, string? OutFolder, bool IsFull)
{
    /// <summary>How the command is called.</summary>
    public const string Usage = "usage: scripts/dev bench detect [--data DIR] [--labels FILE] [--out DIR] [--full]";

    // Beside the checkout, where the benchmark's files lie if they are there at all: they are not part of the repository.
    private static readonly string BesideCheckout = Path.Combine("..", "shared", "nab");

    /// <summary>Reads the options, as <c>--name VALUE</c> or <c>--name=VALUE</c>; an empty fault means they are complete and the files exist.</summary>
    public static (DetectArguments? Arguments, string Fault) Parse(string[] arguments)
    {
        string? data = null, labels = null, outFolder = null;
        bool isFull = false;
        var words = new Queue<string>(arguments.SelectMany(a => a.StartsWith("--", StringComparison.Ordinal) ? a.Split('=', 2) : [a]));
        while (words.TryDequeue(out string? word))
        {
            string? value = word == "--full" ? string.Empty : words.Count > 0 ? words.Dequeue() : null;
            switch (word)
            {
                case "--full":
                    isFull = true;
                    break;
                case "--data" when value is not null:
                    data = value;
                    break;
                case "--labels" when value is not null:
                    labels = value;
                    break;
                case "--out" when value is not null:
                    outFolder = value;
                    break;
                default:
                    return (null, $"{word} is not an option or has no value.\n{Usage}");
            }
        }

        data ??= FindBesideCheckout();
        if (data is null || !Directory.Exists(data))
        {
            return (null, $"There is no folder {data ?? BesideCheckout}: give one in the layout of the Numenta Anomaly Benchmark\n"
                + $"(github.com/numenta/NAB: data/FOLDER/FILE.csv, labels/*windows*.json) with --data DIR.\n{Usage}");
        }

        labels ??= FindLabels(data);
        if (labels is null || !File.Exists(labels))
        {
            return (null, $"There is no file {labels ?? Path.Combine(data, "labels", "*windows*.json")}: give the windows of each file with --labels FILE.");
        }

        string below = Path.Combine(data, "data");
        return (new DetectArguments(Directory.Exists(below) ? below : data, labels, outFolder, isFull), string.Empty);
    }

    private static string? FindBesideCheckout()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "MonitorCluster.sln")))
            {
                string data = Path.GetFullPath(Path.Combine(folder.FullName, BesideCheckout));
                return Directory.Exists(data) ? data : null;
            }
        }

        return null;
    }

    // The labels lie in the data's folder or beside it.
    private static string? FindLabels(string data) =>
        new[] { Path.Combine(data, "labels"), Path.Combine(data, "..", "labels") }.Where(Directory.Exists)
            .SelectMany(folder => Directory.GetFiles(folder, "*windows*.json").Order(StringComparer.Ordinal)).FirstOrDefault();
}
