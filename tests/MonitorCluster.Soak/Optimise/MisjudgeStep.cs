using MonitorCluster.Soak.Client;
using MonitorCluster.Soak.Live;

namespace MonitorCluster.Soak.Optimise;

/// <summary>The optimiser takes the hottest node for the coldest: its plan makes things worse, is rolled back, and the next one waits.</summary>
internal static class MisjudgeStep
{
    private const string Hot = "n2";
    private static readonly TimeSpan SettleMax = TimeSpan.FromMinutes(4);

    public static async Task RunAsync(OptimiseOptions options, OptimiseReport report)
    {
        await using OptimiseCluster all = await OptimiseCluster.StartAsync(options, "--Optimise:Policy=Misjudge");
        OptimiseWatch watch = all.Watch;
        bool isEven = await all.WaitEvenAsync(TimeSpan.FromSeconds(60), options.Wait);
        await report.CheckAsync("loads known and even before", isEven, $"{watch.Last?.State} {watch.Last?.Imbalance:F2}; {watch.Last?.Why}");

        // The change is over before the plan: what is judged is the plan. So it is paused until what it sees stands still.
        await all.TellAsync(all.Cluster.Nodes[0], "pause");
        await all.HeatAsync(Hot);
        double hot = watch.Seconds;
        bool isSettled = await watch.UntilAsync(
            () => watch.Seconds > hot + 90 && watch.Since(watch.Seconds - 30) is var last && TotalOf(last[^1]) < 1.03 * TotalOf(last[0]), SettleMax);
        ClusterState before = await all.Cluster.StateAsync();
        double from = watch.Seconds, imbalance = watch.Last?.Imbalance ?? 1;
        await report.SayAsync($"hot for {from - hot:F0} s, {(isSettled ? "settled" : "not settled")}, imbalance {imbalance:F2}; resumed");
        await all.TellAsync(all.Cluster.Nodes[0], "resume");
        bool isOver = await watch.UntilAsync(() => watch.Since(from).Any(t => t.Plan is { HasEnded: true, Done: > 0 }), options.Wait);
        double ended = watch.Seconds;
        ClusterState after = await all.Cluster.StateAsync();
        await watch.UntilAsync(() => watch.Seconds > ended + 50, TimeSpan.FromMinutes(2));
        WatchTick[] ticks = watch.Since(from);
        await report.TableAsync(ticks, from, watch);
        PlanSeen? plan = ticks.SelectMany(t => t.Plans).LastOrDefault(p => p is { HasEnded: true, Done: > 0 });
        double worst = ticks.Where(t => t.Plan is { Done: > 0 }).Select(t => t.Imbalance ?? 1).DefaultIfEmpty(1).Max();
        int strayed = before.Shards.Zip(after.Shards).Count(s => s.First.Owner != s.Second.Owner);
        await report.CheckAsync("a wrong plan made it worse", worst > 1.05 * imbalance, $"{imbalance:F2} -> {worst:F2}");
        await report.CheckAsync(
            "rolled back", isOver && plan?.State == "rolledBack",
            $"{ended - from:F0} s after resume: {plan?.State} {plan?.Why}; {plan?.Undone} of {plan?.Undo} undone");
        await report.CheckAsync("every shard where it was", plan?.State == "rolledBack" && strayed == 0, $"{strayed} shards elsewhere");
        WatchTick[] waits = [.. ticks.Where(t => t.Seconds > ended + 1)];
        await report.CheckAsync(
            "backs off", waits.Length > 0 && waits.All(t => t.Plan?.Id == plan?.Id),
            $"50 s without a plan: {waits.LastOrDefault()?.State}: {waits.LastOrDefault()?.Why}");
        HotJudge judge = await all.JudgeAsync();
        await report.CheckAsync("no sample lost", judge.IsGood, $"{judge} refused={all.Writer.Refused}");
    }

    private static double TotalOf(WatchTick tick) => tick.Nodes.Sum(n => n.Cpu);
}
