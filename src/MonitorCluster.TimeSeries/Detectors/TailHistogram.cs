using System.Runtime.CompilerServices;

namespace MonitorCluster.TimeSeries.Detectors;

/// <summary>How often one channel of one series has been this large: counts in bins of half an octave from 1/16 to 65,536. 84 bytes.</summary>
/// <remarks>
/// Turns any channel into decades that mean the same for every series: -log10 of the share of earlier steps at least as large. Beyond what was
/// counted, the tail is extrapolated as a power law with Hill's exponent. Blittable; one writer.
/// Source: peaks over threshold as in Siffer et al., "Anomaly detection in streams with extreme value theory", KDD 2017; the exponent after
/// Hill, "A simple general approach to inference about the tail of a distribution", 1975.
/// </remarks>
internal struct TailHistogram
{
    private const int BinCount = 40;
    private const int LowestExponent = -4;
    private const int BinShift = 22; // sign, exponent and the first bit of the mantissa remain: two bins per octave
    private const int FirstBin = (127 + LowestExponent) << 1;
    private const int CountedMin = 20;
    private const int ScreenShare = 12; // a value below the upper 8 % or so is worth no arithmetic
    private const float RareCount = 3; // with fewer values at least as large, counting alone says too little
    private const float TailShare = 0.05f;
    private const float BinMiddle = 1.2f; // of a bin's lower edge: about its geometric middle
    private const float ExponentMin = 0.2f, ExponentMax = 1.5f;
    private const float ExponentPrior = 0.3f; // what one unseen tail value is taken to say

    private Counts counts;
    private ushort total;
    private byte screenBin;

    /// <summary>The bin of a value; below, above and NaN: the end bins.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int BinOf(float value) => Math.Clamp((BitConverter.SingleToInt32Bits(value) >> BinShift) - FirstBin, 0, BinCount - 1);

    /// <summary>Whether a value in this bin is large enough to be worth scoring.</summary>
    public readonly bool IsLarge(int bin) => bin >= screenBin;

    /// <summary>Decades of surprise in a value, at least 0; 0 until twenty values are known.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)] // one step in ten comes here
    public readonly float Surprise(float value, int bin, float bonusMax)
    {
        if (total < CountedMin || !(value > 0))
        {
            return 0;
        }

        int above = 0;
        for (int i = BinCount - 1; i > bin; i--)
        {
            above += counts[i];
        }

        float low = LowerEdge(bin), high = LowerEdge(bin + 1);
        float asLarge = above + (counts[bin] * (1 - Math.Clamp((value - low) / (high - low), 0, 1)));
        float decades = Math.Max(0, MathF.Log10((total + 1) / (asLarge + 1)));
        return asLarge < RareCount ? decades + TailBonus(value, bonusMax, 1 - (asLarge / RareCount)) : decades;
    }

    /// <summary>Counts a value's bin; halves everything when <paramref name="memory"/> is exceeded.</summary>
    public void Add(int bin, int memory)
    {
        counts[bin]++;
        if (++total > memory)
        {
            Halve();
        }
    }

    /// <summary>Looks up anew from which bin on a value counts as large. Cheap, but not for every step.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public void RefreshScreen()
    {
        int allowed = total / ScreenShare, above = 0, bin = BinCount - 1;
        for (; bin > 0; bin--)
        {
            above += counts[bin];
            if (above > allowed)
            {
                break;
            }
        }

        screenBin = (byte)bin;
    }

    // A value v beyond the largest counted m has the power-law tail (v / m) ^ (-1 / exponent): log10(v / m) / exponent more decades.
    private readonly float TailBonus(float value, float bonusMax, float share)
    {
        int top = BinCount - 1;
        while (top > 0 && counts[top] == 0)
        {
            top--;
        }

        float largest = LowerEdge(top + 1);
        return value > largest ? Math.Min(bonusMax, share * MathF.Log10(value / largest) / TailExponent()) : 0;
    }

    private readonly float TailExponent()
    {
        float needed = TailShare * total, inTail = 0;
        int below = BinCount - 1;
        for (; below > 0 && inTail + counts[below] < needed; below--)
        {
            inTail += counts[below];
        }

        float tailStart = LowerEdge(below + 1), logSum = 0;
        for (int i = BinCount - 1; i > below; i--)
        {
            logSum += counts[i] == 0 ? 0 : counts[i] * MathF.Log(BinMiddle * LowerEdge(i) / tailStart);
        }

        return Math.Clamp((logSum + ExponentPrior) / (inTail + 1), ExponentMin, ExponentMax);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Halve()
    {
        int sum = 0;
        for (int i = 0; i < BinCount; i++)
        {
            counts[i] = (ushort)((counts[i] + 1) >> 1);
            sum += counts[i];
        }

        total = (ushort)sum;
    }

    private static float LowerEdge(int bin) => BitConverter.Int32BitsToSingle((bin + FirstBin) << BinShift);

    [InlineArray(BinCount)]
    private struct Counts
    {
        private ushort first;
    }
}
