using System.Globalization;
using System.Text.Json;

namespace MonitorCluster.Bench.Detect;

/// <summary>One labelled file of the Numenta Anomaly Benchmark's layout: its rows, and what a detection at each row is worth.</summary>
/// <remarks>Arrays have one entry per row, in the file's order. Source of the weights: NAB's scoring rules, Ahmad et al., Neurocomputing 2017.</remarks>
internal sealed class NabFile
{
    /// <summary>Mark of a row outside all windows in <see cref="WindowOf"/>.</summary>
    public const int NoWindow = -1;

    /// <summary>Mark of a row that is not scored in <see cref="WindowOf"/>.</summary>
    public const int Probation = -2;

    private const double ProbationShare = 0.15;
    private const int ProbationRowsMax = 750;

    public NabFile(string name, string[] stamps, float[] values, IReadOnlyList<(string Start, string End)> windows)
    {
        (Name, Stamps, Values) = (name, stamps, values);
        TimesMs = Array.ConvertAll(stamps, ParseMs);
        WindowOf = new int[values.Length];
        Worth = new double[values.Length];
        WindowCount = windows.Count;
        Array.Fill(WindowOf, NoWindow);
        Array.Fill(Worth, -1);
        int after = 0;
        foreach ((int window, (long startMs, long endMs)) in windows.Select(w => (ParseMs(w.Start), ParseMs(w.End))).Order().Index())
        {
            after = Place(window, startMs, endMs, after);
        }

        WindowOf.AsSpan(0, ProbationRows(values.Length)).Fill(Probation);
    }

    /// <summary>Folder and file name with a slash between: the key in the labels.</summary>
    public string Name { get; }

    /// <summary>The stamps as they are written.</summary>
    public string[] Stamps { get; }

    /// <summary>The stamps as milliseconds since 1970, read as UTC; they may repeat and step back.</summary>
    public long[] TimesMs { get; }

    /// <summary>The values.</summary>
    public float[] Values { get; }

    /// <summary>Index of the window that a row is in, or one of the marks.</summary>
    public int[] WindowOf { get; }

    /// <summary>Worth of a detection at the row before the profile's weight: 0 to 1 in a window, -1 to 0 outside.</summary>
    public double[] Worth { get; }

    /// <summary>Number of windows.</summary>
    public int WindowCount { get; }

    /// <summary>Reads every .csv below a folder that has an entry in the labels, in ordinal order of names.</summary>
    /// <remarks>The folder may also be a single one of the benchmark's: its name is then part of the key.</remarks>
    public static List<NabFile> Load(string dataFolder, string labelsFile)
    {
        using JsonDocument labels = JsonDocument.Parse(File.ReadAllText(labelsFile));
        var files = new List<NabFile>();
        foreach (string path in Directory.GetFiles(dataFolder, "*.csv", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            string name = Path.GetRelativePath(dataFolder, path).Replace('\\', '/');
            if (!labels.RootElement.TryGetProperty(name, out JsonElement windows))
            {
                name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(dataFolder))) + "/" + name;
            }

            if (labels.RootElement.TryGetProperty(name, out windows))
            {
                (string[] stamps, float[] values) = ReadRows(path);
                files.Add(new NabFile(name, stamps, values, [.. windows.EnumerateArray().Select(w => (w[0].GetString()!, w[1].GetString()!))]));
            }
        }

        return files;
    }

    /// <summary>sigma(y) = 2 / (1 + e^(5y)) - 1, and -1 from y = 3 on.</summary>
    public static double Sigmoid(double y) => y > 3 ? -1 : (2 / (1 + Math.Exp(5 * y))) - 1;

    private static int ProbationRows(int rows) => (int)Math.Min(Math.Floor(ProbationShare * rows), ProbationRowsMax);

    // Fills the window's rows and, up to the end of the file, what a false row after it costs; the next window overwrites that.
    private int Place(int window, long startMs, long endMs, int from)
    {
        // The benchmark's windows start and end at rows; other people's may lie between.
        int first = Array.FindIndex(TimesMs, from, t => t >= startMs);
        int last = first < 0 ? -1 : Array.FindIndex(TimesMs, first, t => t == endMs);
        last = last < 0 && first >= 0 ? Array.FindLastIndex(TimesMs, t => t <= endMs) : last;
        if (first < 0 || last < first)
        {
            throw new InvalidDataException($"{Name}: window {window} in order of time has no row of its own");
        }

        double width = last - first + 1;
        for (int row = first; row <= last; row++)
        {
            WindowOf[row] = window;
            Worth[row] = Sigmoid(-(last - row + 1) / width) / Sigmoid(-1);
        }

        for (int row = last + 1; row < Worth.Length; row++)
        {
            Worth[row] = Sigmoid((row - last) / (width - 1));
        }

        return last + 1;
    }

    private static (string[] Stamps, float[] Values) ReadRows(string path)
    {
        string[][] rows = [.. File.ReadLines(path).Skip(1).Where(l => l.Length > 0).Select(l => l.Split(','))];
        return (Array.ConvertAll(rows, r => r[0]), Array.ConvertAll(rows, r => float.Parse(r[1], CultureInfo.InvariantCulture)));
    }

    private static long ParseMs(string stamp) => new DateTimeOffset(
        DateTime.Parse(stamp.AsSpan(0, Math.Min(stamp.Length, 19)), CultureInfo.InvariantCulture), TimeSpan.Zero).ToUnixTimeMilliseconds();
}
