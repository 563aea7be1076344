using MonitorCluster.Aggregate;
using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Node.Admin.Palettes;

/// <summary><c>cluster-sharding</c>: where shards live. There is one region, <c>metrics</c>: the aggregators, one entity per (host, metric).</summary>
internal sealed class ShardingPalette : CommandPaletteHandler
{
    private const string Region = "metrics";

    private readonly NodeRuntime node;

    public ShardingPalette(NodeRuntime node)
        : base(new CommandPalette(
            "cluster-sharding",
            "Where shards live.",
            [
                new CommandDefinitionBuilder().WithName("list-regions")
                    .WithDescription("The kinds of sharded entities, with this node's part of them.").Build(),
                new CommandDefinitionBuilder().WithName("region-stats").WithDescription("Shards and entities of each member.")
                    .WithArgument(a => a.WithName("region").WithDescription("The region.").WithSwitch("-r").WithSwitch("--region").WithDefaultValues(Region))
                    .Build(),
            ]))
    {
        this.node = node;
        Process("list-regions", ListAsync);
        Process("region-stats", StatsAsync);
    }

    private async Task<CommandResponse> ListAsync(CommandArguments arguments, CommandReply reply, CancellationToken cancellationToken)
    {
        await reply.ColumnsAsync(["region", "shards", "open", "loading"], ["shards", "open", "loading"], cancellationToken);
        await reply.RowAsync([Region, node.Shards.Owned, node.Shards.Open.Count, node.Shards.Loading], cancellationToken);
        return CommandResponse.Ok;
    }

    private async Task<CommandResponse> StatsAsync(CommandArguments arguments, CommandReply reply, CancellationToken cancellationToken)
    {
        string region = arguments.Required("region");
        if (region != Region)
        {
            return CommandResponse.Failed($"no region is called \"{region}\"; there is {Region}");
        }

        IReadOnlyList<MemberRow> members = ClusterPalette.Living(node);
        MemberRow? leader = ClusterPalette.Leader(members);
        var shards = node.View.ShardOwners.Where(s => s.Owner is not null).CountBy(s => s.Owner!.Value).ToDictionary();
        await reply.ColumnsAsync(
            [.. ClusterPalette.MemberColumns, "coordinator", "shards", "entities", "series", "samples_per_second"],
            ["shards", "entities", "series", "samples_per_second"],
            cancellationToken);
        foreach (MemberRow member in members)
        {
            // A node knows what is inside its own shards only; of others it knows how many they own.
            IReadOnlyList<ShardStatistics>? own = member.NodeName == node.Settings.Node.Name ? await node.Query.ShardsAsync(cancellationToken) : null;
            await reply.RowAsync(
                [
                    .. ClusterPalette.Cells(member),
                    member == leader ? "[coordinator]" : string.Empty,
                    shards.GetValueOrDefault(member.Incarnation),
                    own?.Sum(s => (long)s.Entities),
                    own?.Sum(s => (long)s.Series),
                    own is null ? null : Math.Round(own.Sum(s => s.SamplesPerSecond), 1),
                ],
                cancellationToken);
        }

        return CommandResponse.Ok;
    }
}
