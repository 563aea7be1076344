using System.Runtime.CompilerServices;
using MonitorCluster.TimeSeries.Detectors;

namespace MonitorCluster.Tests.TimeSeries.Detectors;

public class SeriesDetectorTests
{
    private const long Start = 1_700_000_000_000;
    private static readonly DetectorSettings Seconds = new() { StepMs = 1_000, Model = new AnomalySettings { StepMs = 1_000 } };
    private static readonly MetricClass Cpu = MetricClass.Of("node_cpu_seconds_total", "user");
    private static readonly MetricClass Unknown = MetricClass.Of("app_queue_length", "");

    [Fact]
    public void SeriesDetector_Size_IsTheModelAndLittleMore()
    {
        Assert.InRange(Unsafe.SizeOf<AnomalyModel>(), 1, 1_024);
        Assert.InRange(Unsafe.SizeOf<SeriesDetector>() - Unsafe.SizeOf<AnomalyModel>(), 0, 112);
        Assert.InRange(Unsafe.SizeOf<StepAccumulator>(), 1, 64);
    }

    [Fact]
    public void Step_AnyValues_AllocatesNothing()
    {
        var warm = default(SeriesDetector);
        _ = Feed(ref warm, Unknown, 200, i => i % 5);

        Allocation.AssertNone(() =>
        {
            SeriesDetector detector = warm;
            for (int step = 200; step < 2_000; step++)
            {
                _ = detector.Step(Start + (step * 1_000), step % 900 > 800 ? 500 : step % 7, true, Unknown, default, Seconds, out _);
            }
        });
    }

    [Fact]
    public void Step_CpuBurst_IsConfirmedWithinTenStepsAndReturnsSoonAfter()
    {
        var noise = new Random(7);
        var detector = default(SeriesDetector);
        List<(int Step, ExcursionChange Change)> seen = Feed(
            ref detector, Cpu, 500, i => i is >= 300 and < 360 ? 0.95 : 0.02 + (0.02 * noise.NextDouble()));

        Assert.InRange(seen.First(s => s.Change == ExcursionChange.Confirmed).Step, 300, 310);
        Assert.InRange(seen.First(s => s.Change == ExcursionChange.Returned).Step, 360 + Seconds.RecoverSteps - 1, 360 + Seconds.RecoverSteps + 2);
        Assert.Equal([ExcursionChange.Opened, ExcursionChange.Confirmed, ExcursionChange.Returned], seen.Select(s => s.Change));
    }

    [Fact]
    public void Step_OneSpike_IsNeverConfirmed()
    {
        var detector = default(SeriesDetector);
        List<(int Step, ExcursionChange Change)> seen = Feed(ref detector, Unknown, 900, i => i == 600 ? 500 : 10 + (i % 3));

        Assert.DoesNotContain(seen, s => s.Change == ExcursionChange.Confirmed);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(42)]
    [InlineData(1e12)]
    public void Step_Constant_SaysNothing(double value)
    {
        var detector = default(SeriesDetector);

        Assert.Empty(Feed(ref detector, Unknown, 2_000, _ => value));
        Assert.False(detector.IsStuck);
    }

    [Fact]
    public void Step_LastingShift_OpensOnceAndEndsByAcceptingTheLevel()
    {
        var detector = default(SeriesDetector);
        List<(int Step, ExcursionChange Change)> seen = Feed(ref detector, Unknown, 3_000, i => (i < 600 ? 10 : 100) + (i % 5));

        Assert.Single(seen, s => s.Change == ExcursionChange.Opened);
        Assert.Single(seen, s => s.Change == ExcursionChange.Confirmed);
        Assert.InRange(seen[^1].Step, 600, 600 + Seconds.RelearnSteps + Seconds.RecoverSteps);
        Assert.False(detector.Excursion.IsOpen);
    }

    [Fact]
    public void Step_SmallEffectHoweverSurprising_IsNoSignal()
    {
        MetricClass load = MetricClass.Of("node_load1", "");
        var detector = default(SeriesDetector);
        List<(int Step, ExcursionChange Change)> seen = Feed(ref detector, load, 900, i => (i < 600 ? 0.1 : 0.9) + (0.001 * (i % 3)));

        Assert.Empty(seen); // many deviations, but nobody minds 0.8 of load
        var other = default(SeriesDetector);
        Assert.NotEmpty(Feed(ref other, load, 900, i => (i < 600 ? 0.1 : 5) + (0.001 * (i % 3))));
    }

    [Fact]
    public void Step_TheGoodSide_IsNoSignal()
    {
        MetricClass free = MetricClass.Of("node_memory_MemAvailable_bytes", "");
        var detector = default(SeriesDetector);

        Assert.Empty(Feed(ref detector, free, 900, i => (i < 600 ? 1e9 : 8e9) + (1e6 * (i % 3))));
        var other = default(SeriesDetector);
        Assert.NotEmpty(Feed(ref other, free, 900, i => (i < 600 ? 8e9 : 1e9) + (1e6 * (i % 3))));
    }

    [Fact]
    public void Step_Surcharge_ComesOffTheScore()
    {
        var plain = default(SeriesDetector);
        _ = Feed(ref plain, Unknown, 600, i => 10 + (i % 3));
        SeriesDetector charged = plain;

        JudgedStep full = plain.Step(Start + 600_000, 60, true, Unknown, default, Seconds, out _);
        JudgedStep less = charged.Step(Start + 600_000, 60, true, Unknown, new SeriesFeedback(1.5f, false), Seconds, out _);

        Assert.Equal(full.Decades - 1.5f, less.Decades, 4);
    }

    [Fact]
    public void AcceptLevel_MidExcursion_EndsItAndTheNewLevelIsNormal()
    {
        var detector = default(SeriesDetector);
        _ = Feed(ref detector, Unknown, 620, i => (i < 600 ? 10 : 100) + (i % 3));
        Assert.True(detector.Excursion.IsOpen);

        detector.AcceptLevel();

        List<(int Step, ExcursionChange Change)> seen = Feed(ref detector, Unknown, 300, i => 100 + (i % 3), from: 620);
        Assert.DoesNotContain(seen, s => s.Change is ExcursionChange.Opened or ExcursionChange.Confirmed);
        Assert.InRange(detector.Last(Unknown, Seconds).Expected, 90, 110);
    }

    [Fact]
    public void StepAccumulator_OldRepeatedOrNotANumber_IsNoValue()
    {
        var step = default(StepAccumulator);
        Assert.False(step.Observe(Start, 10, 1_000, StepValue.Mean));
        Assert.False(step.Observe(Start, 99, 1_000, StepValue.Mean));
        Assert.False(step.Observe(Start - 1, 99, 1_000, StepValue.Mean));
        Assert.False(step.Observe(Start + 100, double.NaN, 1_000, StepValue.Mean));
        Assert.False(step.Observe(Start + 200, double.PositiveInfinity, 1_000, StepValue.Mean));
        Assert.False(step.Observe(Start + 300, 20, 1_000, StepValue.Mean));

        Assert.True(step.Observe(Start + 1_000, 7, 1_000, StepValue.Mean));
        Assert.Equal(15, step.ClosedValue);
    }

    [Fact]
    public void StepAccumulator_Max_IsTheLargestOfTheStep()
    {
        var step = default(StepAccumulator);
        foreach ((long atMs, double value) in new[] { (0L, -5.0), (200, -2), (400, -9), (1_000, -7) })
        {
            step.Observe(Start + atMs, value, 1_000, StepValue.Max);
        }

        Assert.Equal(-2, step.ClosedValue);
        Assert.True(step.Tick(Start + 4_000, 2_000));
        Assert.Equal(-7, step.ClosedValue);
    }

    [Fact]
    public void StepAccumulator_CounterReset_DropsOnlyThatDifference()
    {
        var step = default(StepAccumulator);
        double counter = 1e9;
        for (int i = 0; i < 400; i++)
        {
            counter = i == 200 ? 0 : counter + 50 + (i % 3);
            if (step.Observe(Start + (i * 500), counter, 1_000, StepValue.Rate))
            {
                Assert.InRange(step.ClosedValue, 100, 104);
            }
        }
    }

    [Fact]
    public void StepAccumulator_TickPastEndPlusLateness_ClosesOnce()
    {
        var step = default(StepAccumulator);
        step.Observe(Start + 10, 3, 1_000, StepValue.Mean);

        Assert.False(step.Tick(Start + 2_999, 2_000));
        Assert.True(step.Tick(Start + 3_000, 2_000));
        Assert.False(step.Tick(Start + 9_000, 2_000));
        Assert.Equal(Start + 1_000, step.ClosedEndMs);
    }

    private static List<(int Step, ExcursionChange Change)> Feed(
        ref SeriesDetector detector, in MetricClass metric, int count, Func<int, double> value, int from = 0)
    {
        var changes = new List<(int, ExcursionChange)>();
        long startMs = Start + (detector.StepsSeen > from ? detector.StepsSeen * 1_000L : from * 1_000L);
        double before = double.NaN;
        for (int i = 0; i < count; i++)
        {
            double now = value(i);
            detector.Step(startMs + (i * 1_000), (float)now, now != before, metric, default, Seconds, out ExcursionChange change);
            before = now;
            if (change != ExcursionChange.None)
            {
                changes.Add((i, change));
            }
        }

        return changes;
    }
}
