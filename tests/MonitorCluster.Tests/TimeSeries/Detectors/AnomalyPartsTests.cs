using MonitorCluster.TimeSeries.Detectors;

namespace MonitorCluster.Tests.TimeSeries.Detectors;

/// <summary>The detector's parts, one by one, against numbers worked out by hand.</summary>
public class AnomalyPartsTests
{
    private const long Hour = 3_600_000;
    private static readonly AnomalySettings Settings = new() { OpenDecades = 3, CloseMargin = 1, RecoverSteps = 3, HoldSteps = 10, AcceptSteps = 20 };

    [Theory]
    [InlineData(0.03f, 0)] // below the lowest edge
    [InlineData(0.0625f, 0)]
    [InlineData(1, 8)]
    [InlineData(1.49f, 8)]
    [InlineData(1.5f, 9)]
    [InlineData(2, 10)]
    [InlineData(1e30f, 39)]
    [InlineData(float.PositiveInfinity, 39)]
    public void BinOf_Value_IsItsHalfOctave(float value, int bin) => Assert.Equal(bin, TailHistogram.BinOf(value));

    [Fact]
    public void Surprise_OfAThousandAndOneLarger_IsThreeDecades()
    {
        TailHistogram tail = default;
        for (int i = 0; i < 999; i++)
        {
            tail.Add(TailHistogram.BinOf(1), 30_000);
        }

        Assert.Equal(3, tail.Surprise(1.5f, TailHistogram.BinOf(1.5f), bonusMax: 0), 3); // (999 + 1) / (0 + 1)
        Assert.Equal(0, tail.Surprise(1, TailHistogram.BinOf(1), bonusMax: 0), 3);
        Assert.Equal(0.3f, tail.Surprise(1.25f, TailHistogram.BinOf(1.25f), bonusMax: 0), 2); // half of the bin is as large
        Assert.InRange(tail.Surprise(15, TailHistogram.BinOf(15), bonusMax: 2.5f), 5.4f, 5.5f); // one decade beyond: the bonus is capped
    }

    [Fact]
    public void Add_BeyondMemory_HalvesAndKeepsTheShares()
    {
        TailHistogram tail = default;
        for (int i = 0; i < 1_000; i++)
        {
            tail.Add(TailHistogram.BinOf(i % 10 == 0 ? 4 : 1), 300);
        }

        Assert.InRange(tail.Surprise(4, TailHistogram.BinOf(4), bonusMax: 0), 0.9f, 1.1f);
    }

    [Fact]
    public void IsLarge_AfterRefresh_LeavesOutTheBulk()
    {
        TailHistogram tail = default;
        for (int i = 0; i < 1_000; i++)
        {
            tail.Add(TailHistogram.BinOf(i % 20 == 0 ? 4 : 1), 30_000);
        }

        tail.RefreshScreen();

        Assert.False(tail.IsLarge(TailHistogram.BinOf(0.5f)));
        Assert.True(tail.IsLarge(TailHistogram.BinOf(1))); // the upper twelfth begins inside this bin
        Assert.True(tail.IsLarge(TailHistogram.BinOf(4)));
    }

    [Theory]
    [InlineData(0, 23, 0, 0.5f)] // midnight lies between the last and the first hour's centre
    [InlineData(Hour / 2, 0, 1, 0)]
    [InlineData(Hour, 0, 1, 0.5f)]
    [InlineData((23 * Hour) + (Hour * 3 / 4), 23, 0, 0.25f)]
    public void SlotPosition_OfADay_LiesBetweenCentres(long timeMs, int first, int second, float weight) =>
        Assert.Equal(new SlotPosition(first, second, weight), SlotPosition.Of(timeMs, 24 * Hour, 24));

    [Fact]
    public void DaySlots_AnotherHourAtStepsOfTenSeconds_IsLearntByItsGain()
    {
        const float Gain = 0.3f / 360;
        DaySlots slots = default;
        var middle = new SlotPosition(3, 4, 0);
        for (int day = 0; day < 3; day++)
        {
            for (int step = -360; step < 360; step++)
            {
                SlotPosition at = SlotPosition.Of((7 * Hour / 2) + (step * 10_000), 24 * Hour, DaySlots.Count);
                float value = day == 2 ? 20 : 10;
                slots.TryGet(at, out float expected);
                slots.Learn(at, value, value - expected, Gain);
            }
        }

        slots.TryGet(middle, out float learnt);

        Assert.InRange(learnt, 12, 15); // about 0.3 of the way, as at longer steps; not 0.9
    }

    [Fact]
    public void DaySlots_TwoHoursLearnt_GiveTheLineBetween()
    {
        DaySlots slots = default;
        slots.Learn(new SlotPosition(3, 4, 0), 10, 0, 0.1f); // visits both: a slot that is new starts at the value
        slots.Learn(new SlotPosition(4, 5, 0), 20, 20, 0.5f); // 10 + 0.5 * 1.5 * 20, and slot 5 starts at 20

        Assert.True(slots.TryGet(new SlotPosition(3, 4, 0.5f), out float between));
        Assert.Equal(17.5f, between);
        Assert.True(slots.TryGet(new SlotPosition(5, 6, 0.9f), out float alone));
        Assert.Equal(20, alone);
        Assert.False(slots.TryGet(new SlotPosition(7, 8, 0.5f), out _));
    }

    [Fact]
    public void WindowMean_OverItsLength_ForgetsTheOldest()
    {
        WindowMean window = default;
        foreach (float share in new[] { 1f, 1f, 1f, 0f, 0f, -5f })
        {
            window.Add(share, 4);
        }

        Assert.Equal(0, window.Mean(4)); // 1, 0, 0, and -5 clipped to -1
    }

    [Theory]
    [InlineData(new float[] { 0, 0, 0, 5 }, 4.5f)] // alone: less the penalty
    [InlineData(new float[] { 4, 0, 0, 5 }, 4.5f)]
    [InlineData(new float[] { 4.8f, 0, 0, 5 }, 4.8f)] // supported
    [InlineData(new float[] { 5, 5, 5, 0 }, 5)]
    [InlineData(new float[] { 9, 0, 0, 0 }, 0)]
    public void Persistence_LastOfFour_IsTheSecondLargestOrLessThePenalty(float[] scores, float last)
    {
        Persistence persistence = default;

        float[] supported = [.. scores.Select(s => persistence.Step(s, 0.5f))];

        Assert.Equal(last, supported[^1]);
    }

    [Fact]
    public void RangeNovelty_BeyondTheRange_IsTheShare()
    {
        RangeNovelty range = default;
        range.Start(10);

        Assert.Equal([0, 0, 0.5f, 0, 1f / 3], new float[] { 20, 15, 25, 25, 5 }.Select(v => range.Step(v)));
    }

    [Fact]
    public void HoldFilter_WithinTheHold_EmitsOnlyClearlyHigher()
    {
        HoldFilter hold = default;
        float[] scores = [2, 2.3f, 2.5f, 1, 2, 2, 2, 2, 2, 2, 2, 2, 1];

        Assert.Equal([2, 0, 2.5f, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], scores.Select(s => hold.Step(s, Settings)));
    }

    [Fact]
    public void Incident_OpensEscalatesAndCloses()
    {
        IncidentTracker tracker = default;

        IncidentChange[] changes = Changes(ref tracker, 5, 2.9f, 3.1f, 3.5f, 4, 1, 1, 1);

        Assert.Equal((IncidentChange.None, IncidentChange.Opened, IncidentChange.None), (changes[0], changes[1], changes[2]));
        Assert.Equal(IncidentChange.Escalated, changes[3]); // 4 is 1.2 times 3.1 and more; 3.5 was not
        Assert.Equal((IncidentChange.None, IncidentChange.None, IncidentChange.Closed), (changes[4], changes[5], changes[6]));
    }

    [Fact]
    public void Incident_BetweenCloseAndOpen_StaysOpen()
    {
        IncidentTracker tracker = default;
        Changes(ref tracker, 5, 3);

        Assert.DoesNotContain(IncidentChange.Closed, Changes(ref tracker, 5, 1, 1, 2.5f, 1, 1, 2.5f, 1, 1, 2.5f));
        Assert.True(tracker.IsOpen);
    }

    [Fact]
    public void Incident_BackWithinTheHold_IsTheSameOne()
    {
        IncidentTracker tracker = default;
        Changes(ref tracker, 5, 4, 0, 0, 0);

        Assert.All(Changes(ref tracker, 5, 4.5f, 0), c => Assert.Equal(IncidentChange.None, c)); // not clearly above the peak of 4
        Assert.Equal([IncidentChange.Escalated], Changes(ref tracker, 5, 5)); // clearly
        Assert.Equal(IncidentChange.Closed, Changes(ref tracker, 5, 0, 0, 0)[^1]);
        Changes(ref tracker, 5, 0, 0, 0, 0, 0, 0, 0);
        Assert.Equal([IncidentChange.Opened], Changes(ref tracker, 5, 4)); // the hold is over
    }

    [Fact]
    public void Incident_CalmAtANewLevel_AcceptsItAndCloses()
    {
        IncidentTracker tracker = default;
        tracker.Step(4, 5, Settings, out _);
        bool accepted = false;
        int steps = 0;
        while (!accepted && steps < 100)
        {
            steps++;
            tracker.Step(4, 1, Settings, out accepted);
        }

        Assert.Equal(Settings.AcceptSteps, steps);
        Assert.False(tracker.IsOpen);
    }

    private static IncidentChange[] Changes(ref IncidentTracker tracker, float varianceRatio, params float[] scores)
    {
        var changes = new IncidentChange[scores.Length];
        for (int i = 0; i < scores.Length; i++)
        {
            changes[i] = tracker.Step(scores[i], varianceRatio, Settings, out _);
        }

        return changes;
    }
}
