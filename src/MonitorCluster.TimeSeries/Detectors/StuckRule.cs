using System.Runtime.InteropServices;

namespace MonitorCluster.TimeSeries.Detectors;

/// <summary>Finds a gauge that used to change nearly every step and then stands still.</summary>
/// <remarks>
/// Stuck = identical for more than max(<see cref="DetectorSettings.StuckSteps"/>, 10 x the longest run seen before) steps, after at least ten
/// times that many steps of which 90 % changed. Constants therefore never alert, nor does a value of 0: idle things stand at 0. The first
/// different value resolves it, and the run that alerted becomes the longest seen.
/// Blittable; one writer.
/// </remarks>
[StructLayout(LayoutKind.Sequential)]
internal struct StuckRule
{
    private const float LivelyShare = 0.9f;
    private const int HistoryFactor = 10;
    private int steps;
    private int runSteps;
    private int longestRunSteps;
    private float changedShare;
    private byte stuck;

    /// <summary>Whether the series is stuck.</summary>
    public readonly bool IsStuck => stuck != 0;

    /// <summary>Steps the value has been identical for.</summary>
    public readonly int RunSteps => runSteps;

    /// <summary>Takes one closed step.</summary>
    public void Step(bool changed, float value, DetectorSettings settings)
    {
        if (!changed)
        {
            runSteps++;
            stuck |= (byte)(value != 0 && steps >= settings.StuckSteps * HistoryFactor && changedShare > LivelyShare
                && runSteps > Math.Max(settings.StuckSteps, HistoryFactor * longestRunSteps) ? 1 : 0);
            return;
        }

        // The share learns when a run ends, the whole run at once, so that the run being judged does not judge itself.
        longestRunSteps = Math.Max(longestRunSteps, runSteps);
        steps = (int)Math.Min((long)steps + runSteps + 1, int.MaxValue);
        float gain = Math.Max(1f / settings.MemorySteps, 1f / steps);
        changedShare *= 1 - Math.Min(1, gain * runSteps);
        changedShare += gain * (1 - changedShare);
        (runSteps, stuck) = (0, 0);
    }
}
