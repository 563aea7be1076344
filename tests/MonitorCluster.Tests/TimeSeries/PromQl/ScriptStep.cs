using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Tests.TimeSeries.PromQl;

/// <summary>One evaluation of a script, with the data loaded up to it.</summary>
internal sealed record ScriptStep(int Line, string Kind, string Expression, QueryTimes Times, ScriptStore Store, List<string> Loads, List<string> Expected)
{
    public static List<ScriptStep> ReadAll(string path)
    {
        var steps = new List<ScriptStep>();
        var store = new ScriptStore();
        var loads = new List<string>();
        long stepMs = 0;
        bool isLoading = false;
        string[] lines = File.ReadAllLines(path);
        for (int i = 0; i < lines.Length; i++)
        {
            string line = lines[i];
            if (line.Trim().Length == 0 || line.TrimStart().StartsWith('#'))
            {
                continue;
            }

            if (line[0] == ' ')
            {
                if (isLoading)
                {
                    store.Load(line, stepMs);
                    loads.Add(line.Trim());
                }
                else
                {
                    steps[^1].Expected.Add(line.Trim());
                }

                continue;
            }

            string[] words = line.Split(' ');
            isLoading = words[0] == "load";
            if (words[0] is "load" or "clear")
            {
                store = new ScriptStore();
                loads = isLoading ? [words[1]] : [];
                stepMs = isLoading ? Ms(words[1]) : 0;
                continue;
            }

            bool isRange = words[1] == "range";
            QueryTimes times = isRange ? QueryTimes.Over(Ms(words[3]), Ms(words[5]), Ms(words[7])) : QueryTimes.At(Ms(words[3]));
            steps.Add(new ScriptStep(i + 1, words[0], string.Join(' ', words[(isRange ? 8 : 4)..]), times, store, loads, []));
        }

        return steps;
    }

    internal static long Ms(string duration)
    {
        Assert.True(PromQlQuery.TryParse(duration, out PromQlQuery query, out _), duration);
        return (long)Math.Round(((ScalarResult)new ScriptStore().Evaluate(query, QueryTimes.At(0))).Value * 1000);
    }
}
