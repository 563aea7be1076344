using System.Runtime.InteropServices;

namespace MonitorCluster.TimeSeries.Detectors;

/// <summary>Everything that detection keeps of one judged series between its steps: model, excursion, stuck rule, the last step as judged.</summary>
/// <remarks>
/// A pure function of the steps in their order: no clock, no chance, no look-ahead. Blittable without references: copying the bytes is a
/// snapshot. The open step lies beside it (<see cref="StepAccumulator"/>), because every sample touches that and only a step touches this.
/// One writer: the shard's mailbox.
/// </remarks>
[StructLayout(LayoutKind.Sequential)]
public struct SeriesDetector
{
    private const float BandSigmas = 3;
    private const int RememberedSteps = 30;
    private const float BackSigmas = 2;

    private AnomalyModel model;
    private StuckRule stuckRule;
    private Excursion excursion;
    private float value;
    private float expected;
    private float spread;
    private float decades;
    private AnomalyChannel channel;
    private byte isSignal;
    private byte isFrozen;
    private byte sinceSurprise; // steps since the surprise below
    private float surprise; // the largest score of the last steps // no byte of a snapshot is left to chance

    /// <summary>The series' excursion.</summary>
    public readonly Excursion Excursion => excursion;

    /// <summary>Whether the series is stuck.</summary>
    public readonly bool IsStuck => stuckRule.IsStuck;

    /// <summary>Steps the value has been identical for.</summary>
    public readonly int StuckSteps => stuckRule.RunSteps;

    /// <summary>Steps seen.</summary>
    public readonly int StepsSeen => model.StepsSeen;

    /// <summary>Whether the last step was a signal.</summary>
    public readonly bool IsSignal => isSignal != 0;

    /// <summary>Steps until it is scored; 0 when it is.</summary>
    public readonly int StepsUntilScored(DetectorSettings settings) => model.StepsUntilScored(settings.Model);

    /// <summary>Steps until its scores carry no surcharge for youth; 0 when that is over.</summary>
    public readonly int StepsUntilMature(DetectorSettings settings) => model.StepsUntilMature(settings.Model);

    /// <summary>The last step, judged. All 0 when there was none.</summary>
    public readonly JudgedStep Last(in MetricClass metric, DetectorSettings settings) => Judge(0, metric, settings);

    /// <summary>Scores a closed step, then learns from it.</summary>
    /// <param name="endMs">The step's end, milliseconds since 1970.</param>
    /// <param name="stepValue">Its value.</param>
    /// <param name="hasChanged">Whether any value inside it differed from the one before.</param>
    /// <param name="metric">What is known of the metric.</param>
    /// <param name="feedback">What people said of the series.</param>
    /// <param name="settings">The constants.</param>
    /// <param name="change">What it did to the excursion.</param>
    public JudgedStep Step(
        long endMs, float stepValue, bool hasChanged, in MetricClass metric, SeriesFeedback feedback, DetectorSettings settings, out ExcursionChange change)
    {
        if (!metric.IsCounter)
        {
            stuckRule.Step(hasChanged, stepValue, settings);
        }

        AnomalyOutcome outcome = feedback.IsFrozen
            ? model.ScoreFrozen(endMs, stepValue, settings.Model)
            : model.Score(endMs, stepValue, settings.Model);
        (value, expected, spread, channel) = (stepValue, outcome.Expected, outcome.Spread, outcome.Channel);
        decades = Math.Max(0, outcome.Decades - feedback.Surcharge);
        Remember();
        JudgedStep judged = Judge(endMs, metric, settings);
        isSignal = (byte)(judged.IsSignal ? 1 : 0);
        isFrozen = (byte)(feedback.IsFrozen ? 1 : 0);
        change = excursion.Step(judged, feedback.IsFrozen, settings);
        if (change == ExcursionChange.Accepted)
        {
            AcceptLevel();
        }

        return judged;
    }

    /// <summary>Takes the present level as the normal one; an open excursion is over.</summary>
    public void AcceptLevel()
    {
        (surprise, sinceSurprise) = (0, 0);
        model.AcceptLevel(expected, isFrozen != 0 ? value : model.Forecast); // what was not learnt from is not in the forecast
        excursion = default;
    }

    // A ramp is most surprising where it begins and matters to anybody only where it has got to: by then its steps are as the steps before them.
    // What came back in between was no ramp.
    private void Remember()
    {
        bool isOver = sinceSurprise >= RememberedSteps || Math.Abs(value - expected) < BackSigmas * spread;
        (surprise, sinceSurprise) = isOver || decades >= surprise ? (decades, (byte)0) : (surprise, (byte)(sinceSurprise + 1));
    }

    private readonly JudgedStep Judge(long endMs, in MetricClass metric, DetectorSettings settings)
    {
        float effect = Math.Max(metric.EffectAbsolute, metric.EffectRelative * Math.Abs(expected));
        float half = Math.Max(BandSigmas * spread, effect), low = expected - half;
        float bandLow = metric.IsCounter || metric.IsKnown ? Math.Max(0, low) : low;
        bool isOutside = ((metric.Direction & AnomalyDirection.Up) != 0 && value > expected + half)
            || ((metric.Direction & AnomalyDirection.Down) != 0 && value < low);
        float score = isOutside ? Math.Max(decades, surprise) : decades;
        return new JudgedStep(
            endMs, value, expected, bandLow, expected + half, score, decades, channel, isOutside, isOutside && score >= settings.SignalDecades);
    }
}

/// <summary>What people said of a series, as its detector takes it.</summary>
/// <param name="Surcharge">Decades taken off its scores, 0 to 3.</param>
/// <param name="IsFrozen">Whether nothing is to be learnt from its steps now.</param>
public readonly record struct SeriesFeedback(float Surcharge, bool IsFrozen);
