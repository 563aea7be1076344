using System.Diagnostics;
using System.Globalization;
using System.Text;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Tests.TimeSeries.PromQl;

/// <summary>
/// Puts the scripts that begin with <c># as prometheus 2.42</c> before the real one: the values expected of us are those it computes.
/// Such scripts keep samples off the left edges of windows, which 2.42 includes and 3.x (and we) do not.
/// </summary>
public class PromtoolTests
{
    private const string Promtool = "/usr/bin/promtool";

    public static TheoryData<string> Files => new(Directory.GetFiles(ScriptTests.Folder(), "*.test")
        .Where(f => File.ReadLines(f).First() == "# as prometheus 2.42").Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal));

    [PromtoolTheory]
    [MemberData(nameof(Files))]
    public async Task Script_GivenToPrometheus_GivesTheSameAnswers(string file)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("promtool");
        try
        {
            string yaml = Path.Combine(folder.FullName, "test.yaml");
            await File.WriteAllTextAsync(yaml, Yaml(ScriptStep.ReadAll(Path.Combine(ScriptTests.Folder(), file))));
            var start = new ProcessStartInfo(Promtool, ["test", "rules", yaml]) { RedirectStandardOutput = true, RedirectStandardError = true };
            using Process promtool = Process.Start(start)!;
            Task<string> errors = promtool.StandardError.ReadToEndAsync();
            string output = await promtool.StandardOutput.ReadToEndAsync() + await errors;
            await promtool.WaitForExitAsync();

            Assert.True(promtool.ExitCode == 0, output);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    // promtool compares values with ==, so that a NaN is never what was expected.
    private static bool CanCompare(ScriptStep step) =>
        step.Kind == "eval" && step.Times.IsInstant && !step.Expected.Exists(line => line.EndsWith("NaN", StringComparison.Ordinal));

    private static string Yaml(List<ScriptStep> steps)
    {
        var yaml = new StringBuilder("rule_files: []\nevaluation_interval: 1s\ntests:\n");
        foreach (IGrouping<List<string>, ScriptStep> group in steps.Where(CanCompare).GroupBy(s => s.Loads))
        {
            yaml.Append(CultureInfo.InvariantCulture, $" - interval: {(group.Key.Count > 0 ? group.Key[0] : "1m")}\n   input_series:\n");
            foreach (string load in group.Key.Skip(1))
            {
                (LabelSet labels, string values) = ScriptStore.SplitSeries(load);
                yaml.Append(CultureInfo.InvariantCulture, $"     - series: '{labels}'\n       values: '{values.Trim()}'\n");
            }

            yaml.Append("   promql_expr_test:\n");
            foreach (ScriptStep step in group)
            {
                yaml.Append(CultureInfo.InvariantCulture, $"     - expr: '{step.Expression.Replace("'", "''", StringComparison.Ordinal)}'\n");
                yaml.Append(CultureInfo.InvariantCulture, $"       eval_time: {step.Times.StartMs}ms\n       exp_samples:\n");
                foreach (string expected in step.Expected)
                {
                    bool isScalar = !expected.Contains(' ', StringComparison.Ordinal);
                    (LabelSet labels, string value) = isScalar ? (LabelSet.Empty, expected) : ScriptStore.SplitSeries(expected);
                    string number = value.Trim() switch { "Inf" or "+Inf" => ".inf", "-Inf" => "-.inf", "NaN" => ".nan", var other => other };
                    yaml.Append(CultureInfo.InvariantCulture, $"         - labels: '{labels}'\n           value: {number}\n");
                }
            }
        }

        return yaml.ToString();
    }

    private sealed class PromtoolTheoryAttribute : TheoryAttribute
    {
        public PromtoolTheoryAttribute()
        {
            if (!File.Exists(Promtool))
            {
                Skip = "promtool is not installed (Debian package prometheus)";
            }
        }
    }
}
