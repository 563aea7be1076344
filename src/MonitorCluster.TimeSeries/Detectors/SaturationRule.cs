using System.Runtime.InteropServices;

namespace MonitorCluster.TimeSeries.Detectors;

/// <summary>Finds a bounded metric that stands at its bound where it does not usually stand. 32 bytes.</summary>
/// <remarks>
/// At the bound = at least 0.98 of it, or 0 and less where the bound is 0. Saturated = at the bound for at least 30 steps in a row and at least 60 s,
/// both doubled while fewer than 300 steps are known; never when more than 5 % of the last thousands of steps were spent there, nor before the series was
/// once seen elsewhere: a share of healthy targets that is 1 since the start has no other state to compare. Ends after 15 steps in a row under 0.95.
/// Steps not newer than the newest and values that are no numbers change nothing. Blittable; one writer.
/// </remarks>
[StructLayout(LayoutKind.Sequential)]
public struct SaturationRule
{
    private const float AtShare = 0.98f;
    private const float OffShare = 0.95f;
    private const int RunStepsMin = 30;
    private const long RunMsMin = 60_000;
    private const int OffStepsMin = 15;
    private const int KnownSteps = 300;
    private const int MemorySteps = 2_000; // guess: more than a day of minutes, so that what happens every night becomes usual
    private const float UsualShare = 0.05f;
    private const float TaughtByAlertMax = 0.04f; // under the usual share: what was alerted once, however long, is told the second time too
    private long newestMs;
    private long runStartMs; // start of the first step of the run
    private int steps; // learnt from, the run under way not included
    private int runSteps;
    private float share;
    private short offSteps;
    private byte seenOff;
    private byte saturated;

    /// <summary>Whether the series is saturated.</summary>
    public readonly bool IsSaturated => saturated != 0;

    /// <summary>Share of the earlier steps that were spent at the bound, 0 to 1; the run under way does not count.</summary>
    public readonly float Share => share;

    /// <summary>Takes one closed step.</summary>
    /// <param name="endMs">End of the step, milliseconds since 1970.</param>
    /// <param name="value">Mean or rate of the step.</param>
    /// <param name="stepMs">Length of the step in milliseconds.</param>
    /// <param name="bound">The bound in the value's unit, the same in every call; 0 = the metric must not be at 0.</param>
    /// <returns>True when <see cref="IsSaturated"/> changed.</returns>
    public bool Step(long endMs, float value, long stepMs, float bound)
    {
        if (endMs <= newestMs || !float.IsFinite(value))
        {
            return false;
        }

        newestMs = endMs;
        bool at = bound > 0 ? value >= AtShare * bound : value <= 0;
        bool off = bound > 0 ? value < OffShare * bound : value > 0;
        return IsSaturated ? Recover(off) : Watch(at, off, endMs, stepMs);
    }

    private bool Watch(bool at, bool off, long endMs, long stepMs)
    {
        if (!at)
        {
            EndRun(1);
            LearnOff(1);
            seenOff |= (byte)(off ? 1 : 0);
            return false;
        }

        runStartMs = runSteps == 0 ? endMs - stepMs : runStartMs;
        runSteps += runSteps < int.MaxValue ? 1 : 0;
        bool known = steps >= KnownSteps;
        int times = known ? 1 : 2;
        if (seenOff == 0 || (known && share > UsualShare) || runSteps < times * RunStepsMin || endMs - runStartMs < times * RunMsMin)
        {
            return false;
        }

        (saturated, offSteps) = (1, 0);
        return true;
    }

    private bool Recover(bool off)
    {
        runSteps += runSteps < int.MaxValue ? 1 : 0;
        offSteps = (short)(off ? offSteps + 1 : 0);
        if (offSteps < OffStepsMin)
        {
            return false;
        }

        runSteps -= OffStepsMin;
        EndRun(TaughtByAlertMax);
        LearnOff(OffStepsMin);
        saturated = 0;
        return true;
    }

    // The share learns when a run ends, the whole run at once, so that the run being judged does not excuse itself.
    private void EndRun(float gainMax)
    {
        if (runSteps > 0)
        {
            share += Math.Min(gainMax, Gain(runSteps)) * (1 - share);
            runSteps = 0;
        }
    }

    private void LearnOff(int count) => share -= Gain(count) * share;

    // The plain mean at first, then what forgets.
    private float Gain(int count)
    {
        steps = (int)Math.Min((long)steps + count, int.MaxValue);
        return Math.Min(1, Math.Max((float)count / MemorySteps, (float)count / steps));
    }
}
