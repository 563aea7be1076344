using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace MonitorCluster.TimeSeries.Detectors;

/// <summary>A robust level and scale, the last five steps, and the size of the excursions that ended by themselves.</summary>
/// <remarks>
/// Level and scale are clipped running means (Huber 1964): a value far out moves them by no more than a value at the clip. The window of five
/// gives order statistics: the third largest distance is what at least three of five steps had. Excursions that came and went without an alert
/// set the bar for the next ones, because machines burst: a new one must be half as large again.
/// Blittable; one writer.
/// </remarks>
[StructLayout(LayoutKind.Sequential)]
internal struct LevelModel
{
    private const float LevelClip = 1.5f; // Huber's 1.345 gives 95 % efficiency on normal data; a little wider follows drifts better
    private const float ScaleClip = 4f;
    private const float MeanAbsoluteToSigma = 1.2533f; // sqrt(pi / 2), exact for normal data
    private const float OverExcursion = 1.5f;
    private const float HabituationShare = 0.25f; // of an alerted peak: the fourth alike within an hour of steps stays silent
    private const float ShadowGain = 0.05f;

    private Recent recent;
    private float level;
    private float scale; // clipped mean of |x - level|
    private float excursion; // largest self-ended excursion, decaying
    private float peak; // of the excursion under way
    private float shadow; // the level since an alert opened

    /// <summary>The expected value.</summary>
    public readonly float Level => level;

    /// <summary>One robust standard deviation, before the floors of the metric's class.</summary>
    public readonly float Sigma => scale * MeanAbsoluteToSigma;

    /// <summary>Starts at the first value.</summary>
    public void Start(float x)
    {
        this = default;
        (level, shadow) = (x, x);
        for (int i = 0; i < Recent.Length; i++)
        {
            recent[i] = x;
        }
    }

    /// <summary>Starts again at the median of the last five values, with nothing known of the scale.</summary>
    public void Restart() => (level, scale, excursion, peak) = (level + RankedDistance(3, 1), 0, 0, 0);

    /// <summary>Puts a value into the window of five.</summary>
    public void Push(float x)
    {
        for (int i = Recent.Length - 1; i > 0; i--)
        {
            recent[i] = recent[i - 1];
        }

        recent[0] = x;
    }

    /// <summary>The distance that <paramref name="rank"/> of the last five steps had or passed, on the side(s) that count; at least 0.</summary>
    public readonly float Distance(int rank, AnomalyDirection direction)
    {
        float up = (direction & AnomalyDirection.Up) != 0 ? RankedDistance(rank, 1) : 0;
        float down = (direction & AnomalyDirection.Down) != 0 ? RankedDistance(rank, -1) : 0;
        return Math.Max(0, Math.Max(up, down));
    }

    /// <summary>The unit of scores: robust sigma with floors, so that quiet series and small effects do not alert.</summary>
    public readonly float Unit(in MetricClass metric, float openScore, int steps)
    {
        float effect = Math.Max(metric.EffectAbsolute, metric.EffectRelative * Math.Abs(level));
        float unit = Math.Max(Math.Max(effect, OverExcursion * excursion) / openScore, Sigma * (1 + (15f / steps)));
        return Math.Max(unit, 1e-9f + (1e-4f * Math.Abs(level)));
    }

    /// <summary>Learns from a step that is not part of an alert.</summary>
    public void Learn(float x, float distance, float unit, int steps, DetectorSettings settings)
    {
        float gain = Math.Max(1f / settings.MemorySteps, 1f / steps);
        float sigma = Sigma + (1e-3f * Math.Abs(level)) + 1e-9f;
        float error = x - level;
        level += gain * (steps <= Recent.Length ? error : Math.Clamp(error, -LevelClip * sigma, LevelClip * sigma));
        scale += gain * ((steps <= Recent.Length ? Math.Abs(error) : Math.Min(Math.Abs(error), ScaleClip * sigma)) - scale);
        excursion *= 1 - (1f / settings.MemorySteps);
        shadow = level;
        if (distance > 0.5f * settings.CloseScore * unit)
        {
            peak = Math.Max(peak, distance);
        }
        else
        {
            excursion = Math.Max(excursion, peak);
            peak = 0;
        }
    }

    /// <summary>Learns beside the model while an alert is firing: the old level stays the expected one.</summary>
    public void LearnBeside(float x, float distance)
    {
        shadow += ShadowGain * (x - shadow);
        peak = Math.Max(peak, distance);
    }

    /// <summary>Ends an alert: the level was left for a while and is back.</summary>
    public void Return()
    {
        excursion = Math.Min(peak, excursion + (HabituationShare * peak));
        (peak, shadow) = (0, level);
    }

    /// <summary>Ends an alert by taking the level since it opened as the expected one.</summary>
    public void AcceptShift() => (level, peak) = (shadow, 0);

    private readonly float RankedDistance(int rank, float sign)
    {
        // Five values: insertion sort beats anything clever, and nothing leaves the stack.
        Recent sorted = default;
        for (int i = 0; i < Recent.Length; i++)
        {
            float distance = sign * (recent[i] - level);
            int at = i;
            for (; at > 0 && sorted[at - 1] < distance; at--)
            {
                sorted[at] = sorted[at - 1];
            }

            sorted[at] = distance;
        }

        return sorted[rank - 1];
    }

    /// <summary>The last five step values, newest first.</summary>
    [InlineArray(Length)]
    private struct Recent
    {
        public const int Length = 5;
        private float first;
    }
}
