using MonitorCluster.Bench.Detect;
using MonitorCluster.TimeSeries.Detectors;

namespace MonitorCluster.Tests.TimeSeries.Detectors;

/// <summary>Faults in healthy metrics at steps of a minute: what is found and how soon, what opens, and what must not.</summary>
public class AnomalyFaultTests
{
    private const long Monday = 1_767_571_200_000;
    private const int WeekMinutes = 7 * 1_440;
    private const int SeriesCount = 24;
    private const float Threshold = 3;
    private static readonly AnomalySettings Settings = new();

    // A week of correlated noise on its way, half of the series with a day's wave of eight deviations; learnt once for all tests.
    private static readonly Lazy<(AnomalyModel Model, float[] Next)[]> Learnt = new(() => [.. Enumerable.Range(0, SeriesCount).Select(Learn)]);

    [Theory]
    [InlineData(6, 0.95, 15)]
    [InlineData(-6, 0.95, 15)]
    [InlineData(3, 0.9, 30)]
    public void Score_Shift_IsFoundSoon(float shift, double shareMin, int stepsMax) => AssertFound((v, _) => v + shift, shareMin, stepsMax);

    [Fact]
    public void Score_RampOfAnHour_IsFoundWithinIt() => AssertFound((v, minute) => v + Math.Min(6, minute / 10f), 0.95, 60);

    [Fact]
    public void Score_ThreeTimesTheVariance_IsFoundSoon()
    {
        var noise = new Random(5);

        AssertFound((v, _) => v + (float)((noise.NextDouble() - 0.5) * 9.8), 0.95, 20); // uniform with sigma 2.83: together three times the deviation
    }

    [Fact]
    public void Score_NoFault_IsSilent() => Assert.InRange(Delays((v, _) => v, 60).Count, 0, 1);

    [Theory]
    [InlineData(3)]
    [InlineData(6)]
    [InlineData(20)]
    public void Score_LastingShift_OpensAndClosesOnceInAWeek(float shift)
    {
        for (int series = 0; series < 4; series++)
        {
            (AnomalyModel model, _) = Learnt.Value[series];
            var values = Continue(series);
            var changes = new List<IncidentChange>();
            for (int minute = WeekMinutes; minute < 2 * WeekMinutes; minute++)
            {
                changes.Add(model.Score(EndMs(minute), values.Next(minute) + shift, Settings).Incident);
            }

            Assert.Equal([IncidentChange.Opened, IncidentChange.Closed], changes.Where(c => c is IncidentChange.Opened or IncidentChange.Closed));
        }
    }

    [Fact]
    public void Score_GapOfAnHour_OpensNothing() => AssertSilent((ref AnomalyModel model, float[] next) => Highest(ref model, next, 60));

    [Fact]
    public void Score_GapInAFastWave_IsNoJump()
    {
        var noise = new Random(3);
        float Wave(int minute) => (100 * MathF.Sin(MathF.Tau * minute / 480)) + noise.NextSingle(); // 1.3 a minute where it is steep
        AnomalyModel model = default;
        for (int minute = 0; minute < 3 * 1_440; minute++)
        {
            model.Score(EndMs(minute), Wave(minute), Settings);
        }

        float[] scores = [.. Enumerable.Range((3 * 1_440) + 45, 60).Select(minute => model.Score(EndMs(minute), Wave(minute), Settings).Decades)];

        Assert.InRange(scores.Max(), 0, Threshold);
    }

    [Fact]
    public void Score_DuplicateAndBackwardStamps_ChangeNothing() => AssertSilent((ref AnomalyModel model, float[] next) =>
    {
        AnomalyModel untouched = model;
        long newestMs = EndMs(WeekMinutes - 1);
        Assert.Equal(default, model.Score(newestMs, 1e6f, Settings));
        Assert.Equal(default, model.Score(newestMs - 3_600_000, -1e6f, Settings));
        Assert.Equal(Highest(ref untouched, next, 0), Highest(ref model, next, 0));
        return 0;
    });

    [Theory]
    [InlineData(60, 0)] // an hour is missing, and every stamp comes twice
    [InlineData(0, 0)]
    [InlineData(0, 3_600_000)] // every sample is followed by one of an hour ago
    public void Score_ThroughTheAccumulator_UnevenStampsOpenNothing(int missingMinutes, long olderByMs)
    {
        for (int index = 0; index < 4; index++)
        {
            (AnomalyModel model, _) = Learnt.Value[index];
            SyntheticSeries series = Continue(index);
            StepAccumulator step = default;
            float highest = 0;
            for (int minute = WeekMinutes; minute < WeekMinutes + 180; minute++)
            {
                float value = series.Next(minute);
                long timeMs = Monday + (minute * 60_000L);
                bool isMissing = minute >= WeekMinutes + 60 && minute < WeekMinutes + 60 + missingMinutes;
                foreach ((long atMs, float sample) in new[] { (timeMs, value), (timeMs - olderByMs, 1e6f) }.Take(isMissing ? 0 : 2))
                {
                    if (step.Observe(atMs, sample, 60_000, StepValue.Mean))
                    {
                        highest = Math.Max(highest, model.Score(step.ClosedEndMs, step.ClosedValue, Settings).Decades);
                    }
                }
            }

            Assert.InRange(highest, 0, Settings.OpenDecades);
        }
    }

    [Fact]
    public void Score_CounterResets_OpenNothing()
    {
        for (int seed = 0; seed < 4; seed++)
        {
            var noise = new Random(seed);
            AnomalyModel model = default;
            StepAccumulator step = default;
            double total = 0;
            float highest = 0;
            for (int i = 0; i < 6 * 3_000; i++)
            {
                total = i % 4_000 == 3_999 ? 0 : total + 50 + (20 * noise.NextDouble()); // the process starts anew
                if (step.Observe(Monday + (i * 10_000L), total, 60_000, StepValue.Rate))
                {
                    float decades = model.Score(step.ClosedEndMs, step.ClosedValue, Settings).Decades;
                    highest = i % 4_000 < 60 ? Math.Max(highest, decades) : highest;
                }
            }

            Assert.InRange(highest, 0, Threshold);
        }
    }

    private delegate float Check(ref AnomalyModel model, float[] next);

    private static void AssertSilent(Check highest)
    {
        foreach ((AnomalyModel learnt, float[] next) in Learnt.Value)
        {
            AnomalyModel model = learnt;
            Assert.InRange(highest(ref model, next), 0, Threshold);
        }
    }

    private static float Highest(ref AnomalyModel model, float[] next, int missingMinutes)
    {
        float highest = 0;
        for (int minute = missingMinutes; minute < missingMinutes + 20; minute++)
        {
            highest = Math.Max(highest, model.Score(EndMs(WeekMinutes + minute), next[minute], Settings).Decades);
        }

        return highest;
    }

    private static void AssertFound(Func<float, int, float> changed, double shareMin, int stepsMax)
    {
        List<int> delays = Delays(changed, minutes: 120);

        Assert.InRange(delays.Count, shareMin * SeriesCount, SeriesCount);
        Assert.InRange(delays.Order().ElementAt(delays.Count / 2), 0, stepsMax);
    }

    private static List<int> Delays(Func<float, int, float> changed, int minutes)
    {
        var delays = new List<int>();
        foreach ((AnomalyModel learnt, float[] next) in Learnt.Value)
        {
            AnomalyModel model = learnt;
            for (int minute = 0; minute < minutes; minute++)
            {
                if (model.Score(EndMs(WeekMinutes + minute), changed(next[minute], minute), Settings).Decades >= Threshold)
                {
                    delays.Add(minute);
                    break;
                }
            }
        }

        return delays;
    }

    private static (AnomalyModel Model, float[] Next) Learn(int index)
    {
        var series = new SyntheticSeries(index * SyntheticSeries.KindCount);
        AnomalyModel model = default;
        for (int minute = 0; minute < WeekMinutes; minute++)
        {
            model.Score(EndMs(minute), series.Next(minute), Settings);
        }

        return (model, [.. Enumerable.Range(WeekMinutes, 240).Select(series.Next)]);
    }

    private static SyntheticSeries Continue(int index)
    {
        var series = new SyntheticSeries(index * SyntheticSeries.KindCount);
        for (int minute = 0; minute < WeekMinutes; minute++)
        {
            series.Next(minute);
        }

        return series;
    }

    private static long EndMs(int minute) => Monday + ((minute + 1) * 60_000L);
}
