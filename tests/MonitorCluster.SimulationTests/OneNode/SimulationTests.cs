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
        var reports = new ConcurrentBag<SimReport>();
        Parallel.For(from, to + 1, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, seed =>
        {
            try
            {
                using var world = new SimWorld(seed, trace: from == to ? output.WriteLine : null);
                reports.Add(world.Run());
            }
            catch (Exception e)
            {
                failures.Add((seed, e));
            }
        });

        int seeds = to - from + 1;
        output.WriteLine($"{seeds} seeds: {reports.Sum(r => (long)r.Acknowledged)} samples acknowledged, {reports.Sum(r => r.Rows)} journal rows, "
            + $"{reports.Sum(r => r.Cuts)} cuts, {reports.Sum(r => r.Alerts)} alert transitions, {reports.Sum(r => r.Kills)} kills, "
            + $"{reports.Sum(r => r.TornTails)} torn tails, {reports.Sum(r => r.UnknownOutcomes)} unknown outcomes, {reports.Sum(r => r.Evictions)} zombies, "
            + $"{reports.Sum(r => r.Stops)} ordered stops");
        Assert.True(failures.IsEmpty, Describe(failures));
        if (seeds >= 100)
        {
            AssertSchedulesTestSomething(reports, seeds);
        }
    }

    // Without these a change of the world, or of the program's defaults, could turn the seeds into idle minutes.
    private static void AssertSchedulesTestSomething(IReadOnlyCollection<SimReport> reports, int seeds)
    {
        Assert.True(reports.Sum(r => (long)r.Acknowledged) > 1_000L * seeds, "hardly anything is acknowledged");
        Assert.True(reports.Sum(r => r.Cuts) > 10 * seeds, "hardly any cut");
        Assert.True(reports.Sum(r => r.Alerts) > 2 * seeds, "hardly any alert");
        Assert.True(reports.Sum(r => r.Kills) > 5 * seeds, "hardly any kill");
        Assert.True(reports.Sum(r => r.TornTails) > seeds / 4, "hardly any torn tail");
        Assert.True(reports.Sum(r => r.UnknownOutcomes) > 3 * seeds, "hardly any unknown outcome");
        Assert.True(reports.Sum(r => r.Stops) > seeds / 2, "hardly any ordered stop");

        // A second node watches a silent one for eight seconds before it takes its place; the cluster's world has zombies in plenty.
        Assert.True(reports.Sum(r => r.Evictions) > seeds / 100, "hardly any zombie");
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
