namespace MonitorCluster.Cluster.Sharding.Balance;

/// <summary>What a move costs.</summary>
public static class MoveCost
{
    private const double BytesPerMiB = 1024 * 1024;
    private const double BytesPerSecond = 50e6; // loading state: design, section 4.2
    private const double CpuSecondsPerWaiting = 4e-6; // a guess: 20 times the 200 ns of a sample's usual way, for it is sent, refused and sent again
    private const double LearnRate = 0.2; // a guess: the last ten moves are nine tenths of the figure

    /// <summary>How long a shard is away while it moves, in seconds.</summary>
    /// <param name="memory">Bytes that it holds.</param>
    /// <param name="limits">The learned pause.</param>
    public static double PauseSeconds(double memory, BalanceLimits limits)
    {
        ArgumentNullException.ThrowIfNull(limits);
        return limits.PauseSeconds + (limits.PauseSecondsPerMiB * memory / BytesPerMiB);
    }

    /// <summary>CPU seconds that a move takes: loading the state, and the samples that wait for it.</summary>
    /// <param name="shard">The shard.</param>
    /// <param name="limits">The learned pause.</param>
    public static double CpuSeconds(in BalanceShard shard, BalanceLimits limits)
    {
        double memory = Known(shard.Memory);
        return (memory / BytesPerSecond) + (PauseSeconds(memory, limits) * Known(shard.SamplesPerSecond) * CpuSecondsPerWaiting);
    }

    /// <summary>The pause per MiB after a finished move: an exponential mean.</summary>
    /// <param name="limits">What was known before.</param>
    /// <param name="memory">Bytes of the shard that moved; less than 1 MiB teaches nothing.</param>
    /// <param name="pause">How long it was away.</param>
    /// <returns>The limits with what was learned; never below 0.</returns>
    public static BalanceLimits Learn(BalanceLimits limits, double memory, TimeSpan pause)
    {
        ArgumentNullException.ThrowIfNull(limits);
        if (!(memory >= BytesPerMiB))
        {
            return limits;
        }

        double perMiB = Math.Max(0, pause.TotalSeconds - limits.PauseSeconds) / (memory / BytesPerMiB);
        return limits with { PauseSecondsPerMiB = limits.PauseSecondsPerMiB + (LearnRate * (perMiB - limits.PauseSecondsPerMiB)) };
    }

    /// <summary>A measured figure, 0 where there is none.</summary>
    internal static double Known(double measured) => double.IsFinite(measured) && measured > 0 ? measured : 0;
}
