namespace MonitorCluster.Collect;

/// <summary>Works out at which instants to measure: whole multiples of the interval since 1970, each at most once, none twice.</summary>
/// <remarks>Pure: fed with the wall clock. One user: the host collector's mailbox.</remarks>
/// <param name="interval">At least 1 ms.</param>
internal sealed class AlignedClock(TimeSpan interval)
{
    private readonly long intervalMs = Math.Max(1, (long)interval.TotalMilliseconds);
    private long? lastMs;

    /// <summary>Instants that passed without a measurement.</summary>
    public long MissedTotal { get; private set; }

    /// <summary>Whether an instant is due now.</summary>
    /// <param name="nowMs">The wall clock; may be a little early (timers round) or step.</param>
    /// <param name="instantMs">The instant to measure for, at most one interval before now.</param>
    public bool TryTake(long nowMs, out long instantMs)
    {
        instantMs = Floor(nowMs);
        if (lastMs is long last)
        {
            // One interval back is a timer that fired early, or a clock slewed by NTP: wait. More is a clock that was set: start anew.
            if (instantMs <= last && last - instantMs <= intervalMs)
            {
                return false;
            }

            MissedTotal += Math.Max(0, ((instantMs - last) / intervalMs) - 1);
        }

        lastMs = instantMs;
        return true;
    }

    /// <summary>How long to wait for the next instant; more than zero, at most two intervals.</summary>
    public TimeSpan DelayFrom(long nowMs)
    {
        long next = Floor(nowMs) + intervalMs;
        if (lastMs is long last && next <= last && last - next <= intervalMs)
        {
            next = last + intervalMs;
        }

        return TimeSpan.FromMilliseconds(next - nowMs);
    }

    private long Floor(long nowMs) => nowMs - (((nowMs % intervalMs) + intervalMs) % intervalMs);
}
