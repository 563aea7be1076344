using System.Collections.Concurrent;
using System.Globalization;
using Xunit.Abstractions;

namespace MonitorCluster.SimulationTests.Cluster;

/// <summary>Every seed is a schedule of what can befall a cluster; nothing acknowledged may be lost or doubled in any.</summary>
public sealed class ClusterSimulationTests(ITestOutputHelper output)
{
    private const int Seeds = 1_000;

    /// <summary>Seeds that once failed: they are run whatever the range is.</summary>
    private static readonly int[] Kept = [242, 438];

    [Fact]
    public void Cluster_AnySeed_LosesAndDoublesNothing()
    {
        int[] seeds = SeedRange();
        var failures = new ConcurrentBag<(int Seed, Exception Error)>();
        var reports = new ConcurrentBag<ClusterReport>();
        Parallel.ForEach(Partitioner.Create(seeds, loadBalance: true), new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, seed =>
        {
            try
            {
                using var world = new ClusterWorld(seed, trace: seeds.Length == 1 ? output.WriteLine : null);
                reports.Add(world.Run());
            }
            catch (Exception e)
            {
                failures.Add((seed, e));
            }
        });

        output.WriteLine($"{seeds.Length} seeds: {reports.Sum(r => r.Steps)} steps, {reports.Sum(r => (long)r.Acknowledged)} samples acknowledged, "
            + $"{reports.Sum(r => r.Rows)} journal rows, {reports.Sum(r => r.Cuts)} cuts, {reports.Sum(r => r.Alerts)} alert transitions, "
            + $"{reports.Sum(r => r.Owners)} changes of owners, {reports.Sum(r => r.Moves)} planned moves; {reports.Sum(r => r.Counts.Faults)} faults, "
            + $"{reports.Sum(r => r.Counts.Kills)} kills, {reports.Sum(r => r.TornTails)} torn tails, {reports.Sum(r => r.UnknownOutcomes)} unknown outcomes, "
            + $"{reports.Sum(r => r.Counts.Pauses)} pauses, "
            + $"{reports.Sum(r => r.Counts.Evictions)} evictions, {reports.Sum(r => r.Counts.Stops)} ordered stops; "
            + $"{reports.Sum(r => r.Links)} links, {reports.Sum(r => r.Messages)} messages; {reports.Sum(r => r.Counts.Answers)} queries answered, "
            + $"{reports.Sum(r => r.Counts.Refusals)} refused; longest healing {reports.Select(r => r.Counts.HealMs).DefaultIfEmpty().Max()} ms");
        Assert.True(failures.IsEmpty, Describe(failures));
        if (seeds.Length >= 100)
        {
            AssertSchedulesTestSomething(reports, seeds.Length);
        }
    }

    // Without these a change of the world, or of the program's defaults, could turn the seeds into idle minutes.
    private static void AssertSchedulesTestSomething(IReadOnlyCollection<ClusterReport> reports, int seeds)
    {
        Assert.True(reports.Sum(r => (long)r.Acknowledged) > 500L * seeds, "hardly anything is acknowledged");
        Assert.True(reports.Sum(r => r.Cuts) > 5 * seeds, "hardly any cut");
        Assert.True(reports.Sum(r => r.Alerts) > seeds, "hardly any alert");
        Assert.True(reports.Sum(r => r.Owners) > 10 * seeds, "hardly any shard changes its owner");
        Assert.True(reports.Sum(r => r.Moves) > seeds, "hardly any planned move");
        Assert.True(reports.Sum(r => r.Counts.Kills) > seeds / 2, "hardly any kill");
        Assert.True(reports.Sum(r => r.TornTails) > seeds / 20, "hardly any torn tail");
        Assert.True(reports.Sum(r => r.UnknownOutcomes) > seeds, "hardly any unknown outcome");
        Assert.True(reports.Sum(r => r.Counts.Evictions) > seeds / 10, "hardly any eviction");
        Assert.True(reports.Sum(r => r.Counts.Answers) > 5 * seeds, "hardly any query is answered");
    }

    private static string Describe(ConcurrentBag<(int Seed, Exception Error)> failures)
    {
        IEnumerable<string> lines = failures.OrderBy(f => f.Seed).Take(20).Select((f, i) => $"seed {f.Seed}: {(i < 3 ? f.Error.ToString() : f.Error.Message)}");
        return $"{failures.Count} seeds fail; replay one with MC_SIM_SEED=<seed> (docs/simulation.md)\n{string.Join('\n', lines)}";
    }

    // MC_SIM_SEED=17 replays one, MC_SIM_SEEDS=1-20000 runs a night's worth; with MC_SIM_SHORT=1 only its one-minute worlds.
    private static int[] SeedRange()
    {
        if (Environment.GetEnvironmentVariable("MC_SIM_SEED") is { Length: > 0 } one)
        {
            return [int.Parse(one, CultureInfo.InvariantCulture)];
        }

        string[] ends = Environment.GetEnvironmentVariable("MC_SIM_SEEDS") is { Length: > 0 } range ? range.Split('-') : ["1", $"{Seeds}"];
        int from = int.Parse(ends[0], CultureInfo.InvariantCulture);
        int to = int.Parse(ends[1], CultureInfo.InvariantCulture);
        bool isShort = Environment.GetEnvironmentVariable("MC_SIM_SHORT") == "1";
        return [.. Kept.Union(Enumerable.Range(from, to - from + 1).Where(seed => !isShort || !ClusterWorld.IsLong(seed)))];
    }
}
