namespace MonitorCluster.Collect.Linux;

/// <summary>Says when a source should list its devices again: at once, then every minute. Listing a directory allocates, reading its files does not.</summary>
internal sealed class Rediscovery
{
    // A new disk or sensor shows up within a minute; listing all of /sys each second would cost more than reading it.
    private const long IntervalMs = 60_000;

    private long? dueMs;

    public bool IsDue(long timestampMs)
    {
        // A clock that stepped back makes it due too, else it could stay silent for as long as the step.
        if (dueMs is long due && timestampMs < due && timestampMs >= due - IntervalMs)
        {
            return false;
        }

        dueMs = timestampMs + IntervalMs;
        return true;
    }
}
