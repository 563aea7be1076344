using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using FsCheck;
using FsCheck.Fluent;
using MonitorCluster.TimeSeries.Detectors;
using Xunit.Abstractions;

namespace MonitorCluster.Tests.TimeSeries.Detectors;

/// <summary>A disk that will be full is told in time and honestly; one that is only used is not.</summary>
public class FillingRuleTests(ITestOutputHelper output)
{
    private const long Start = 1_767_571_200_000;
    private const float Size = 100e9f;

    [Fact]
    public void FillingRule_Size_IsAtMost200Bytes() => Assert.InRange(Unsafe.SizeOf<FillingRule>(), 1, 200);

    [Fact]
    public void FillingRule_Fields_HoldNoReferences() => Assert.False(RuntimeHelpers.IsReferenceOrContainsReferences<FillingRule>());

    [Theory]
    [InlineData(1, 60, 0, 12)] // a tmpfs, nothing known before
    [InlineData(1, 60, 100, 12)]
    [InlineData(1, 60, 30_000, 12)] // after eight quiet hours
    [InlineData(1, 600, 30_000, 50)]
    [InlineData(1, 3_600, 30_000, 260)]
    [InlineData(1, 36_000, 30_000, 2_600)]
    [InlineData(10, 3_600, 3_000, 30)]
    [InlineData(60, 36_000, 0, 45)]
    [InlineData(60, 36_000, 2_000, 45)]
    [InlineData(60, 72_000, 2_000, 90)]
    [InlineData(300, 36_000, 500, 16)]
    public void Step_FillsAtOnePace_IsToldInTimeWithTheTimeLeft(int stepSeconds, int fillSeconds, int stepsBefore, int delayMax)
    {
        var rule = default(FillingRule);
        long now = Feed(ref rule, Start, stepSeconds, Enumerable.Repeat(Size, stepsBefore));
        Assert.False(rule.IsFilling);

        int delay = 0;
        while (!rule.IsFilling && delay * stepSeconds < fillSeconds)
        {
            now += stepSeconds * 1_000;
            rule.Step(now, Left(++delay), stepSeconds * 1_000);
        }

        float left = fillSeconds - (delay * stepSeconds);
        output.WriteLine($"{stepSeconds} s steps, full in {fillSeconds} s, {stepsBefore} steps before: told after {delay} steps, {rule.SecondsLeft:0} s left");
        Assert.InRange(delay, 1, delayMax);
        Assert.InRange(rule.SecondsLeft, left * 0.95f, left * 1.5f);

        while (delay * stepSeconds < fillSeconds * 9 / 10)
        {
            now += stepSeconds * 1_000;
            Assert.False(rule.Step(now, Left(++delay), stepSeconds * 1_000));
        }

        Assert.InRange(rule.SecondsLeft / (fillSeconds - (delay * stepSeconds)), 0.9f, 1.1f);

        float Left(int steps) => Size * Math.Max(0, 1 - (steps * stepSeconds / (float)fillSeconds));
    }

    [Fact]
    public void Step_TooSlowToMatter_IsNotTold()
    {
        var rule = default(FillingRule);

        Feed(ref rule, Start, 60, Enumerable.Range(0, 3_000).Select(i => Size * (1 - (i / 10_000f)))); // a week

        Assert.Equal((false, float.PositiveInfinity), (rule.IsFilling, rule.SecondsLeft));
    }

    [Fact]
    public void Step_FillingStops_EndsAndIsToldAgainWhenItGoesOn()
    {
        var rule = default(FillingRule);
        long now = Feed(ref rule, Start, 10, Enumerable.Range(0, 100).Select(i => Size * (1 - (i / 200f))));
        Assert.True(rule.IsFilling);

        now = Feed(ref rule, now, 10, Enumerable.Repeat(Size / 2, 100));
        Assert.False(rule.IsFilling);

        Feed(ref rule, now, 10, Enumerable.Range(0, 50).Select(i => Size * (0.5f - (i / 200f))));
        Assert.True(rule.IsFilling);
    }

    [Fact]
    public void Step_Emptied_EndsAfterTenSteps()
    {
        var rule = default(FillingRule);
        long now = Feed(ref rule, Start, 1, Enumerable.Range(0, 50).Select(i => Size * (1 - (i / 60f))));
        Assert.True(rule.IsFilling);

        now = Feed(ref rule, now, 1, Enumerable.Repeat(Size, 9));
        Assert.True(rule.IsFilling);
        Feed(ref rule, now, 1, Enumerable.Repeat(Size, 6));
        Assert.False(rule.IsFilling);
    }

    [Fact]
    public void Step_FullAtOnce_HasNoTimeLeftUntilEmptied()
    {
        var rule = default(FillingRule);
        long now = Feed(ref rule, Start, 60, Enumerable.Repeat(Size, 50));

        now = Feed(ref rule, now, 60, Enumerable.Repeat(Size * 0.004f, 3));
        Assert.Equal((true, 0), (rule.IsFilling, rule.SecondsLeft));
        now = Feed(ref rule, now, 60, Enumerable.Repeat(Size * 0.004f, 1_000));
        Assert.Equal((true, 0), (rule.IsFilling, rule.SecondsLeft));
        now = Feed(ref rule, now, 60, Enumerable.Repeat(Size * 0.009f, 30));
        Assert.True(rule.IsFilling);
        Feed(ref rule, now, 60, Enumerable.Repeat(Size * 0.5f, 15));
        Assert.False(rule.IsFilling);
    }

    [Fact]
    public void Step_AlwaysZero_IsNotFilling() // an image that is read only has no free bytes
    {
        var rule = default(FillingRule);

        Feed(ref rule, Start, 60, Enumerable.Repeat(0f, 1_000));

        Assert.False(rule.IsFilling);
    }

    [Fact]
    public void Step_DisksThatAreOnlyUsed_AreNeverFilling() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(12),
        Prop.ForAll(
            ArbMap.Default.ArbFor<NonNegativeInt>(), Gen.Elements(1, 10, 60, 300).ToArbitrary(), Gen.Choose(5, 2_000).ToArbitrary(),
            (seed, stepSeconds, period) =>
            {
                var random = new Random(seed.Get);
                float free = random.NextSingle() * Size, noise = random.NextSingle() * 0.02f;

                Assert.All(
                    new (string Kind, Func<int, float> Value)[]
                    {
                        ("constant", _ => free),
                        ("noise of up to 2 %", _ => free * (1 + (noise * ((random.NextSingle() * 2) - 1)))),
                        ("teeth of 2 %", i => free * (1 - (0.02f * (i % period) / period))),
                        ("teeth of 2 % with noise of 0.5 %", i => free * (1 - (0.02f * (i % period) / period) + (0.005f * random.NextSingle()))),
                        ("wave of 2 %", i => free * (1 + (0.02f * MathF.Sin(6.28f * i / period)))),
                        ("emptied", i => free * (1 + (i / 1_000f))),
                        ("steps down and up", i => free * (i % period < period / 2 ? 1 : 0.7f)),
                    },
                    disk => Assert.False(EverFills(stepSeconds, disk.Value), disk.Kind));
            }));

    [Fact]
    public void Step_TeethOfAThird_AreToldAtMostOnce()
    {
        var rule = default(FillingRule);
        int told = 0;
        for (int i = 0; i < 20_000; i++)
        {
            float value = Size * (0.9f - (0.3f * (i % 300) / 300));
            told += rule.Step(Start + (i * 10_000L), value, 10_000) && rule.IsFilling ? 1 : 0;
        }

        Assert.InRange(told, 0, 1);
    }

    [Fact]
    public void Step_FallsBelowTheLowsItCameBackFrom_IsToldAgain()
    {
        var rule = default(FillingRule);
        long now = Feed(ref rule, Start, 10, Enumerable.Range(0, 3_000).Select(i => Size * (0.9f - (0.3f * (i % 300) / 300))));
        now = Feed(ref rule, now, 10, Enumerable.Repeat(Size * 0.9f, 100));
        Assert.False(rule.IsFilling);

        Feed(ref rule, now, 10, Enumerable.Range(0, 450).Select(i => Size * (0.9f - (0.3f * i / 300))));

        Assert.True(rule.IsFilling);
    }

    [Fact]
    public void Step_NoisyAndInBursts_IsToldWithAboutTheTimeLeft()
    {
        var random = new Random(5);
        var rule = default(FillingRule);
        int told = -1;
        for (int i = 0; told < 0 && i < 600; i++)
        {
            float value = Size * (1 - (i / 5 * 5 / 600f)) * (1 + (0.01f * random.NextSingle()));
            told = rule.Step(Start + (i * 60_000L), value, 60_000) ? i : -1;
        }

        Assert.InRange(told, 20, 120);
        Assert.InRange(rule.SecondsLeft / ((600 - told) * 60), 0.6f, 1.5f);
    }

    [Fact]
    public void Step_OlderStampsAndNoNumbers_ChangeNothing()
    {
        var rule = default(FillingRule);
        long now = Feed(ref rule, Start, 1, Enumerable.Range(0, 40).Select(i => Size * (1 - (i / 60f))));
        FillingRule before = rule;

        Assert.False(rule.Step(now, 0, 1_000) || rule.Step(now - 1, 0, 1_000) || rule.Step(now + 1_000, float.NaN, 1_000));
        Assert.False(rule.Step(now + 1_000, float.PositiveInfinity, 1_000));

        Assert.Equal(Bytes(before), Bytes(rule));
    }

    [Fact]
    public void Step_AnyValuesAndGaps_GoOnAlikeFromBytesAndAllocateNothing() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(100),
        Prop.ForAll(ArbMap.Default.ArbFor<float[]>(), ArbMap.Default.ArbFor<ushort[]>(), (values, gaps) =>
        {
            float[] hostile = [.. values, float.MaxValue, float.MinValue, 0, float.Epsilon, -0f, float.MaxValue, 1, .. values];
            FillingRule rule = default, restored = default;

            Allocation.AssertNone(() =>
            {
                (rule, restored) = (default, default);
                long now = Start;
                for (int i = 0; i < 200; i++)
                {
                    now += 1_000 + (gaps.Length == 0 ? 0 : gaps[i % gaps.Length] * 1_000L);
                    rule.Step(now, hostile[i % hostile.Length], 1_000);
                    restored = MemoryMarshal.Read<FillingRule>(MemoryMarshal.AsBytes(new ReadOnlySpan<FillingRule>(in restored)));
                    restored.Step(now, hostile[i % hostile.Length], 1_000);
                    if (float.IsNaN(rule.SecondsLeft) || rule.SecondsLeft < 0)
                    {
                        Assert.Fail($"{rule.SecondsLeft} s");
                    }
                }
            });
            Assert.Equal(Bytes(rule), Bytes(restored));
        }));

    [Theory]
    [InlineData(0.02f, 0)]
    [InlineData(0.03f, 0)]
    [InlineData(0.05f, 1)]
    [InlineData(0.1f, 1)]
    [InlineData(0.3f, 1)]
    public void Step_NoiseAlone_IsToldAtMostOnceInThirtyThousandSteps(float noise, int toldMax)
    {
        int told = 0;
        for (int seed = 0; seed < 10; seed++)
        {
            var random = new Random(seed);
            var rule = default(FillingRule);
            for (int i = 0; i < 3_000; i++)
            {
                float value = Size * (1 + (noise * ((random.NextSingle() * 2) - 1)));
                told += rule.Step(Start + (i * 10_000L), value, 10_000) && rule.IsFilling ? 1 : 0;
            }
        }

        output.WriteLine($"noise of {noise}: told {told} times");
        Assert.InRange(told, 0, toldMax);
    }

    private static byte[] Bytes(FillingRule rule) => [.. MemoryMarshal.AsBytes(new ReadOnlySpan<FillingRule>(in rule))];

    private static long Feed(ref FillingRule rule, long now, int stepSeconds, IEnumerable<float> values)
    {
        foreach (float value in values)
        {
            rule.Step(now += stepSeconds * 1_000, value, stepSeconds * 1_000);
        }

        return now;
    }

    private static bool EverFills(int stepSeconds, Func<int, float> value)
    {
        var rule = default(FillingRule);
        for (int i = 0; i < 1_500; i++)
        {
            if (rule.Step(Start + (i * stepSeconds * 1_000L), value(i), stepSeconds * 1_000))
            {
                return true;
            }
        }

        return false;
    }
}
