using System.Globalization;

namespace MonitorCluster.Soak.Rounds;

/// <summary>What the command line asks for.</summary>
internal sealed record SoakOptions
{
    public const string Usage = """
        usage: scripts/soak NAME [options]
               scripts/soak all --quick

        Starts a cluster of real nodes, writes known content through all of them, strikes, heals, and compares everything that was acknowledged,
        sample by sample. One line a round; the last line is RESULT key=value ... Exit code 1 when anything was lost, doubled or did not heal.

          --rounds N        how many rounds            (default 5)
          --seed S          chance of victims and moments (default 1)
          --store NAME      postgresql or sqlite       (default postgresql)
          --nodes N         nodes of the cluster       (default 3)
          --rate N          samples per second in all  (default 20000)
          --minutes N       no new round after this    (default 120)
          --resume          go on after the last round of an earlier run with the same name, seed and store
          --quick           one round, half the rate
          -- OPTION ...     options of every node

        """;

    public required string Name { get; init; }

    public int Rounds { get; init; } = 5;

    public int Seed { get; init; } = 1;

    public bool IsPostgres { get; init; } = true;

    public int Nodes { get; init; } = 3;

    public int SamplesPerSecond { get; init; } = 20_000;

    public TimeSpan TimeMax { get; init; } = TimeSpan.FromMinutes(120);

    public bool IsResumed { get; init; }

    public IReadOnlyList<string> NodeOptions { get; init; } = [];

    /// <summary>Where the lines of finished rounds are kept.</summary>
    public string LogFile => Path.Combine(
        Environment.GetEnvironmentVariable("SOAK_FOLDER") ?? Path.Combine(Path.GetTempPath(), "monitorcluster-soak"),
        string.Create(CultureInfo.InvariantCulture, $"{Name}-{Seed}-{(IsPostgres ? "postgresql" : "sqlite")}.jsonl"));

    /// <summary>Reads arguments.</summary>
    /// <returns>Null with what is wrong.</returns>
    public static SoakOptions? Parse(string[] arguments, IReadOnlyCollection<string> names, out string error)
    {
        error = string.Empty;
        if (arguments.Length == 0 || !names.Contains(arguments[0]))
        {
            error = arguments.Length == 0 ? "a name is missing" : $"there is no soak '{arguments[0]}'";
            return null;
        }

        var options = new SoakOptions { Name = arguments[0] };
        for (int i = 1; i < arguments.Length; i++)
        {
            string argument = arguments[i];
            if (argument == "--")
            {
                return options with { NodeOptions = arguments[(i + 1)..] };
            }

            SoakOptions? next = argument is "--resume" or "--quick" ? options.With(argument, 0, string.Empty)
                : i + 1 < arguments.Length ? options.With(argument, Number(arguments[i + 1]), arguments[++i]) : null;
            if (next is null)
            {
                error = $"{argument} is no option, or its value is none";
                return null;
            }

            options = next;
        }

        return options;
    }

    private static int Number(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : -1;

    private SoakOptions? With(string option, int number, string text) => option switch
    {
        "--resume" => this with { IsResumed = true },
        "--quick" => this with { Rounds = 1, SamplesPerSecond = SamplesPerSecond / 2 },
        "--store" when text is "postgresql" or "sqlite" => this with { IsPostgres = text == "postgresql" },
        "--rounds" when number > 0 => this with { Rounds = number },
        "--seed" when number >= 0 => this with { Seed = number },
        "--nodes" when number is > 1 and <= 20 => this with { Nodes = number },
        "--rate" when number is >= 1_000 and <= 1_000_000 => this with { SamplesPerSecond = number },
        "--minutes" when number > 0 => this with { TimeMax = TimeSpan.FromMinutes(number) },
        _ => null,
    };
}
