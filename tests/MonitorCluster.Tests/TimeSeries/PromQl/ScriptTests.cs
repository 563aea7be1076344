using System.Globalization;
using MonitorCluster.Tests.Layout;
using MonitorCluster.TimeSeries.Model;
using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Tests.TimeSeries.PromQl;

/// <summary>
/// Runs Scripts/*.test. A script is lines of: load STEP, clear, eval[_ordered|_matrix|_fail] instant at T EXPR, eval range from A to B step S EXPR.
/// </summary>
public class ScriptTests
{
    public static TheoryData<string> Files => new(Directory.GetFiles(Folder(), "*.test").Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Files))]
    public void Script_EveryEvaluation_GivesTheExpectedAnswer(string file)
    {
        int evaluations = 0;
        foreach (ScriptStep step in ScriptStep.ReadAll(Path.Combine(Folder(), file)))
        {
            evaluations++;
            try
            {
                Check(step);
            }
            catch (Exception e)
            {
                Assert.Fail($"{file}:{step.Line}: {step.Expression}: {e.Message}");
            }
        }

        Assert.NotEqual(0, evaluations);
    }

    internal static string Folder() => Repository.At("tests", "MonitorCluster.Tests", "TimeSeries", "PromQl", "Scripts");

    private static void Check(ScriptStep step)
    {
        if (step.Kind == "eval_fail")
        {
            string message = FailureOf(step);
            Assert.All(step.Expected, text => Assert.Contains(text, message, StringComparison.Ordinal));
            return;
        }

        QueryResult result = step.Store.Evaluate(Parsed(step.Expression), step.Times);
        string[] actual = [.. Lines(result)];
        string[] expected = [.. step.Expected.Select(line => Canonical(line, result))];
        if (step.Kind != "eval_ordered")
        {
            Array.Sort(expected, StringComparer.Ordinal);
            Array.Sort(actual, StringComparer.Ordinal);
        }

        Assert.True(Agree(expected, actual), $"\nexpected:\n  {string.Join("\n  ", expected)}\nactual:\n  {string.Join("\n  ", actual)}");
    }

    private static string FailureOf(ScriptStep step)
    {
        if (!PromQlQuery.TryParse(step.Expression, out PromQlQuery query, out PromQlError error))
        {
            return error.ToString();
        }

        return Assert.Throws<QueryException>(() => step.Store.Evaluate(query, step.Times)).Message;
    }

    private static PromQlQuery Parsed(string text) =>
        PromQlQuery.TryParse(text, out PromQlQuery query, out PromQlError error) ? query : throw new InvalidOperationException(error.ToString());

    // One line a series: labels, then value@seconds for each point.
    private static IEnumerable<string> Lines(QueryResult result) => result switch
    {
        ScalarResult scalar => [$"scalar {Text(scalar.Value)}"],
        StringResult text => [$"string {text.Value}"],
        VectorResult vector => vector.Samples.Select(s => $"{s.Labels} {Text(s.Value)}"),
        MatrixResult matrix => matrix.Series.Select(s => $"{s.Labels} " + string.Join(' ', Points(s))),
        _ => throw new InvalidOperationException(result.ToString()),
    };

    private static IEnumerable<string> Points(SeriesData series)
    {
        for (int i = 0; i < series.Timestamps.Length; i++)
        {
            yield return $"{Text(series.Values.Span[i])}@{(series.Timestamps.Span[i] / 1000.0).ToString("R", CultureInfo.InvariantCulture)}";
        }
    }

    private static string Canonical(string line, QueryResult result)
    {
        if (result is ScalarResult or StringResult)
        {
            return result is ScalarResult ? $"scalar {Text(ScriptStore.Number(line.Trim()))}" : $"string {line.Trim()}";
        }

        (LabelSet labels, string rest) = ScriptStore.SplitSeries(line);
        IEnumerable<string> points = rest.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(point =>
        {
            string[] parts = point.Split('@');
            return Text(ScriptStore.Number(parts[0])) + (parts.Length > 1 ? "@" + parts[1] : "");
        });
        return $"{labels} {string.Join(' ', points)}";
    }

    private static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    // Texts must be the same but for the last digits of numbers: 1e-13, relative.
    private static bool Agree(string[] expected, string[] actual) =>
        expected.Length == actual.Length && expected.Zip(actual).All(pair => Agree(pair.First, pair.Second));

    private static bool Agree(string expected, string actual)
    {
        string[] left = expected.Split(' '), right = actual.Split(' ');
        return left.Length == right.Length && left.Zip(right).All(pair => pair.First == pair.Second || AreClose(pair.First.Split('@'), pair.Second.Split('@')));
    }

    private static bool AreClose(string[] left, string[] right) =>
        left.Length == right.Length && left.AsSpan(1).SequenceEqual(right.AsSpan(1))
        && double.TryParse(left[0], CultureInfo.InvariantCulture, out double a) && double.TryParse(right[0], CultureInfo.InvariantCulture, out double b)
        && Math.Abs(a - b) <= 1e-13 * Math.Max(Math.Abs(a), Math.Abs(b));
}
