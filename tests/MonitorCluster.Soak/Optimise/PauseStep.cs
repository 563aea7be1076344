using System.Diagnostics;
using MonitorCluster.Soak.Client;
using MonitorCluster.Soak.Live;
using MonitorCluster.Soak.Processes;

namespace MonitorCluster.Soak.Optimise;

/// <summary>A plan is paused while it is carried out, at a node that does not control: nothing more begins, what has begun ends.</summary>
internal static class PauseStep
{
    private const string Hot = "n2";
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(10);

    public static async Task RunAsync(OptimiseOptions options, OptimiseReport report)
    {
        await using OptimiseCluster all = await OptimiseCluster.StartAsync(options);
        OptimiseWatch watch = all.Watch;
        bool isEven = await all.WaitEvenAsync(TimeSpan.FromSeconds(60), options.Wait);
        await report.CheckAsync("loads known and even before", isEven, $"{watch.Last?.State} {watch.Last?.Imbalance:F2}; {watch.Last?.Why}");
        string? controller = await all.Store.ControllerAsync();
        ClusterNode other = all.Cluster.Nodes.First(n => n.Name != controller);
        long last = await all.Store.LastMoveAsync();
        await all.HeatAsync(Hot);
        long start = Stopwatch.GetTimestamp();
        while (await all.Store.LastMoveAsync() == last && Stopwatch.GetElapsedTime(start) < options.Wait)
        {
            await Task.Delay(Poll);
        }

        DateTime asked = DateTime.UtcNow;
        await all.TellAsync(other, "pause");
        DateTime answered = DateTime.UtcNow;
        double paused = watch.Seconds;
        await watch.UntilAsync(() => watch.Seconds > paused + 30, TimeSpan.FromMinutes(1));
        IReadOnlyList<MoveSeen> moves = await all.Store.MovesSinceAsync(last);
        await report.TableAsync(watch.Since(paused - 5), paused, watch, 5);
        double stopped = moves.Count == 0 ? 0 : Math.Max(0, (moves.Max(m => m.StartedAt) - asked).TotalSeconds);
        double ended = moves.Count == 0 ? 0 : (moves.Max(m => m.EndedAt ?? m.StartedAt) - asked).TotalSeconds;
        MoveSeen[] flying = [.. moves.Where(m => m.StartedAt <= answered && !(m.EndedAt < answered))];
        PlanSeen? plan = watch.Last?.Plan;
        await report.CheckAsync(
            "paused while moves were to come", moves.Count > 0 && plan is not null && moves.Count < plan.Moves,
            $"{moves.Count} of {plan?.Moves} moves had begun, {flying.Length} were under way");
        await report.CheckAsync(
            "nothing begins 1 s after", moves.All(m => m.StartedAt <= asked.AddSeconds(1)),
            $"the last began {stopped:F2} s after it was asked of {other.Name} (answered after {(answered - asked).TotalSeconds:F2} s; {controller} controls)");
        await report.CheckAsync(
            "moves in flight end", moves.All(m => m.IsDone),
            $"{moves.Count(m => m.IsDone)} done, the last {ended:F2} s after; plan {plan?.State} {plan?.Done}/{plan?.Moves}");
        await all.TellAsync(other, "resume");
        bool goesOn = await watch.UntilAsync(() => watch.Last is { } t && t.Plans.Any(p => p.Done > 0 && p.HasEnded) && t.Offered < 1.25, options.Wait);
        await report.CheckAsync("goes on after resume", goesOn, $"written {watch.Last?.Offered:F2} {watch.Last?.State}: {watch.Last?.Why}");
        await report.TableAsync(watch.Since(paused + 30), paused, watch);
        HotJudge judge = await all.JudgeAsync();
        await report.CheckAsync("no sample lost", judge.IsGood, $"{judge} refused={all.Writer.Refused}");
    }
}
