using MonitorCluster.TimeSeries.Detectors;

namespace MonitorCluster.Tests.TimeSeries.Detectors;

public class RulesTests
{
    private static readonly DetectorSettings Settings = new();

    [Fact]
    public void StuckRule_LivelyThenIdentical_IsStuckAfterThirtyStepsAndFreedByAChange()
    {
        var rule = default(StuckRule);
        Repeat(400, () => rule.Step(true, 5, Settings));

        Repeat(30, () => rule.Step(false, 5, Settings));
        Assert.False(rule.IsStuck);
        rule.Step(false, 5, Settings);
        Assert.True(rule.IsStuck);
        rule.Step(true, 6, Settings);
        Assert.False(rule.IsStuck);
    }

    [Fact]
    public void StuckRule_RunsOfFourSeenBefore_NeedMoreThanForty()
    {
        var rule = default(StuckRule);
        Repeat(400, () => rule.Step(true, 5, Settings));
        Repeat(4, () => rule.Step(false, 5, Settings));
        Repeat(400, () => rule.Step(true, 5, Settings));

        Repeat(40, () => rule.Step(false, 5, Settings));
        Assert.False(rule.IsStuck);
        rule.Step(false, 5, Settings);
        Assert.True(rule.IsStuck);
    }

    [Theory]
    [InlineData(0.0, 1)] // idle
    [InlineData(5.0, 2)] // changes only every second step
    public void StuckRule_IdleOrLazySeries_NeverStuck(double value, int every)
    {
        var rule = default(StuckRule);
        for (int i = 0; i < 1_000; i++)
        {
            rule.Step(i % every == 0, 5, Settings);
        }

        Repeat(500, () => rule.Step(false, (float)value, Settings));
        Assert.False(rule.IsStuck);
    }

    [Fact]
    public void StaleRule_LiveHostFallsSilent_StaleAfterTenSecondsUntilDataIsFresh()
    {
        var rule = default(StaleRule);
        long now = Send(ref rule, 30, 1_000);

        Assert.True(rule.Tick(now)); // seen alive
        Assert.False(rule.Tick(now + 10_000));
        Assert.True(rule.Tick(now + 10_001));
        Assert.True(rule.IsStale);
        rule.Observe(now + 5_000); // backlog: still old
        Assert.False(rule.Tick(now + 60_000));
        rule.Observe(now + 60_000);
        Assert.True(rule.Tick(now + 60_001));
        Assert.False(rule.IsStale);
    }

    [Fact]
    public void StaleRule_SlowSource_WaitsFiveIntervals()
    {
        var rule = default(StaleRule);
        long now = Send(ref rule, 30, 60_000);
        rule.Tick(now);

        Assert.False(rule.Tick(now + 299_000));
        Assert.True(rule.Tick(now + 301_000));
    }

    [Theory]
    [InlineData(19, true)] // too little history
    [InlineData(500, false)] // a push of old data: never seen alive
    public void StaleRule_FewOrOldSamples_NeverStale(int samples, bool alive)
    {
        var rule = default(StaleRule);
        long now = Send(ref rule, samples, 1_000);
        rule.Tick(alive ? now : now + 86_400_000);

        rule.Tick(now + 90_000_000);

        Assert.False(rule.IsStale);
    }

    [Fact]
    public void StaleRule_StampsOfOneScrapeDiffer_CountAsOneInstant()
    {
        var rule = default(StaleRule);
        for (int scrape = 1; scrape <= 40; scrape++)
        {
            for (int i = 0; i < 100; i++)
            {
                rule.Observe((scrape * 15_000L) + i);
            }
        }

        Assert.InRange(rule.LimitMs, 70_000, 80_000);
    }

    [Theory]
    [InlineData("node_time_seconds", "", AnomalyDirection.None, false)]
    [InlineData("node_boot_time_seconds", "", AnomalyDirection.None, false)]
    [InlineData("app_last_run_timestamp_seconds", "", AnomalyDirection.None, false)]
    [InlineData("process_start_time_seconds", "", AnomalyDirection.None, false)]
    [InlineData("node_memory_Cached_bytes", "", AnomalyDirection.None, false)]
    [InlineData("node_memory_MemAvailable_bytes", "", AnomalyDirection.Down, false)]
    [InlineData("node_cpu_seconds_total", "idle", AnomalyDirection.None, true)]
    [InlineData("node_cpu_seconds_total", "user", AnomalyDirection.Up, true)]
    [InlineData("node_load1", "", AnomalyDirection.Up, false)]
    [InlineData("node_pressure_cpu_waiting_seconds_total", "", AnomalyDirection.Up, true)]
    [InlineData("node_vmstat_pgfault", "", AnomalyDirection.None, true)]
    [InlineData("node_netstat_Tcp_CurrEstab", "", AnomalyDirection.Both, false)]
    [InlineData("node_netstat_Tcp_RetransSegs", "", AnomalyDirection.Up, true)]
    [InlineData("up", "", AnomalyDirection.Down, false)]
    [InlineData("upstream_latency", "", AnomalyDirection.Both, false)]
    [InlineData("http_request_seconds_bucket", "", AnomalyDirection.None, true)]
    [InlineData("http_request_seconds_count", "", AnomalyDirection.Both, true)]
    [InlineData("http_request_seconds_sum", "", AnomalyDirection.None, true)]
    [InlineData("http_request_seconds:p99", "", AnomalyDirection.Up, false)]
    [InlineData("request_time_seconds:mean", "", AnomalyDirection.Up, false)]
    [InlineData("http_response_bytes:p50", "", AnomalyDirection.Both, false)]
    [InlineData("go_gc_duration_seconds:mean", "", AnomalyDirection.None, false)]
    public void MetricClass_Of_KnowsDirectionAndKind(string metric, string mode, AnomalyDirection direction, bool counter)
    {
        MetricClass found = MetricClass.Of(metric, mode);

        Assert.Equal(direction, found.Direction);
        Assert.Equal(counter, found.IsCounter);
    }

    [Theory]
    [InlineData("jvm_gc_pause_seconds_max", StepValue.Max)]
    [InlineData("app_queue_length_peak", StepValue.Max)]
    [InlineData("app_queue_length", StepValue.Mean)]
    [InlineData("app_requests_total", StepValue.Rate)]
    public void MetricClass_Step_FollowsFromTheName(string metric, StepValue step) => Assert.Equal(step, MetricClass.Of(metric, string.Empty).Step);

    private static long Send(ref StaleRule rule, int count, long intervalMs)
    {
        long now = 1_000_000;
        for (int i = 0; i < count; i++)
        {
            rule.Observe(now += intervalMs);
        }

        return now;
    }

    private static void Repeat(int times, Action action)
    {
        for (int i = 0; i < times; i++)
        {
            action();
        }
    }
}
