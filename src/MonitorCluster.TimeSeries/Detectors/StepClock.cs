namespace MonitorCluster.TimeSeries.Detectors;

/// <summary>What a series' own stamps say: its pace, its age and its gaps. Never the wall clock.</summary>
/// <remarks>Blittable; one writer. Stamps are milliseconds since 1970.</remarks>
internal struct StepClock
{
    private const float DayMs = 86_400_000;
    private const long LongestUsualMs = 7_200_000; // a pause, not a pace
    private const int GapSteps = 6;
    private const int GapsFromStep = 20;
    private const int PaceSteps = 100;

    private long firstMs;
    private long newestMs;
    private float stepsPerDay;

    /// <summary>Steps seen, the one under way included.</summary>
    public int Steps { readonly get; private set; }

    /// <summary>Time since the first step.</summary>
    public readonly long AgeMs => newestMs - firstMs;

    /// <summary>Estimated steps per day, over 0.</summary>
    public readonly float StepsPerDay => stepsPerDay;

    /// <summary>Whether more than six steps are missing right before the step under way.</summary>
    public bool IsAfterGap { readonly get; private set; }

    /// <summary>The same with another number of steps: for a step that is not to count.</summary>
    public readonly StepClock WithSteps(int steps)
    {
        StepClock clock = this;
        clock.Steps = steps;
        return clock;
    }

    /// <summary>Takes the first stamp.</summary>
    public void Start(long endMs, long stepMs) =>
        this = new StepClock { firstMs = endMs, newestMs = endMs, stepsPerDay = DayMs / stepMs, Steps = 1 };

    /// <summary>Takes the next stamp.</summary>
    /// <returns>False when it is not newer than the newest: nothing has changed, and nothing is to be scored.</returns>
    public bool Advance(long endMs)
    {
        long passedMs = endMs - newestMs;
        if (passedMs <= 0)
        {
            return false;
        }

        newestMs = endMs;
        Steps += Steps < int.MaxValue ? 1 : 0;
        IsAfterGap = Steps > GapsFromStep && passedMs * stepsPerDay > GapSteps * DayMs;
        if (passedMs < LongestUsualMs)
        {
            float gain = Steps < PaceSteps ? 1f / Steps : 1f / PaceSteps;
            stepsPerDay += gain * ((DayMs / passedMs) - stepsPerDay);
        }

        return true;
    }
}
