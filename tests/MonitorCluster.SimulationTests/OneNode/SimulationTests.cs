using System.Collections.Concurrent;
using System.Globalization;
using Xunit.Abstractions;

namespace MonitorCluster.SimulationTests.OneNode;

/// <summary>Every seed is a schedule of kills, torn tails, store and disk errors; nothing acknowledged may be lost or doubled in any.</summary>
public sealed class SimulationTests(ITestOutputHelper output)
{
    private const int Seeds = 1_000;

    [Fact]
    public void OneNode_AnySeed_LosesAndDoublesNothing()
    {
        (int from, int to) = SeedRange();
        var failures = new ConcurrentBag<(int Seed, Exception Error)>();
        long acknowledged = 0, rows = 0, alerts = 0, kills = 0;
        Parallel.For(from, to + 1, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, seed =>
        {
            try
            {
                using var world = new SimWorld(seed, trace: from == to ? output.WriteLine : null);
                SimReport report = world.Run();
                Interlocked.Add(ref acknowledged, report.Acknowledged);
                Interlocked.Add(ref rows, report.JournalRows);
                Interlocked.Add(ref alerts, report.Alerts);
                Interlocked.Add(ref kills, report.Kills);
            }
            catch (Exception e)
            {
                failures.Add((seed, e));
            }
        });

        output.WriteLine($"{to - from + 1} seeds: {acknowledged} samples acknowledged, {rows} journal rows, {alerts} alert transitions, {kills} kills");
        Assert.True(failures.IsEmpty, Describe(failures));
        Assert.True(acknowledged > 1_000L * (to - from + 1), "the schedules test nothing: hardly anything is acknowledged");
    }

    private static string Describe(ConcurrentBag<(int Seed, Exception Error)> failures)
    {
        IEnumerable<string> lines = failures.OrderBy(f => f.Seed).Take(20).Select((f, i) => $"seed {f.Seed}: {(i < 3 ? f.Error.ToString() : f.Error.Message)}");
        return $"{failures.Count} seeds fail; replay one with MC_SIM_SEED=<seed> (docs/simulation.md)\n{string.Join('\n', lines)}";
    }

    // MC_SIM_SEED=17 replays one, MC_SIM_SEEDS=1-20000 runs a night's worth.
    private static (int From, int To) SeedRange()
    {
        if (Environment.GetEnvironmentVariable("MC_SIM_SEED") is { Length: > 0 } one)
        {
            int seed = int.Parse(one, CultureInfo.InvariantCulture);
            return (seed, seed);
        }

        if (Environment.GetEnvironmentVariable("MC_SIM_SEEDS") is { Length: > 0 } range)
        {
            string[] ends = range.Split('-');
            return (int.Parse(ends[0], CultureInfo.InvariantCulture), int.Parse(ends[1], CultureInfo.InvariantCulture));
        }

        return (1, Seeds);
    }
}
