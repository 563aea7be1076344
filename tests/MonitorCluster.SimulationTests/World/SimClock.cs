namespace MonitorCluster.SimulationTests.World;

/// <summary>What one process sees of the world's time: the machine's wall clock may be wrong, and a process that was killed has no timers.</summary>
internal sealed class SimClock(VirtualTimeProvider world) : TimeProvider
{
    private bool isDead;

    /// <summary>How far the wall clock is ahead. Timers and timestamps do not follow it, as a monotonic clock does not.</summary>
    public TimeSpan Offset { get; set; }

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override long TimestampFrequency => world.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() => world.GetUtcNow() + Offset;

    public override long GetTimestamp() => world.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ITimer? timer = null;
        timer = world.CreateTimer(Fire, state, dueTime, period);
        return timer;

        void Fire(object? s)
        {
            if (isDead)
            {
                timer?.Dispose();
            }
            else
            {
                callback(s);
            }
        }
    }

    public void Kill() => isDead = true;
}
