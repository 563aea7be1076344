using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace MonitorCluster.TimeSeries.Detectors;

/// <summary>Everything that detection keeps of one series: the open step, the model, the state of its two rules. At most 160 bytes.</summary>
/// <remarks>
/// A pure function of the samples and ticks in their order: no clock, no chance, no look-ahead. Blittable without references or hidden
/// padding that matters: copying the bytes is a snapshot. One writer: the shard's mailbox.
/// Level rule: pending when two, firing when three of the last five steps scored <see cref="DetectorSettings.OpenScore"/>; ended by
/// <see cref="DetectorSettings.RecoverSteps"/> steps in a row under <see cref="DetectorSettings.CloseScore"/>, or, for a shift that lasts
/// <see cref="DetectorSettings.RelearnSteps"/>, by taking the new level as expected.
/// </remarks>
[StructLayout(LayoutKind.Sequential)]
public struct SeriesDetector
{
    private const int UnknownLearningFactor = 4;
    private const int GapSteps = 6;
    private const float GapScoreFactor = 0.5f;

    private StepAccumulator step;
    private LevelModel model;
    private StuckRule stuckRule;
    private long scoredEndMs;
    private int count;
    private int firingSteps;
    private float intervalMs; // usual distance of two steps with values: with slow scraping most steps are empty
    private byte recoveringSteps;
    private byte gapSteps;
    private DetectionState state;

    /// <summary>State of the level rule.</summary>
    public readonly DetectionState State => state;

    /// <summary>Whether the series is stuck.</summary>
    public readonly bool IsStuck => stuckRule.IsStuck;

    /// <summary>Steps the value has been identical for.</summary>
    public readonly int StuckSteps => stuckRule.RunSteps;

    /// <summary>Steps seen; scored from <see cref="DetectorSettings.LearningSteps"/> on.</summary>
    public readonly int StepsSeen => count;

    /// <summary>End of the open step, or <see cref="long.MaxValue"/>.</summary>
    public readonly long OpenEndMs => step.OpenEndMs;

    /// <summary>Adds one sample. True: it closed the step before it; call <see cref="Score"/> before the next sample.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Observe(long timestampMs, double value, long stepMs, bool isCounter) => step.Observe(timestampMs, value, stepMs, isCounter);

    /// <summary>Closes a step whose end plus the lateness has passed. True: call <see cref="Score"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Tick(long nowMs, long latenessMs) => step.Tick(nowMs, latenessMs);

    /// <summary>Scores the step just closed, then learns from it.</summary>
    public StepOutcome Score(in MetricClass metric, DetectorSettings settings)
    {
        float x = step.ClosedValue;
        DetectionState before = state;
        bool stuckBefore = stuckRule.IsStuck;
        NoteGap(settings);
        if (!metric.IsCounter)
        {
            stuckRule.Step(step.ClosedChanged, x, settings);
        }

        count = count == int.MaxValue ? count : count + 1;
        // What a series does while its source starts up is not how it lives: the model starts at the median of the last five warm-up steps.
        int warmUpSteps = settings.LearningSteps / 3;
        int steps = Math.Max(1, count - warmUpSteps);
        if (count == 1)
        {
            model.Start(x);
        }

        model.Push(x);
        if (count == warmUpSteps)
        {
            model.Restart();
        }

        float unit = model.Unit(metric, settings.OpenScore, steps);
        float expected = model.Level, spread = 3 * Math.Max(model.Sigma, 1e-3f * Math.Abs(expected));
        float distance = model.Distance(3, metric.Direction);
        float damp = gapSteps > 0 ? GapScoreFactor : 1;
        bool learning = count <= settings.LearningSteps * (metric.IsKnown ? 1 : UnknownLearningFactor);
        float score = learning ? 0 : damp * distance / unit;
        if (state == DetectionState.Firing)
        {
            Fire(x, distance, metric, unit, settings);
        }
        else
        {
            float early = learning ? 0 : damp * model.Distance(2, metric.Direction) / unit;
            state = score >= settings.OpenScore ? DetectionState.Firing : early >= settings.OpenScore ? DetectionState.Pending : DetectionState.Normal;
            (firingSteps, recoveringSteps) = (0, 0);
            if (state != DetectionState.Firing)
            {
                model.Learn(x, learning ? 0 : distance, unit, steps, settings);
            }
        }

        gapSteps -= (byte)(gapSteps > 0 ? 1 : 0);
        return new StepOutcome(
            step.ClosedEndMs, x, expected, metric.IsCounter || metric.IsKnown ? Math.Max(0, expected - spread) : expected - spread, expected + spread, score,
            before, state, stuckBefore, stuckRule.IsStuck);
    }

    // While firing only the newest step counts: the load is gone when the steps say so, not when the window of five has forgotten it.
    private void Fire(float x, float distance, in MetricClass metric, float unit, DetectorSettings settings)
    {
        model.LearnBeside(x, distance);
        firingSteps++;
        float off = x - model.Level;
        float now = metric.Direction == AnomalyDirection.Both ? Math.Abs(off) : metric.Direction == AnomalyDirection.Up ? off : -off;
        recoveringSteps = (byte)(now < settings.CloseScore * unit ? recoveringSteps + 1 : 0);
        if (recoveringSteps >= settings.RecoverSteps)
        {
            model.Return();
            state = DetectionState.Normal;
        }
        else if (firingSteps >= settings.RelearnSteps)
        {
            model.AcceptShift();
            state = DetectionState.Normal;
        }
    }

    private void NoteGap(DetectorSettings settings)
    {
        long gapMs = step.ClosedEndMs - scoredEndMs;
        scoredEndMs = step.ClosedEndMs;
        if (count == 0)
        {
            intervalMs = settings.StepMs;
        }
        else if (gapMs > GapSteps * Math.Max(settings.StepMs, intervalMs))
        {
            gapSteps = 2;
        }
        else
        {
            intervalMs += 0.1f * (gapMs - intervalMs);
        }
    }
}
