using System.Globalization;
using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Optimise;
using MonitorCluster.Query;

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
                new CommandDefinitionBuilder().WithName("move").WithDescription("Hands a shard over to a member; answers when it has its new owner.")
                    .WithArgument(a => a.WithName("shard").WithDescription("The shard's number.").IsMandatory(true).WithSwitch("-s").WithSwitch("--shard"))
                    .WithArgument(a => a.WithName("member").WithDescription("Name of the member.").IsMandatory(true).WithSwitch("-t").WithSwitch("--to"))
                    .Build(),
                Shard("pin", "Keeps a shard where it is for as long as its owner lives: neither the optimiser nor an operator moves it."),
                Shard("unpin", "Lets a pinned shard go."),
                new CommandDefinitionBuilder().WithName("rebalance").WithDescription("Spreads the load now; the same as optimiser apply.").Build(),
            ]))
    {
        this.node = node;
        Process("list-regions", ListAsync);
        Process("region-stats", StatsAsync);
        Process("move", MoveAsync);
        Process("pin", (arguments, reply, cancellationToken) => PinAsync(isPinned: true, arguments, reply, cancellationToken));
        Process("unpin", (arguments, reply, cancellationToken) => PinAsync(isPinned: false, arguments, reply, cancellationToken));
        Process("rebalance", (_, reply, cancellationToken) =>
            OptimiserPalette.WishAsync(node.Optimiser, OptimiserWish.Apply, reply, cancellationToken));
    }

    private static CommandDefinition Shard(string name, string description) => new CommandDefinitionBuilder().WithName(name).WithDescription(description)
        .WithArgument(a => a.WithName("shard").WithDescription("The shard's number.").IsMandatory(true).WithSwitch("-s").WithSwitch("--shard"))
        .WithArgument(a => a.WithName("by").WithDescription("Who wants it.").WithSwitch("-u").WithSwitch("--by").WithDefaultValues("pbm"))
        .Build();

    private Task<CommandResponse> PinAsync(bool isPinned, CommandArguments arguments, CommandReply reply, CancellationToken cancellationToken)
    {
        int shard = (int)arguments.Number("shard", 0, node.Settings.Cluster.ShardCount - 1);
        return ClusterPalette.WishAsync(node, new PinShard(shard, isPinned, arguments.Required("by")), reply, cancellationToken);
    }

    private async Task<CommandResponse> ListAsync(CommandArguments arguments, CommandReply reply, CancellationToken cancellationToken)
    {
        await reply.ColumnsAsync(["region", "shards", "open", "loading"], ["shards", "open", "loading"], cancellationToken);
        int open = node.Shards.All.Count(s => s is { Ref: not null, Status: not Aggregate.LocalShardStatus.Released });
        await reply.RowAsync([Region, node.Shards.Owned, open, node.Shards.Loading], cancellationToken);
        return CommandResponse.Ok;
    }

    private async Task<CommandResponse> StatsAsync(CommandArguments arguments, CommandReply reply, CancellationToken cancellationToken)
    {
        string region = arguments.Required("region");
        if (region != Region)
        {
            return CommandResponse.Failed($"no region is called \"{region}\"; there is {Region}");
        }

        ClusterNumbers numbers = await node.Statistics.ReadAsync();
        IReadOnlyList<MemberRow> members = ClusterPalette.Living(node);
        MemberRow? leader = ClusterPalette.Leader(members);
        ILookup<long?, int> shards = node.Routes.Current.Shards.ToLookup(s => s.Owner, s => s.ShardId);
        await reply.ColumnsAsync(
            [.. ClusterPalette.MemberColumns, "coordinator", "shards", "entities", "series", "samples_per_second"],
            ["shards", "entities", "series", "samples_per_second"],
            cancellationToken);
        foreach (MemberRow member in members)
        {
            // A member that did not answer shows how many shards it owns, and nothing of what is in them.
            ShardSummary?[] own = [.. shards[member.Incarnation].Select(numbers.Find)];
            bool isKnown = !own.Contains(null);
            await reply.RowAsync(
                [
                    .. ClusterPalette.Cells(member, node.Routes),
                    member == leader ? "[coordinator]" : string.Empty,
                    own.Length,
                    isKnown ? own.Sum(s => (long)s!.Entities) : null,
                    isKnown ? own.Sum(s => (long)s!.Series) : null,
                    isKnown ? Math.Round(own.Sum(s => s!.SamplesPerSecond), 1) : null,
                ],
                cancellationToken);
        }

        return CommandResponse.Ok;
    }

    private async Task<CommandResponse> MoveAsync(CommandArguments arguments, CommandReply reply, CancellationToken cancellationToken)
    {
        int shard = (int)arguments.Number("shard", 0, node.Settings.Cluster.ShardCount - 1);
        string member = arguments.Required("member");
        IReadOnlyList<MemberRow> members = ClusterPalette.Living(node);
        return members.Any(m => m.NodeName == member)
            ? await ClusterPalette.WishAsync(node, new MoveShard(shard, member), reply, cancellationToken)
            : CommandResponse.Failed(string.Create(
                CultureInfo.InvariantCulture, $"no living member is named \"{member}\"{Spelling.Suggest(member, members.Select(m => m.NodeName))}"));
    }
}
