using System.Text.Json;
using MonitorCluster.Soak.Client;
using MonitorCluster.Soak.Live;
using MonitorCluster.Soak.Processes;

namespace MonitorCluster.Soak.Optimise;

/// <summary>A fourth node joins under load and gets its share by a plan; then the first leaves in order.</summary>
internal static class JoinStep
{
    private const double OverBoundMax = 1.2;
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(45);

    public static async Task RunAsync(OptimiseOptions options, OptimiseReport report)
    {
        // Of half the processors each node uses over the 0.3 of them below which shards are spread by number.
        await using OptimiseCluster all = await OptimiseCluster.StartAsync(options with { CpuMilli = options.CpuMilli / 2 });
        OptimiseWatch watch = all.Watch;
        bool isEven = await all.WaitEvenAsync(TimeSpan.FromSeconds(75), options.Wait);
        await report.CheckAsync(
            "loads known and even before", isEven, $"{watch.Last?.State} {watch.Last?.Imbalance:F2} cpu {watch.Last?.HottestCpu:F2}; {watch.Last?.Why}");
        await JoinAsync(all, options, report);
        await LeaveAsync(all, options, report);
        HotJudge judge = await all.JudgeAsync();
        await report.CheckAsync("no sample lost", judge.IsGood, $"{judge} refused={all.Writer.Refused}");
    }

    private static async Task JoinAsync(OptimiseCluster all, OptimiseOptions options, OptimiseReport report)
    {
        OptimiseWatch watch = all.Watch;
        long moves = await all.Store.LastMoveAsync();
        double from = watch.Seconds, before = watch.DelayMs(from - 60, from);
        ClusterNode fourth = await all.Cluster.JoinAsync();
        Bounds bounds = new(all);
        double quiet = from; // since when the new node has a plan behind it, and no other is under way
        bool isOver = false;
        while (!isOver && watch.Seconds < from + options.Wait.TotalSeconds)
        {
            await bounds.LookAsync();
            quiet = watch.Last is { Plan: { HasEnded: true, Done: > 0 }, Moving: 0, Imbalance: < 1.25 } ? quiet : watch.Seconds;
            isOver = watch.Seconds - quiet > Quiet.TotalSeconds;
        }

        double end = quiet;
        WatchTick[] ticks = watch.Since(from);
        await report.TableAsync(ticks, from, watch);
        int made = await all.Store.MovesAsync(moves);
        int owned = (await all.Cluster.StateAsync()).ShardsOf(fourth.Name).Count;
        (PlanSeen? plan, WatchTick last) = (ticks[^1].Plan, ticks[^1]);
        await report.CheckAsync(
            "the new node has its share by a plan", isOver && last.Imbalance < 1.25,
            $"imbalance {last.Imbalance:F2}, written {last.Offered:F2}; {fourth.Name} owns {owned} shards; plan {plan?.State} {plan?.Why}");
        await report.CheckAsync("moves of the join", made <= OverBoundMax * bounds.Sum, $"{made}, lower bounds of its plans {bounds}");
        double after = watch.DelayMs(watch.Seconds - 40, watch.Seconds);
        await report.SayAsync($"p99 delay {before:F0} ms before, {watch.DelayMs(from, end):F0} ms while it joined, {after:F0} ms after");
    }

    private static async Task LeaveAsync(OptimiseCluster all, OptimiseOptions options, OptimiseReport report)
    {
        OptimiseWatch watch = all.Watch;
        ClusterNode first = all.Cluster.Nodes[0];
        long moves = await all.Store.LastMoveAsync();
        double from = watch.Seconds, before = watch.DelayMs(from - 40, from);
        int owned = (await all.Cluster.StateAsync()).ShardsOf(first.Name).Count;
        int code = await first.StopAsync();
        double left = watch.Seconds;
        Bounds bounds = new(all);
        while (watch.Seconds < left + 90
            || (watch.Last is not { Moving: 0, Plan: null or { HasEnded: true } } && watch.Seconds < left + 90 + options.Wait.TotalSeconds))
        {
            await bounds.LookAsync();
        }

        WatchTick[] ticks = watch.Since(from);
        await report.TableAsync(ticks, from, watch);
        int made = await all.Store.MovesAsync(moves);
        await report.CheckAsync("the first left in order", code == 0, $"exit code {code} after {left - from:F1} s");
        await report.CheckAsync(
            "moves of the leaving, and of what followed in 90 s", made <= OverBoundMax * (owned + bounds.Sum),
            $"{made}, lower bound {owned} shards, and of plans since {bounds}");
        (double imbalance, double after) = (ticks[^1].Imbalance ?? 1, watch.DelayMs(watch.Seconds - 40, watch.Seconds));
        await report.SayAsync(
            $"imbalance {imbalance:F2}; p99 delay {before:F0} ms before, {watch.DelayMs(from, left + 10):F0} ms while it left, {after:F0} ms after");
    }

    /// <summary>What the planner said that any plan needs, just before each plan was made.</summary>
    private sealed class Bounds(OptimiseCluster all)
    {
        private readonly List<int> _bounds = [];
        private long? _plan = all.Watch.Last?.Plan?.Id;
        private int? _newest;

        public int Sum => _bounds.Sum();

        public override string ToString() => string.Join(" + ", _bounds.DefaultIfEmpty());

        public async Task LookAsync()
        {
            _newest = await AskAsync() ?? _newest;
            await Task.Delay(TimeSpan.FromSeconds(1));
            if (all.Watch.Last?.Plan is { } plan && plan.Id != _plan)
            {
                _bounds.Add(_newest ?? 0);
                (_plan, _newest) = (plan.Id, null);
            }
        }

        // Null while it cannot say, or has nothing to do.
        private async Task<int?> AskAsync()
        {
            try
            {
                JsonElement answer = await all.TellAsync(all.Cluster.Nodes[1], "plan");
                JsonElement proposal = answer.GetProperty("report").GetProperty("proposal");
                return proposal.GetProperty("moves").GetArrayLength() > 0 ? proposal.GetProperty("lowerBound").GetInt32() : null;
            }
            catch (RequestRefusedException)
            {
                return null; // it does not know the loads yet
            }
        }
    }
}
