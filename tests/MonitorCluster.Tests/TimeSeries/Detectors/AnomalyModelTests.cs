using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using FsCheck;
using FsCheck.Fluent;
using MonitorCluster.Bench.Detect;
using MonitorCluster.TimeSeries.Detectors;

namespace MonitorCluster.Tests.TimeSeries.Detectors;

/// <summary>What the detector promises of any series: size, cost, no look-ahead, a snapshot that goes on.</summary>
public class AnomalyModelTests
{
    private const long Start = 1_767_571_200_000;
    private const long Minute = 60_000;
    private static readonly AnomalySettings Settings = new();

    [Fact]
    public void AnomalyModel_Size_IsAtMost1024Bytes() => Assert.InRange(Unsafe.SizeOf<AnomalyModel>(), 1, 1_024);

    [Fact]
    public void AnomalyModel_Fields_HoldNoReferences() => Assert.False(RuntimeHelpers.IsReferenceOrContainsReferences<AnomalyModel>());

    [Fact]
    public void Score_ThreeDaysWithFaults_AllocatesNothing()
    {
        float[] values = Values(0, 3 * 1_440);
        values.AsSpan(3_000, 200).Fill(500);

        Allocation.AssertNone(() =>
        {
            AnomalyModel model = default;
            long now = Start;
            foreach (float value in values)
            {
                _ = model.Score(now += Minute, value, Settings);
            }
        });
    }

    [Fact]
    public void Score_SamePrefix_IsTheSameWhateverFollows() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(50),
        Prop.ForAll(
            ArbMap.Default.ArbFor<float[]>(), ArbMap.Default.ArbFor<float[]>(), ArbMap.Default.ArbFor<NonNegativeInt>(),
            (ending, otherEnding, seed) =>
            {
                float[] prefix = Values(seed.Get, 400);

                AnomalyOutcome[] outcomes = Outcomes([.. prefix, .. ending]), others = Outcomes([.. prefix, .. otherEnding]);

                Assert.Equal(outcomes[..400], others[..400]);
            }));

    [Fact]
    public void Score_RestoredFromBytesAtAnyRow_GoesOnAlike()
    {
        const int Rows = 500, Ahead = 30;
        float[] values = Values(3, Rows + Ahead);
        values[300] = 300;
        AnomalyOutcome[] expected = Outcomes(values);
        AnomalyModel model = default;

        for (int row = 0; row < Rows; row++)
        {
            model.Score(Start + (row * Minute), values[row], Settings);
            byte[] snapshot = [.. MemoryMarshal.AsBytes(new ReadOnlySpan<AnomalyModel>(in model))];
            AnomalyModel restored = MemoryMarshal.Read<AnomalyModel>(snapshot);
            for (int next = row + 1; next <= row + Ahead; next++)
            {
                Assert.Equal(expected[next], restored.Score(Start + (next * Minute), values[next], Settings));
            }
        }

        Assert.Contains(expected, o => o.Emitted > 3);
    }

    [Fact]
    public void Score_RestoredAfterTenDays_HasTheSameBytesAWeekLater()
    {
        float[] values = Values(4, 17 * 288);
        AnomalyModel model = default, restored = default;
        for (int row = 0; row < values.Length; row++)
        {
            model.Score(Start + (row * 5 * Minute), values[row], Settings);
            restored.Score(Start + (row * 5 * Minute), values[row], Settings);
            if (row == 10 * 288)
            {
                byte[] snapshot = [.. MemoryMarshal.AsBytes(new ReadOnlySpan<AnomalyModel>(in model))];
                restored = MemoryMarshal.Read<AnomalyModel>(snapshot);
            }
        }

        Assert.Equal(MemoryMarshal.AsBytes(new ReadOnlySpan<AnomalyModel>(in model)), MemoryMarshal.AsBytes(new ReadOnlySpan<AnomalyModel>(in restored)));
    }

    [Fact]
    public void Score_AnyValues_AreFiniteAndNotNegative() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(100),
        Prop.ForAll(ArbMap.Default.ArbFor<float[]>(), hostile =>
        {
            float[] extremes = [float.MaxValue, float.MinValue, float.NaN, float.PositiveInfinity, float.Epsilon, 0, -0f];

            AnomalyOutcome[] outcomes = Outcomes([.. hostile, .. extremes, .. Values(1, 200), .. hostile, .. extremes, .. Values(2, 40)]);

            Assert.All(outcomes, o => Assert.True(
                float.IsFinite(o.Decades) && o.Decades >= 0 && float.IsFinite(o.Emitted) && o.Emitted >= 0 && float.IsFinite(o.Expected)
                    && float.IsFinite(o.Spread), o.ToString()));
        }));

    [Fact]
    public void Score_FirstSteps_AreZeroUntilScored()
    {
        float[] values = Values(0, Settings.FirstScoredStep);
        values[^1] = 1e6f;

        Assert.All(Outcomes(values), o => Assert.Equal((0, 0, IncidentChange.None), (o.Decades, o.Emitted, o.Incident)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(42)]
    [InlineData(1e12f)]
    public void Score_Constant_IsNeverUnusual(float value) => Assert.All(Outcomes([.. Enumerable.Repeat(value, 3_000)]), o => Assert.Equal(0, o.Decades));

    [Fact]
    public void Score_ScaledAndShiftedValues_AreAsUnusual()
    {
        float[] values = Values(6, 2_000);
        values[1_500] += 30;

        float[] scores = [.. Outcomes(values).Select(o => o.Decades)], scaled = [.. Outcomes([.. values.Select(v => v * 1_024)]).Select(o => o.Decades)];

        Assert.True(scores.Zip(scaled, (a, b) => Math.Abs(a - b)).Max() < 0.01f);
    }

    [Fact]
    public void Score_ValueFarOutside_IsScoredBeforeItIsCounted()
    {
        float[] values = Values(0, 2_001);
        values[^1] = 1_000;

        AnomalyOutcome outcome = Outcomes(values)[^1];

        // 0.8 * (log10(2000) + 3 for the tail) + 2 for the range, with a little from the other channels, less 0.5 as no step supports it
        Assert.InRange(outcome.Decades, 6, 7.5f);
        Assert.Equal((AnomalyChannel.Innovation, IncidentChange.Opened), (outcome.Channel, outcome.Incident));
        Assert.InRange(outcome.Expected, 18, 22);
    }

    [Fact]
    public void AcceptLevel_AfterAShift_ExpectsTheNewLevel()
    {
        AnomalyModel model = default;
        float[] values = [.. Values(0, 1_000), .. Values(0, 60).Select(v => v + 3)];
        for (int row = 0; row < values.Length; row++)
        {
            model.Score(Start + (row * Minute), values[row], Settings);
        }

        float before = model.Score(Start + (values.Length * Minute), 23, Settings).Expected;
        model.AcceptLevel(before, model.Forecast);
        float after = model.Score(Start + ((values.Length + 1) * Minute), 23, Settings).Expected;

        Assert.InRange(before, 19.5f, 21);
        Assert.InRange(after, 22, 24);
    }

    [Theory]
    [InlineData(0, 30, 150)]
    [InlineData(29, 1, 121)]
    [InlineData(30, 0, 120)]
    [InlineData(150, 0, 0)]
    [InlineData(500, 0, 0)]
    public void StepsUntil_SoManySeen_AreTheRest(int seen, int untilScored, int untilMature)
    {
        AnomalyModel model = default;
        float[] values = Values(0, seen);
        for (int row = 0; row < seen; row++)
        {
            model.Score(Start + (row * Minute), values[row], Settings);
        }

        Assert.Equal((untilScored, untilMature), (model.StepsUntilScored(Settings), model.StepsUntilMature(Settings)));
    }

    [Theory]
    [InlineData(40)]
    [InlineData(60)]
    [InlineData(100)]
    public void Score_JumpOfAYoungSeries_OpensAtOnce(int jump)
    {
        for (int seed = 0; seed < 20; seed += 4)
        {
            float[] values = [.. Values(seed * SyntheticSeries.KindCount, jump + 5).Select((v, row) => row >= jump ? v + 30 : v)];

            AnomalyOutcome[] outcomes = Outcomes(values);

            Assert.All(outcomes[..jump], o => Assert.Equal(IncidentChange.None, o.Incident));
            Assert.Contains(outcomes[jump..], o => o.Incident == IncidentChange.Opened);
        }
    }

    [Fact]
    public void ScoreFrozen_AnyStep_IsScoredAlikeAndNotLearned()
    {
        float[] values = Values(3, 3_000);
        values.AsSpan(1_500, 20).Fill(300);
        values.AsSpan(2_500, 300).Fill(200);
        AnomalyModel model = default;
        for (int row = 0; row < values.Length; row++)
        {
            AnomalyModel before = model, frozen = model;

            AnomalyOutcome outcome = frozen.ScoreFrozen(Start + (row * Minute), values[row], Settings);

            Assert.Equal(model.Score(Start + (row * Minute), values[row], Settings), outcome);
            Assert.Equal((before.StepsSeen, model.HasIncident), (frozen.StepsSeen, frozen.HasIncident));
            Assert.Equal(Learned(before), Learned(frozen));
        }
    }

    [Fact]
    public void ScoreFrozen_LastingShift_StaysOneOpenIncidentThatEndsWithIt()
    {
        float[] values = Values(0, 3_000);
        AnomalyModel model = default;
        var changes = new List<IncidentChange>();
        for (int row = 0; row < values.Length; row++)
        {
            long endMs = Start + (row * Minute);
            if (row < 2_000)
            {
                model.Score(endMs, values[row], Settings);
            }
            else
            {
                changes.Add(model.ScoreFrozen(endMs, row < 2_900 ? values[row] + 50 : values[row], Settings).Incident);
            }
        }

        Assert.Equal([IncidentChange.Opened, IncidentChange.Closed], changes.Where(c => c is IncidentChange.Opened or IncidentChange.Closed));
        Assert.InRange(changes.IndexOf(IncidentChange.Closed), 900, 930);
    }

    private static float[] Values(int seed, int count)
    {
        var series = new SyntheticSeries(seed % 1_000_000);
        return [.. Enumerable.Range(0, count).Select(series.Next)];
    }

    // All but the parts that go on while frozen.
    private static byte[] Learned(AnomalyModel model)
    {
        const BindingFlags Hidden = BindingFlags.Instance | BindingFlags.NonPublic;
        object boxed = model;
        foreach (string part in new[] { "clock", "persistence", "hold", "incident" })
        {
            FieldInfo field = typeof(AnomalyModel).GetField(part, Hidden)!;
            field.SetValue(boxed, Activator.CreateInstance(field.FieldType));
        }

        model = (AnomalyModel)boxed;
        return [.. MemoryMarshal.AsBytes(new ReadOnlySpan<AnomalyModel>(in model))];
    }

    private static AnomalyOutcome[] Outcomes(float[] values)
    {
        AnomalyModel model = default;
        return [.. values.Select((v, row) => model.Score(Start + (row * Minute), v, Settings))];
    }
}
