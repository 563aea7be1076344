using System.Runtime.InteropServices;

namespace MonitorCluster.TimeSeries.Detectors;

/// <summary>Finds a target that does not answer: a mean of <c>up</c> under a half. 24 bytes.</summary>
/// <remarks>
/// Down = under 0.5 for at least three steps in a row and at least 3 s; up again after two steps in a row at 0.5 or more. A target never seen up is down.
/// Steps not newer than the newest and values that are no numbers change nothing. Blittable; one writer.
/// </remarks>
[StructLayout(LayoutKind.Sequential)]
public struct DownRule
{
    private const float Half = 0.5f;
    private const int DownSteps = 3;
    private const long DownMs = 3_000;
    private const int UpSteps = 2;
    private long newestMs;
    private long runStartMs; // start of the first step of the run
    private short runSteps; // steps in a row that contradict the state
    private byte down;

    /// <summary>Whether the target is down.</summary>
    public readonly bool IsDown => down != 0;

    /// <summary>Takes one closed step.</summary>
    /// <param name="endMs">End of the step, milliseconds since 1970.</param>
    /// <param name="value">Mean of <c>up</c> in the step, 0 to 1.</param>
    /// <param name="stepMs">Length of the step in milliseconds.</param>
    /// <returns>True when <see cref="IsDown"/> changed.</returns>
    public bool Step(long endMs, float value, long stepMs)
    {
        if (endMs <= newestMs || !float.IsFinite(value))
        {
            return false;
        }

        newestMs = endMs;
        if (value < Half == IsDown)
        {
            runSteps = 0;
            return false;
        }

        runStartMs = runSteps == 0 ? endMs - stepMs : runStartMs;
        runSteps += (short)(runSteps < short.MaxValue ? 1 : 0);
        if (IsDown ? runSteps < UpSteps : runSteps < DownSteps || endMs - runStartMs < DownMs)
        {
            return false;
        }

        (runSteps, down) = (0, (byte)(1 - down));
        return true;
    }
}
