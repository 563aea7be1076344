using System.Globalization;
using MonitorCluster.TimeSeries.Model;
using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Tests.TimeSeries.PromQl;

/// <summary>Series in memory, as a script's <c>load</c> lines give them, and the reading of selectors that a cluster would do.</summary>
internal sealed class ScriptStore
{
    private readonly Dictionary<LabelSet, (List<long> Times, List<double> Values)> series = [];

    public IEnumerable<LabelSet> Series => series.Keys;

    /// <summary>Adds a line such as <c>m{a="b"} 1 2+3x4 _ stale</c>, one value each step from time 0.</summary>
    public void Load(string line, long stepMs)
    {
        (LabelSet labels, string rest) = SplitSeries(line);
        (List<long> times, List<double> values) = series.TryGetValue(labels, out var held) ? held : series[labels] = ([], []);
        long timeMs = 0;
        foreach (string item in rest.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            foreach (double? value in Expand(item))
            {
                if (value is { } present)
                {
                    times.Add(timeMs);
                    values.Add(present);
                }

                timeMs += stepMs;
            }
        }
    }

    public void Add(LabelSet labels, long[] times, double[] values) => series[labels] = ([.. times], [.. values]);

    public QueryResult Evaluate(PromQlQuery query, QueryTimes times, QueryLimits? limits = null, CancellationToken cancellationToken = default) =>
        query.Evaluate([.. query.Selectors(times).Select(Read)], times, limits ?? QueryLimits.Default, cancellationToken);

    /// <summary>Exactly what the window asks for: a query that needs more than it asked for gives a wrong answer here.</summary>
    public IReadOnlyList<SeriesData> Read(SelectorWindow window) =>
    [
        .. from one in series
           where window.Matchers.All(m => m.Matches(one.Key[m.Name]))
           let kept = Enumerable.Range(0, one.Value.Times.Count).Where(i => one.Value.Times[i] > window.FromMs && one.Value.Times[i] <= window.ToMs).ToArray()
           select new SeriesData(one.Key, kept.Select(i => one.Value.Times[i]).ToArray(), kept.Select(i => one.Value.Values[i]).ToArray()),
    ];

    /// <summary>Cuts a line into its series and what follows.</summary>
    public static (LabelSet Labels, string Points) SplitSeries(string line)
    {
        line = line.Trim();
        int brace = line.IndexOf('{', StringComparison.Ordinal), blank = line.IndexOf(' ', StringComparison.Ordinal);
        int end = brace >= 0 && brace < blank ? line.LastIndexOf('}') + 1 : blank;
        string text = line[..end].Trim();
        string rest = line[end..];
        if (text == "{}")
        {
            return (LabelSet.Empty, rest);
        }

        Assert.True(PromQlQuery.TryParseSelector(text, out IReadOnlyList<LabelMatcher> matchers, out PromQlError error), $"{text}: {error}");
        return (LabelSet.Create(matchers.Select(m => new Label(m.Name, m.Value))), rest);
    }

    /// <summary>Reads a value of a script.</summary>
    public static double Number(string text) => text switch
    {
        "Inf" or "+Inf" => double.PositiveInfinity,
        "-Inf" => double.NegativeInfinity,
        "NaN" => double.NaN,
        "stale" => Sample.StaleMarker,
        _ => double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture),
    };

    // "_" is a gap, "_x3" three, "1x3" one and three more, "1+2x3" is 1 3 5 7, "9-2x3" is 9 7 5 3.
    private static IEnumerable<double?> Expand(string item)
    {
        int times = item.LastIndexOf('x');
        int count = times > 0 ? int.Parse(item[(times + 1)..], CultureInfo.InvariantCulture) : 0;
        string body = times > 0 ? item[..times] : item;
        if (body == "_")
        {
            return Enumerable.Repeat<double?>(null, Math.Max(1, count));
        }

        int sign = times > 0 ? body.LastIndexOfAny(['+', '-']) : 0;
        double start = Number(sign > 0 ? body[..sign] : body), rise = sign > 0 ? Number(body[sign..]) : 0;
        return Enumerable.Range(0, count + 1).Select(i => (double?)(i == 0 ? start : start + (i * rise)));
    }
}
