namespace MonitorCluster.Optimise;

/// <summary>Exponential means of one quantity with two half-lives: one that follows quickly, one to plan by.</summary>
/// <remarks>
/// The first value is taken as it is. After that a value weighs <c>1 - 2^(-elapsed / half-life)</c>: it counts for the time since the one before, so that
/// windows that are missing need nothing of their own. 24 bytes; O(1).
/// </remarks>
internal struct Ewma
{
    /// <summary>Half-life of <see cref="Hot"/>.</summary>
    public static readonly TimeSpan HotHalfLife = TimeSpan.FromSeconds(30);

    /// <summary>Half-life of <see cref="Plan"/>.</summary>
    public static readonly TimeSpan PlanHalfLife = TimeSpan.FromMinutes(5);

    private long lastMs; // 0: there was none

    /// <summary>The mean that half of is younger than half a minute.</summary>
    public double Hot { get; private set; }

    /// <summary>The mean that half of is younger than five minutes.</summary>
    public double Plan { get; private set; }

    /// <summary>Whether there was a value.</summary>
    public readonly bool HasValue => lastMs != 0;

    /// <summary>Takes a value.</summary>
    /// <param name="atMs">Its time, over 0; one that is not newer than the last is left out.</param>
    /// <param name="value">Finite.</param>
    public void Add(long atMs, double value)
    {
        if (!HasValue)
        {
            (Hot, Plan, lastMs) = (value, value, atMs);
        }
        else if (atMs > lastMs)
        {
            Hot += Share(atMs - lastMs, HotHalfLife) * (value - Hot);
            Plan += Share(atMs - lastMs, PlanHalfLife) * (value - Plan);
            lastMs = atMs;
        }
    }

    private static double Share(long elapsedMs, TimeSpan halfLife) => 1 - double.Exp2(-elapsedMs / halfLife.TotalMilliseconds);
}
