namespace MonitorCluster.SimulationTests.Cluster;

/// <summary>The way from one machine to another; the way back is another one.</summary>
/// <param name="random">The world's chance.</param>
/// <param name="isLocal">From a machine to itself: nothing happens to it.</param>
internal sealed class SimPath(Random random, bool isLocal)
{
    private const long SlowBytesPerSecond = 40_000;
    private readonly long latencyTicks = TimeSpan.TicksPerMillisecond / 10 * random.Next(1, 20); // 0.1 to 2 ms

    public DateTimeOffset CutUntil { get; set; }

    public DateTimeOffset SlowUntil { get; set; }

    public bool IsCut(DateTimeOffset now) => !isLocal && now < CutUntil;

    /// <summary>How long a message is on its way when nothing is before it.</summary>
    public TimeSpan Delay(DateTimeOffset now, int bytes)
    {
        if (isLocal || now >= SlowUntil)
        {
            return TimeSpan.FromTicks(latencyTicks + random.NextInt64(TimeSpan.TicksPerMillisecond));
        }

        return TimeSpan.FromTicks(random.NextInt64(20, 300) * TimeSpan.TicksPerMillisecond) + TimeSpan.FromSeconds(bytes / (double)SlowBytesPerSecond);
    }
}
