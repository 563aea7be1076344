using System.Runtime.CompilerServices;
using MonitorCluster.TimeSeries.Detectors;

namespace MonitorCluster.Tests.TimeSeries.Detectors;

public class SeriesDetectorTests
{
    private const long Start = 1_700_000_000_000;
    private static readonly DetectorSettings Seconds = new() { StepMs = 1_000 };
    private static readonly MetricClass Cpu = MetricClass.Of("node_cpu_seconds_total", "user");
    private static readonly MetricClass Unknown = MetricClass.Of("app_queue_length", "");

    [Fact]
    public void SeriesDetector_Size_IsAtMost160Bytes() => Assert.InRange(Unsafe.SizeOf<SeriesDetector>(), 1, 160);

    [Fact]
    public void Observe_InsideTheStepAndAcrossSteps_AllocatesNothing()
    {
        var detector = default(SeriesDetector);
        Feed(ref detector, Unknown, 200, _ => 5);
        long before = GC.GetAllocatedBytesForCurrentThread();

        for (int i = 200; i < 2_000; i++)
        {
            if (detector.Observe(Start + (i * 100), i % 7, Seconds.StepMs, false))
            {
                _ = detector.Score(Unknown, Seconds);
            }
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Score_CpuBurstAfterABusyStart_FiresWithinTwentySecondsAndEndsSoonAfter()
    {
        var noise = new Random(7);
        var detector = default(SeriesDetector);
        List<(int Step, StepOutcome Outcome)> seen = FeedRate(
            ref detector, 300, i => i is < 8 or (>= 60 and < 120) ? 0.95 : 0.02 + (0.02 * noise.NextDouble()));

        Assert.InRange(seen.First(s => s.Outcome.After == DetectionState.Firing).Step, 61, 80);
        Assert.InRange(seen.Last(s => s.Outcome.Before == DetectionState.Firing).Step, 121, 140);
        Assert.Equal([DetectionState.Pending, DetectionState.Firing, DetectionState.Normal], seen.Select(s => s.Outcome.After));
    }

    [Fact]
    public void Score_OneSpike_NeverFires()
    {
        var detector = default(SeriesDetector);
        List<(int Step, StepOutcome Outcome)> seen = Feed(ref detector, Unknown, 600, i => i % 100 == 99 ? 500 : 10 + (i % 3));

        Assert.DoesNotContain(seen, s => s.Outcome.After == DetectionState.Firing);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(42)]
    [InlineData(1e12)]
    public void Score_Constant_NeverChangesState(double value)
    {
        var detector = default(SeriesDetector);

        Assert.Empty(Feed(ref detector, Unknown, 2_000, _ => value));
        Assert.False(detector.IsStuck);
    }

    [Fact]
    public void Score_LastingShift_EndsByAcceptingTheLevelOnce()
    {
        var detector = default(SeriesDetector);
        List<(int Step, StepOutcome Outcome)> seen = Feed(ref detector, Unknown, 2_000, i => (i < 300 ? 10 : 100) + (i % 5));

        Assert.Single(seen, s => s.Outcome.After == DetectionState.Firing);
        Assert.InRange(seen[^1].Step, 300 + Seconds.RelearnSteps, 310 + Seconds.RelearnSteps);
        Assert.Equal(DetectionState.Normal, detector.State);
    }

    [Fact]
    public void Score_ShortDipBelowTheCloseScore_KeepsFiring()
    {
        var detector = default(SeriesDetector);
        List<(int Step, StepOutcome Outcome)> seen = FeedRate(
            ref detector, 150, i => i >= 60 && (i - 60) % 15 >= 8 ? 0.03 : i >= 60 ? 0.9 : 0.02 + (i % 2 * 0.01));

        Assert.Single(seen, s => s.Outcome.After == DetectionState.Firing);
        Assert.Equal(DetectionState.Firing, detector.State);
    }

    [Fact]
    public void Score_CounterReset_DropsOnlyThatDifference()
    {
        var detector = default(SeriesDetector);
        var outcomes = new List<StepOutcome>();
        double counter = 1e9;
        for (int i = 0; i < 400; i++)
        {
            counter = i == 200 ? 0 : counter + 50 + (i % 3);
            if (detector.Observe(Start + (i * 500), counter, Seconds.StepMs, true))
            {
                outcomes.Add(detector.Score(Unknown with { IsCounter = true }, Seconds));
            }
        }

        Assert.All(outcomes, o => Assert.InRange(o.Value, 100, 104));
        Assert.DoesNotContain(outcomes, o => o.IsTransition);
    }

    [Fact]
    public void Observe_OldRepeatedOrNotANumber_IsNoValue()
    {
        var detector = default(SeriesDetector);
        Assert.False(detector.Observe(Start, 10, 1_000, false));
        Assert.False(detector.Observe(Start, 99, 1_000, false));
        Assert.False(detector.Observe(Start - 1, 99, 1_000, false));
        Assert.False(detector.Observe(Start + 100, double.NaN, 1_000, false));
        Assert.False(detector.Observe(Start + 200, double.PositiveInfinity, 1_000, false));
        Assert.False(detector.Observe(Start + 300, 20, 1_000, false));

        Assert.True(detector.Observe(Start + 1_000, 7, 1_000, false));
        Assert.Equal(15, detector.Score(Unknown, Seconds).Value);
    }

    [Fact]
    public void Tick_PastEndPlusLateness_ClosesOnce()
    {
        var detector = default(SeriesDetector);
        detector.Observe(Start + 10, 3, 1_000, false);

        Assert.False(detector.Tick(Start + 2_999, 2_000));
        Assert.True(detector.Tick(Start + 3_000, 2_000));
        Assert.False(detector.Tick(Start + 9_000, 2_000));
        Assert.Equal(Start + 1_000, detector.Score(Unknown, Seconds).EndMs);
    }

    [Fact]
    public void Score_SlightlyUnusualAfterALongGap_IsDampedForTwoSteps()
    {
        MetricClass gauge = Cpu with { IsCounter = false };
        SeriesDetector steady = default;
        Feed(ref steady, gauge, 100, _ => 0.02);
        SeriesDetector gapped = steady;

        Assert.Equal(DetectionState.Pending, AfterTwoHighSteps(ref steady, Start + 100_000));
        Assert.Equal(DetectionState.Normal, AfterTwoHighSteps(ref gapped, Start + 200_000));
    }

    // 0.3 above a level of 0.02 is 1.2 times the smallest effect of cpu time: unusual, but not when it counts half.
    private static DetectionState AfterTwoHighSteps(ref SeriesDetector detector, long fromMs)
    {
        for (int i = 0; i < 3; i++)
        {
            if (detector.Observe(fromMs + (i * 1_000), 0.32, 1_000, false))
            {
                detector.Score(Cpu with { IsCounter = false }, Seconds);
            }
        }

        return detector.State;
    }

    private static List<(int Step, StepOutcome Outcome)> FeedRate(ref SeriesDetector detector, int count, Func<int, double> rate)
    {
        double total = 1_000;
        return Feed(ref detector, Cpu, count, i => total += rate(i));
    }

    private static List<(int Step, StepOutcome Outcome)> Feed(ref SeriesDetector detector, in MetricClass metric, int count, Func<int, double> value)
    {
        var transitions = new List<(int, StepOutcome)>();
        for (int i = 0; i < count; i++)
        {
            if (detector.Observe(Start + (i * 1_000), value(i), 1_000, metric.IsCounter) && detector.Score(metric, Seconds) is { IsTransition: true } outcome)
            {
                transitions.Add((i, outcome));
            }
        }

        return transitions;
    }
}
