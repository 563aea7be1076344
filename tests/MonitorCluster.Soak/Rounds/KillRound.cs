using MonitorCluster.Soak.Processes;

namespace MonitorCluster.Soak.Rounds;

/// <summary>kill -9 of owners under traffic, the controller among them. They are started again when the others have taken over.</summary>
internal sealed class KillRound(int count) : Round
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public override string Name => count == 1 ? "kill-one" : "kill-two";

    // Of fifty rounds: the node that was killed last has few shards in the next one, and others are struck.
    public override bool NeedsSpread => count > 1;

    public override double GapMaxSeconds => count == 1 ? 10 : 30;

    public override double GapMedianSeconds => count == 1 ? 4 : double.PositiveInfinity;

    public override ClusterNode[] Choose(RoundContext context) => context.ChooseOwners(count);

    public override async Task<Strike> StrikeAsync(RoundContext context, ClusterNode[] victims)
    {
        IReadOnlyList<string> hosts = context.HostsOf(victims);
        Task killing = Task.WhenAll(victims.Select(v => v.KillAsync()));
        double? gap = await context.MeasureGapAsync(hosts, Patience);
        await killing;
        await Task.WhenAll(victims.Select(v => v.StartAsync()));
        return new Strike { GapSeconds = gap, Faults = gap is null ? [$"the others did not take over within {Patience}"] : [] };
    }
}
