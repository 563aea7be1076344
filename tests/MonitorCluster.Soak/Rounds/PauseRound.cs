using MonitorCluster.Soak.Processes;

namespace MonitorCluster.Soak.Rounds;

/// <summary>An owner is stopped in its tracks for 20 s and goes on as if nothing had happened: by then others own its shards, and it must not write.</summary>
internal sealed class PauseRound : Round
{
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(20);

    public override string Name => "pause";

    public override bool MayEvict => true;

    public override double GapMaxSeconds => 15;

    public override async Task<Strike> StrikeAsync(RoundContext context, ClusterNode[] victims)
    {
        IReadOnlyList<string> hosts = context.HostsOf(victims);
        await victims[0].PauseAsync();
        Task length = Task.Delay(Length);
        double? gap = await context.MeasureGapAsync(hosts, Length);
        await length;
        await victims[0].ContinueAsync();
        return new Strike { GapSeconds = gap, Faults = gap is null ? ["the others did not take over while it was paused"] : [] };
    }
}
