using System.Net;
using MonitorCluster.Soak.Faults;
using MonitorCluster.Soak.Processes;

namespace MonitorCluster.Soak.Rounds;

/// <summary>From what an owner is cut off.</summary>
internal enum CutFrom
{
    /// <summary>Its way to the database; the other nodes reach it.</summary>
    Database,

    /// <summary>All other nodes; it reaches the database.</summary>
    Collectors,

    /// <summary>One other node; both reach the database and the rest.</summary>
    Peer,
}

/// <summary>An owner is cut off for a while; packets vanish, as on a real network.</summary>
internal sealed class CutRound(CutFrom from) : Round
{
    private readonly TimeSpan _length = TimeSpan.FromSeconds(from == CutFrom.Peer ? 20 : 40);

    public override string Name => $"cut-{from.ToString().ToLowerInvariant()}";

    // One complaint is no quorum: a node that one other cannot reach stays.
    public override bool MayEvict => from != CutFrom.Peer;

    public override double GapMaxSeconds => from == CutFrom.Database ? 30 : from == CutFrom.Collectors ? 20 : double.PositiveInfinity;

    public override bool NeedsCuts => true;

    public override bool NeedsPostgres => from == CutFrom.Database;

    public override ClusterNode[] Choose(RoundContext context)
    {
        ClusterNode victim = context.ChooseOwners(1)[0];
        ClusterNode other = context.Cluster.Nodes[victim.Number % context.Cluster.Nodes.Count];
        return from == CutFrom.Peer ? [victim, other] : [victim];
    }

    public override async Task<Strike> StrikeAsync(RoundContext context, ClusterNode[] victims)
    {
        Task length = Task.Delay(_length);
        await CutAsync(context, victims);
        try
        {
            double? gap = from == CutFrom.Peer ? null : await context.MeasureGapAsync(context.HostsOf(victims[0]), _length);
            await length;
            return new Strike { GapSeconds = gap, Faults = gap is null && from != CutFrom.Peer ? [$"the others did not take over within {_length}"] : [] };
        }
        finally
        {
            await NetworkCuts.HealAsync();
        }
    }

    private async Task CutAsync(RoundContext context, ClusterNode[] victims)
    {
        if (from == CutFrom.Database)
        {
            await NetworkCuts.IsolateAsync(ClusterProcess.DatabaseAddress(victims[0].Number));
            return;
        }

        IPAddress victim = victims[0].Address;
        foreach (ClusterNode other in from == CutFrom.Peer ? victims[1..] : context.Cluster.Nodes.Except(victims))
        {
            await NetworkCuts.CutAsync(other.Address, victim);
            await NetworkCuts.CutAsync(victim, other.Address);
        }
    }
}
