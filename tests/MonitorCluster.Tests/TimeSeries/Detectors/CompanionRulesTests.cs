using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using MonitorCluster.TimeSeries.Detectors;

namespace MonitorCluster.Tests.TimeSeries.Detectors;

/// <summary>Down, saturated, which rule a series gets, and how a time left is said. Filling has tests of its own.</summary>
public class CompanionRulesTests
{
    private const long Start = 1_767_571_200_000;

    [Fact]
    public void Rules_Fields_HoldNoReferencesAndAreSmall()
    {
        Assert.False(RuntimeHelpers.IsReferenceOrContainsReferences<DownRule>() || RuntimeHelpers.IsReferenceOrContainsReferences<SaturationRule>());
        Assert.Equal((24, 32), (Unsafe.SizeOf<DownRule>(), Unsafe.SizeOf<SaturationRule>()));
    }

    [Theory]
    [InlineData(1, 3)]
    [InlineData(10, 3)]
    [InlineData(300, 3)]
    public void DownRule_Unanswered_IsDownAfterThreeStepsAndUpAfterTwo(int stepSeconds, int steps)
    {
        var rule = default(DownRule);
        long now = Feed(ref rule, Start, stepSeconds, 1, 20);

        now = Feed(ref rule, now, stepSeconds, 0.49f, steps - 1);
        Assert.False(rule.IsDown);
        Assert.True(rule.Step(now += stepSeconds * 1_000, 0, stepSeconds * 1_000));
        Assert.True(rule.IsDown);
        Assert.False(rule.Step(now += stepSeconds * 1_000, 1, stepSeconds * 1_000));
        Assert.False(rule.Step(now += stepSeconds * 1_000, 0, stepSeconds * 1_000));
        Assert.False(rule.Step(now += stepSeconds * 1_000, 0.5f, stepSeconds * 1_000));
        Assert.True(rule.Step(now + (stepSeconds * 1_000), 1, stepSeconds * 1_000));
        Assert.False(rule.IsDown);
    }

    [Fact]
    public void DownRule_ShortSteps_WaitsThreeSeconds()
    {
        var rule = default(DownRule);
        int steps = 1;
        while (!rule.Step(Start + (steps * 500), 0, 500) && steps < 100)
        {
            steps++;
        }

        Assert.Equal(6, steps);
    }

    [Fact]
    public void DownRule_TwoDownOneUpForever_IsNeverDown()
    {
        var rule = default(DownRule);
        for (int i = 0; i < 1_000; i++)
        {
            Assert.False(rule.Step(Start + (i * 1_000), i % 3 == 0 ? 1 : 0, 1_000));
        }
    }

    [Theory]
    [InlineData(1, 400, 60)] // 60 s
    [InlineData(10, 400, 30)] // 30 steps
    [InlineData(300, 400, 30)]
    [InlineData(1, 299, 120)] // little is known: twice as long
    [InlineData(10, 299, 60)]
    [InlineData(10, 300, 30)]
    public void SaturationRule_StandsAtItsBound_IsSaturatedAfterThisManySteps(int stepSeconds, int stepsBefore, int expected)
    {
        var rule = default(SaturationRule);
        long now = Feed(ref rule, Start, stepSeconds, 0.4f, stepsBefore);

        Feed(ref rule, now, stepSeconds, 0.98f, expected - 1);
        Assert.False(rule.IsSaturated);
        Feed(ref rule, now + ((expected - 1) * stepSeconds * 1_000L), stepSeconds, 1.01f, 1);
        Assert.True(rule.IsSaturated);
    }

    [Fact]
    public void SaturationRule_Saturated_EndsAfterFifteenStepsInARowUnderNinetyFiveHundredths()
    {
        var rule = default(SaturationRule);
        long now = Feed(ref rule, Start, 10, 0.4f, 400);
        now = Feed(ref rule, now, 10, 1, 50);

        now = Feed(ref rule, now, 10, 0.94f, 14);
        now = Feed(ref rule, now, 10, 0.96f, 1);
        now = Feed(ref rule, now, 10, 0.94f, 14);
        Assert.True(rule.IsSaturated);
        Assert.True(rule.Step(now + 10_000, 0.94f, 10_000, 1));
        Assert.False(rule.IsSaturated);
    }

    [Theory]
    [InlineData(100)]
    [InlineData(100_000)]
    public void SaturationRule_WhateverTheLengthOfTheFirst_TellsTheSecondToo(int steps)
    {
        var rule = default(SaturationRule);
        long now = Feed(ref rule, Start, 10, 0.4f, 400);
        now = Feed(ref rule, now, 10, 1, steps);
        Assert.True(rule.IsSaturated);
        now = Feed(ref rule, now, 10, 0.4f, 100);
        Assert.False(rule.IsSaturated);

        Feed(ref rule, now, 10, 1, 30);

        Assert.True(rule.IsSaturated);
    }

    [Fact]
    public void SaturationRule_UsualSinceLong_IsNotToldAndForgottenWhenItHasNotHappenedForLong()
    {
        var rule = default(SaturationRule);
        long now = Start;
        for (int i = 0; i < 100; i++)
        {
            now = Feed(ref rule, now, 10, 0.4f, 80);
            now = Feed(ref rule, now, 10, 1, 25);
        }

        Assert.InRange(rule.Share, 0.2f, 0.3f);
        now = Feed(ref rule, now, 10, 1, 1_000);
        Assert.False(rule.IsSaturated);

        now = Feed(ref rule, now, 10, 0.4f, 8_000);
        Assert.InRange(rule.Share, 0, 0.02f);
        Feed(ref rule, now, 10, 1, 30);
        Assert.True(rule.IsSaturated);
    }

    [Fact]
    public void SaturationRule_AlwaysAtItsBound_IsNotSaturatedNorAfterADip()
    {
        var rule = default(SaturationRule);
        long now = Feed(ref rule, Start, 10, 1, 1_000);
        Assert.False(rule.IsSaturated);

        now = Feed(ref rule, now, 10, 0.5f, 20);
        Feed(ref rule, now, 10, 1, 1_000);

        Assert.False(rule.IsSaturated);
    }

    [Fact]
    public void SaturationRule_BoundOfZero_IsALowerBound()
    {
        var rule = default(SaturationRule);
        long now = Feed(ref rule, Start, 10, 5, 400, bound: 0);
        now = Feed(ref rule, now, 10, 0, 30, bound: 0);
        Assert.True(rule.IsSaturated);

        Feed(ref rule, now, 10, 0.1f, 15, bound: 0);

        Assert.False(rule.IsSaturated);
    }

    [Fact]
    public void Rules_OlderStampsAndNoNumbers_ChangeNothing()
    {
        DownRule down = default;
        SaturationRule saturation = default;
        Feed(ref down, Start, 10, 0, 2);
        Feed(ref saturation, Start, 10, 0.4f, 2);
        byte[] before = [.. Bytes(down), .. Bytes(saturation)];
        foreach ((long now, float value) in new[] { (Start + 20_000, 0), (Start, 1), (Start + 30_000, float.NaN), (Start + 30_000, float.NegativeInfinity) })
        {
            Assert.False(down.Step(now, value, 10_000) || saturation.Step(now, value, 10_000, 1));
        }

        byte[] after = [.. Bytes(down), .. Bytes(saturation)];
        Assert.Equal(before, after);
    }

    [Fact]
    public void SaturationRule_RestoredFromBytesAtAnyStep_GoesOnAlikeAndAllocatesNothing()
    {
        var random = new Random(3);
        float[] values = [.. Enumerable.Range(0, 5_000).Select(step => step % 1_000 < 900 ? random.NextSingle() : 1)];
        SaturationRule rule = default, restored = default;
        int changes = 0;
        Allocation.AssertNone(() =>
        {
            (rule, restored, changes) = (default, default, 0);
            for (int step = 0; step < values.Length; step++)
            {
                float value = values[step];
                changes += rule.Step(Start + (step * 10_000L), value, 10_000, 1) ? 1 : 0;
                restored = MemoryMarshal.Read<SaturationRule>(MemoryMarshal.AsBytes(new ReadOnlySpan<SaturationRule>(in restored)));
                restored.Step(Start + (step * 10_000L), value, 10_000, 1);
            }
        });

        Assert.True(changes > 2);
        Assert.Equal(Bytes(rule), Bytes(restored));
    }

    [Theory]
    [InlineData("up", "", MetricRule.Down, 0)]
    [InlineData("node_filesystem_avail_bytes", "", MetricRule.Filling, 0)]
    [InlineData("node_filesystem_files_free", "", MetricRule.Filling, 0)]
    [InlineData("node_filesystem_size_bytes", "", MetricRule.None, 0)]
    [InlineData("node_disk_io_time_seconds_total", "", MetricRule.Saturation, 1)]
    [InlineData("node_disk_io_time_weighted_seconds_total", "", MetricRule.None, 0)]
    [InlineData("node_pressure_io_stalled_seconds_total", "", MetricRule.Saturation, 1)]
    [InlineData("node_pressure_irq_stalled_seconds_total", "", MetricRule.None, 0)]
    [InlineData("node_cpu_seconds_total", "user", MetricRule.None, 0)]
    [InlineData("node_cpu_seconds_total", "idle", MetricRule.None, 0)]
    [InlineData("pool_used_ratio", "", MetricRule.Saturation, 1)]
    [InlineData("pool_used_percent", "", MetricRule.Saturation, 100)]
    [InlineData("node_timex_frequency_adjustment_ratio", "", MetricRule.None, 0)]
    [InlineData("upstream_latency", "", MetricRule.None, 0)]
    public void MetricClass_Of_KnowsTheCompanionRule(string metric, string mode, MetricRule rule, float bound)
    {
        MetricClass found = MetricClass.Of(metric, mode);

        Assert.Equal((rule, bound), (found.Rule, found.Bound));
    }

    [Theory]
    [InlineData(double.NaN, "no time")]
    [InlineData(-5, "no time")]
    [InlineData(0.4, "no time")]
    [InlineData(0.6, "about 1 s")]
    [InlineData(7, "about 7 s")]
    [InlineData(42, "about 40 s")]
    [InlineData(58, "about 1 min")]
    [InlineData(180, "about 3 min")]
    [InlineData(3_590, "about 1 h")]
    [InlineData(7_800, "about 2 h 10 min")]
    [InlineData(43_000, "about 12 h")]
    [InlineData(100_000, "about 28 h")]
    [InlineData(172_000, "about 2 days")]
    [InlineData(345_600, "about 4 days")]
    [InlineData(1e9, "more than a year")]
    [InlineData(double.PositiveInfinity, "more than a year")]
    public void TimeWords_Left_SaysItAsPeopleDo(double seconds, string expected) => Assert.Equal(expected, TimeWords.Left(seconds));

    private static byte[] Bytes<T>(T rule)
        where T : struct => [.. MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in rule))];

    private static long Feed(ref DownRule rule, long now, int stepSeconds, float value, int steps)
    {
        for (int i = 0; i < steps; i++)
        {
            rule.Step(now += stepSeconds * 1_000, value, stepSeconds * 1_000);
        }

        return now;
    }

    private static long Feed(ref SaturationRule rule, long now, int stepSeconds, float value, int steps, float bound = 1)
    {
        for (int i = 0; i < steps; i++)
        {
            rule.Step(now += stepSeconds * 1_000, value, stepSeconds * 1_000, bound);
        }

        return now;
    }
}
