using System.Numerics;
using System.Runtime.InteropServices;

namespace MonitorCluster.TimeSeries.Detectors;

/// <summary>What a step did to a series' excursion.</summary>
public enum ExcursionChange : byte
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>A signal opened one.</summary>
    Opened,

    /// <summary>It has become worth an incident by itself.</summary>
    Confirmed,

    /// <summary>The value has been back in its band for long enough.</summary>
    Returned,

    /// <summary>It has lasted so long that its level is the normal one now.</summary>
    Accepted,
}

/// <summary>The time from the first signal of a series until its value is back where it was expected, or has stayed away for good. 48 bytes.</summary>
/// <remarks>
/// A score says how surprising a step is, and surprise fades while a fault lasts; people want to know that it is still there. So a signal opens,
/// and the band of that moment (or the model's own, should it have moved) closes. Blittable; one writer.
/// </remarks>
[StructLayout(LayoutKind.Sequential)]
public struct Excursion
{
    private const int SustainedOf = 0b11111; // of the last five steps
    private const int SustainedSteps = 3;
    private const float LastingMargin = 1; // decades below the warning: what lasts needs less surprise

    private long sinceMs;
    private float expected;
    private float low;
    private float high;
    private int steps;
    private int outsideSteps;
    private ExcursionState state;
    private byte insideSteps; // in a row
    private byte warnings; // the last five steps, newest in bit 0: whether each was over the warning threshold
    private byte padding; // no byte of a snapshot is left to chance

    /// <summary>Whether one is open.</summary>
    public readonly bool IsOpen => state != ExcursionState.None;

    /// <summary>Whether it is worth an incident by itself.</summary>
    public readonly bool IsConfirmed => state == ExcursionState.Confirmed;

    /// <summary>When it opened: the end of the first step with a signal, milliseconds since 1970; 0 when none is open.</summary>
    public readonly long SinceMs => sinceMs;

    /// <summary>Largest score so far, in decades.</summary>
    public float Peak { readonly get; private set; }

    /// <summary>Value of the step with the largest score.</summary>
    public float PeakValue { readonly get; private set; }

    /// <summary>What was expected when it opened.</summary>
    public readonly (float Expected, float Low, float High) Band => (expected, low, high);

    /// <summary>Takes a closed step.</summary>
    /// <param name="judged">The step as the model and the metric's class see it.</param>
    /// <param name="isFrozen">Whether nothing is learnt now: then it may last for ever.</param>
    /// <param name="settings">The constants.</param>
    public ExcursionChange Step(in JudgedStep judged, bool isFrozen, DetectorSettings settings)
    {
        warnings = (byte)(((warnings << 1) | (judged.IsOutside && judged.OwnDecades >= settings.WarningDecades ? 1 : 0)) & SustainedOf);
        padding = 0;
        if (state == ExcursionState.None)
        {
            if (!judged.IsSignal)
            {
                return ExcursionChange.None;
            }

            this = new Excursion
            {
                sinceMs = judged.EndMs,
                expected = judged.Expected,
                low = judged.Low,
                high = judged.High,
                state = ExcursionState.Open,
                warnings = warnings,
            };
        }

        steps++;
        if (judged.IsSignal && judged.Decades > Peak)
        {
            (Peak, PeakValue) = (judged.Decades, judged.Value);
        }

        bool isInside = !judged.IsSignal && ((judged.Value >= low && judged.Value <= high) || !judged.IsOutside);
        insideSteps = (byte)(isInside ? insideSteps + 1 : 0);
        outsideSteps += isInside ? 0 : 1;
        if (insideSteps >= settings.RecoverSteps)
        {
            return End(ExcursionChange.Returned);
        }

        if (steps >= settings.RelearnSteps && !isFrozen)
        {
            return End(ExcursionChange.Accepted);
        }

        if (state == ExcursionState.Open && IsWorthAnIncident(settings))
        {
            state = ExcursionState.Confirmed;
            return ExcursionChange.Confirmed;
        }

        return steps == 1 ? ExcursionChange.Opened : ExcursionChange.None;
    }

    private readonly bool IsWorthAnIncident(DetectorSettings settings) =>
        BitOperations.PopCount(warnings) >= SustainedSteps
        || (outsideSteps >= settings.LastingSteps && Peak >= settings.WarningDecades - LastingMargin);

    private ExcursionChange End(ExcursionChange change)
    {
        this = default;
        return change;
    }

    private enum ExcursionState : byte
    {
        None,
        Open,
        Confirmed,
    }
}

/// <summary>A closed step as the model and the metric's class see it together.</summary>
/// <param name="EndMs">The step's end, milliseconds since 1970.</param>
/// <param name="Value">The step's value: the mean of a gauge, the rate per second of a counter.</param>
/// <param name="Expected">The value that was expected.</param>
/// <param name="Low">Lower end of the expected band.</param>
/// <param name="High">Upper end of the expected band.</param>
/// <param name="Decades">How unusual, after what feedback takes off; outside the band at least as the surprise that led there. 0 while learning.</param>
/// <param name="OwnDecades">How unusual the step is by itself.</param>
/// <param name="Channel">What made it unusual.</param>
/// <param name="IsOutside">Whether it is outside the band on a side that counts, by an effect that matters to anybody.</param>
/// <param name="IsSignal">Whether it is unusual enough to count, and outside.</param>
public readonly record struct JudgedStep(
    long EndMs, float Value, float Expected, float Low, float High, float Decades, float OwnDecades, AnomalyChannel Channel, bool IsOutside, bool IsSignal);
