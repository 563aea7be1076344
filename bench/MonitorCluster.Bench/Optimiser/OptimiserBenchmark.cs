using System.Globalization;
using System.Text;

namespace MonitorCluster.Bench.Optimiser;

/// <summary>The planner on static clusters, and the whole optimiser in a closed loop beside two naive policies.</summary>
internal static class OptimiserBenchmark
{
    private const string Usage = """
        usage: scripts/dev bench optimiser [--seeds A-B] [--scenario FILE] [--full]

          --seeds A-B      seeds of the closed loop, default 1-4
          --scenario FILE  what the closed loop is driven with, as JSON, all keys optional (defaults in brackets):
                           nodes [45], shards [2500], hours [24], zipf [1.0], wave [0.3], burst [6] (factor; 1 for none), burstChance [0.02],
                           noise [0.25], delay [30] (seconds), cpu [0.4], events [add 5 at 20000, hot 2 x 3 at 40000, giant 1.5 at 55000,
                           kill 1 at 70000]: a list of {"atSeconds": N, "kind": "add|kill|hot|giant", "count": N, "factor": X};
                           see docs/formats/optimiser-scenario.md
          --full           more rows in the static table
        """;

    public static int Run(string[] words)
    {
        (Arguments? arguments, string fault, int exitCode) = Parse(words);
        if (arguments is null)
        {
            (exitCode == 0 ? Console.Out : Console.Error).WriteLine(fault);
            return exitCode;
        }

        (double movesOverBound, double plannerMs) = StaticTable.Run(arguments.IsFull);
        Console.WriteLine();
        Totals planner = RunLoops(arguments);
        var result = new StringBuilder("RESULT");
        result.Append(CultureInfo.InvariantCulture, $" p95_ratio={planner.MedianP95:0.0000} returns={planner.Returns} moves_over_bound={movesOverBound:0.000}");
        result.Append(CultureInfo.InvariantCulture, $" planner_ms={plannerMs:0.00} seconds_to_125={Number(planner.SecondsToGood)}");
        result.Append(CultureInfo.InvariantCulture, $" worst_p95={planner.WorstP95:0.0000} cv={planner.Variation:0.0000} regret={planner.Regret:0.0}");
        result.Append(CultureInfo.InvariantCulture, $" moves={planner.Moves:0.0} suspended={planner.Suspended}");
        Console.WriteLine(result);
        return 0;
    }

    private static Totals RunLoops(Arguments arguments)
    {
        Scenario scenario = arguments.Scenario;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"closed loop, {scenario.Hours} h, {scenario.Nodes} nodes at first, {scenario.Shards} shards, zipf {scenario.Zipf}, wave {scenario.Wave}, "
            + $"bursts x{scenario.Burst}, noise {scenario.Noise}, {scenario.Delay} s late; seeds {arguments.FirstSeed}-{arguments.LastSeed}"));
        Console.WriteLine("ratio = max over nodes of load / max(water level, its largest shard); back = seconds until it is under 1.25 again");
        Console.WriteLine($"{"policy",-12}{"seed",5}{"ratio mean",11}{"p95",7}{"max",7}{"max/mean",10}{"p95",7}{"cv",7}{"moves",7}{"twice",6}{"returns",8}"
            + $"{"MiB",9}{"pauses",8}{"regret",8}{"back: add",10}{"kill",6}{"hot",6}{"giant",6}");
        Totals? planner = null;
        foreach (string name in ClosedLoop.Policies)
        {
            Totals totals = new();
            for (int seed = arguments.FirstSeed; seed <= arguments.LastSeed; seed++)
            {
                (LoopMetrics metrics, SimulatedCluster cluster, LoopPolicy policy) = ClosedLoop.Run(scenario, seed, name);
                totals.Add(metrics, policy);
                Print(name, seed, metrics, cluster, policy);
            }

            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{name}: median p95 {totals.MedianP95:0.000}, worst p95 {totals.WorstP95:0.000}, {totals.Returns} returns, "
                + $"hot shift back in {Number(totals.SecondsToGood)} s"));
            planner ??= totals;
        }

        return planner!;
    }

    private static void Print(string name, int seed, LoopMetrics metrics, SimulatedCluster cluster, LoopPolicy policy)
    {
        string more = policy is PlannerPolicy planner
            ? $"  {planner.Plans} plans, {planner.EmptyPlans} empty; "
                + string.Join(", ", planner.Verdicts.OrderBy(one => one.Key).Select(one => $"{one.Value} {one.Key}"))
                + (planner.IsSuspended ? ", SUSPENDED" : string.Empty)
            : string.Empty;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{name,-12}{seed,5}{metrics.RatioMean,11:0.000}{metrics.RatioP95,7:0.000}{metrics.RatioMax,7:0.00}{metrics.OverMeanMean,10:0.000}"
            + $"{metrics.OverMeanP95,7:0.000}{metrics.Variation,7:0.000}{metrics.Moves,7}{metrics.MovedTwice,6}{metrics.Returns,8}"
            + $"{cluster.BytesMoved / 1048576,9:0}{cluster.PauseSeconds,8:0.0}{metrics.RegretSeconds,8:0}{Number(metrics.SecondsToGood("add")),10}"
            + $"{Number(metrics.SecondsToGood("kill")),6}{Number(metrics.SecondsToGood("hot")),6}{Number(metrics.SecondsToGood("giant")),6}{more}"));
    }

    // A plain number even where there is none: what never came back took for ever, what had no reason to took no time.
    private static string Number(double seconds) =>
        double.IsNaN(seconds) ? "0" : double.IsInfinity(seconds) ? "999999" : seconds.ToString("0", CultureInfo.InvariantCulture);

    private static (Arguments? Arguments, string Fault, int ExitCode) Parse(string[] words)
    {
        Arguments arguments = new(1, 4, new Scenario(), false);
        Queue<string> rest = new(words.SelectMany(word => word.StartsWith("--", StringComparison.Ordinal) ? word.Split('=', 2) : [word]));
        while (rest.TryDequeue(out string? word))
        {
            string? value = word is "--full" or "--help" ? string.Empty : rest.Count > 0 ? rest.Dequeue() : null;
            switch (word)
            {
                case "--full":
                    arguments = arguments with { IsFull = true };
                    break;
                case "--help":
                    return (null, Usage, 0);
                case "--seeds" when value is not null && Seeds(value) is { } seeds:
                    arguments = arguments with { FirstSeed = seeds.First, LastSeed = seeds.Last };
                    break;
                case "--scenario" when value is not null:
                    (Scenario? scenario, string fault) = Scenario.Load(value);
                    if (scenario is null)
                    {
                        return (null, fault, 65);
                    }

                    arguments = arguments with { Scenario = scenario };
                    break;
                default:
                    return (null, $"{word} is not an option or its value is missing or wrong.\n{Usage}", 64);
            }
        }

        return (arguments, string.Empty, 0);
    }

    private static (int First, int Last)? Seeds(string value)
    {
        string[] ends = value.Split('-');
        return ends.Length is 1 or 2
            && int.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out int first)
            && int.TryParse(ends[^1], NumberStyles.None, CultureInfo.InvariantCulture, out int last)
            && last >= first ? (first, last) : null;
    }

    private sealed record Arguments(int FirstSeed, int LastSeed, Scenario Scenario, bool IsFull);

    private sealed class Totals
    {
        private readonly List<LoopMetrics> all = [];

        public int Suspended { get; private set; }

        public double MedianP95
        {
            get
            {
                double[] sorted = [.. all.Select(metrics => metrics.RatioP95).Order()];
                return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
            }
        }

        public double WorstP95 => all.Max(metrics => metrics.RatioP95);

        public int Returns => all.Sum(metrics => metrics.Returns);

        public double SecondsToGood => all.Max(metrics => metrics.SecondsToGood("hot"));

        public double Variation => all.Average(metrics => metrics.Variation);

        public double Regret => all.Average(metrics => metrics.RegretSeconds);

        public double Moves => all.Average(metrics => metrics.Moves);

        public void Add(LoopMetrics metrics, LoopPolicy policy)
        {
            all.Add(metrics);
            Suspended += policy is PlannerPolicy { IsSuspended: true } ? 1 : 0;
        }
    }
}
