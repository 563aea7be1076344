using System.Globalization;
using MonitorCluster.Soak.Optimise;

namespace MonitorCluster.Soak.Live;

/// <summary>
/// The optimiser on real nodes under load: one node's hosts become three times as hot; a wrong prediction; a node that joins and one that leaves; a pause.
/// </summary>
internal static class OptimiseRun
{
    public const string Usage = """
        usage: scripts/soak optimise [--only STEP] [--series N] [--cpu-milli N] [--minutes N] [--plot FILE] [-- OPTION ...]

          --only STEP      balance, misjudge, join or pause        (default: all of them, each on a fresh cluster)
          --series N       series of each of 48 hosts, written once a second; hot ones have three times as many (default 6000)
          --cpu-milli N    what each node may use, in thousandths of a core (default 600)
          --minutes N      how long a step waits for a plan and its verdict (default 6)
          --plot FILE      draws the step balance into an SVG file
          -- OPTION ...    options of every node

        """;

    /// <summary>Runs by the arguments after the name.</summary>
    public static async Task<int> RunAsync(string[] arguments, TextWriter output)
    {
        var options = new OptimiseOptions();
        for (int i = 0; i < arguments.Length; i += 2)
        {
            if (arguments[i] == "--")
            {
                options = options with { NodeOptions = arguments[(i + 1)..] };
                break;
            }

            if (i + 1 == arguments.Length || options.With(arguments[i], arguments[i + 1]) is not { } next)
            {
                await Console.Error.WriteLineAsync($"scripts/soak: {arguments[i]} is no option, or its value is none\n{Usage}");
                return 64;
            }

            options = next;
        }

        var report = new OptimiseReport(output);
        (string Name, Func<Task> RunAsync)[] steps =
        [
            ("balance", () => BalanceStep.RunAsync(options, report)), ("misjudge", () => MisjudgeStep.RunAsync(options, report)),
            ("join", () => JoinStep.RunAsync(options, report)), ("pause", () => PauseStep.RunAsync(options, report)),
        ];
        foreach ((string name, Func<Task> runAsync) in steps.Where(s => options.Only is null || s.Name == options.Only))
        {
            await report.SayAsync($"step {name}");
            await runAsync();
        }

        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"RESULT optimise missed={report.Missed}"));
        return report.Missed == 0 ? 0 : 1;
    }
}

/// <summary>What a run of the optimiser's proof is told.</summary>
internal sealed record OptimiseOptions
{
    public string? Only { get; init; }

    public int Series { get; init; } = 6_000;

    public int CpuMilli { get; init; } = 600;

    public TimeSpan Wait { get; init; } = TimeSpan.FromMinutes(6);

    public string? Plot { get; init; }

    public IReadOnlyList<string> NodeOptions { get; init; } = [];

    /// <summary>With one more option; null when it is none.</summary>
    public OptimiseOptions? With(string option, string text)
    {
        bool isNumber = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number);
        return option switch
        {
            "--only" when text is "balance" or "misjudge" or "join" or "pause" => this with { Only = text },
            "--series" when isNumber && number > 0 => this with { Series = number },
            "--cpu-milli" when isNumber && number >= 10 => this with { CpuMilli = number },
            "--minutes" when isNumber && number > 0 => this with { Wait = TimeSpan.FromMinutes(number) },
            "--plot" => this with { Plot = text },
            _ => null,
        };
    }
}
