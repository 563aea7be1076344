using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Query;

namespace MonitorCluster.Node.Admin.Palettes;

/// <summary><c>cluster</c>: the members.</summary>
internal sealed class ClusterPalette : CommandPaletteHandler
{
    /// <summary>The columns of a member, also where other palettes show members.</summary>
    public static readonly string[] MemberColumns = ["address", "roles", "status", "reachability", "version"];

    // A leaving node gives its shards away first; membership itself sets the bound of that.
    private static readonly TimeSpan WishTimeout = TimeSpan.FromMinutes(2);

    private readonly NodeRuntime node;

    public ClusterPalette(NodeRuntime node)
        : base(new CommandPalette(
            "cluster",
            "Members of the cluster.",
            [
                new CommandDefinitionBuilder().WithName("show").WithDescription("All members: address, roles, status, reachability, version.").Build(),
                new CommandDefinitionBuilder().WithName("status").WithDescription("The member that pbm is connected to.").Build(),
                new CommandDefinitionBuilder().WithName("leader").WithDescription("Address of the leader: the longest serving active member.").Build(),
                new CommandDefinitionBuilder().WithName("leave").WithDescription("Makes a member give its shards away and stop.")
                    .WithArgument(a => a.WithName("member").WithDescription("Its name or address; this node when left out.")
                        .WithSwitch("-a").WithSwitch("--address"))
                    .Build(),
                new CommandDefinitionBuilder().WithName("down")
                    .WithDescription("Declares a member dead at once; when it still runs it stops, and others take its shards.")
                    .WithArgument(a => a.WithName("member").WithDescription("Its name or address.").IsMandatory(true)
                        .WithSwitch("-a").WithSwitch("--address"))
                    .Build(),
                new CommandDefinitionBuilder().WithName("tail").WithDescription("Each change of members and moving shards, until Ctrl+C.").IsStreaming()
                    .Build(),
            ]))
    {
        this.node = node;
        Process("show", ShowAsync);
        Process("status", StatusAsync);
        Process("leader", LeaderAsync);
        Process("leave", LeaveAsync);
        Process("down", DownAsync);
        Process("tail", TailAsync);
    }

    /// <summary>The members that are not dead, ascending by incarnation.</summary>
    public static IReadOnlyList<MemberRow> Living(NodeRuntime node) => [.. node.View.Members.Where(m => m.Status != MemberStatus.Dead)];

    /// <summary>The member that has been active for longest. Nothing in the cluster depends on it: the store arbitrates.</summary>
    public static MemberRow? Leader(IReadOnlyList<MemberRow> members) => members.Where(m => m.Status == MemberStatus.Active).MinBy(m => m.Incarnation);

    /// <summary>A member's cells. An active member is <c>up</c>, as operators of Akka clusters know it; <c>unreachable</c> is this node's own view.</summary>
    public static object?[] Cells(MemberRow member, RoutingMap routes) =>
    [
        member.Address,
        member.Roles == NodeRoles.None ? [] : member.Roles.ToString().ToLowerInvariant().Split(", "),
        StatusOf(member),
        routes.IsReachable(member.Incarnation) == false ? "unreachable" : string.Empty,
        member.Build,
    ];

    /// <summary>Asks membership for something that may take a while.</summary>
    public static async Task<CommandResponse> WishAsync(NodeRuntime node, object wish, CommandReply reply, CancellationToken cancellationToken)
    {
        OperationResult result = await node.Membership.Ask<OperationResult>(wish, WishTimeout, cancellationToken);
        if (!result.IsDone)
        {
            return CommandResponse.Failed(result.Text);
        }

        await reply.ColumnsAsync(["result", "elapsed_ms"], ["elapsed_ms"], cancellationToken);
        await reply.RowAsync([result.Text, result.ElapsedMs], cancellationToken);
        return CommandResponse.Ok;
    }

    private static string StatusOf(MemberRow member) => member.Status == MemberStatus.Active ? "up" : member.Status.ToString().ToLowerInvariant();

    private async Task<CommandResponse> ShowAsync(CommandArguments arguments, CommandReply reply, CancellationToken cancellationToken)
    {
        IReadOnlyList<MemberRow> members = Living(node);
        await reply.ColumnsAsync(MemberColumns, cancellationToken);
        foreach (MemberRow member in members)
        {
            await reply.RowAsync(Cells(member, node.Routes), cancellationToken);
        }

        await reply.TextAsync($"Count: {members.Count} nodes", cancellationToken);
        return CommandResponse.Ok;
    }

    private async Task<CommandResponse> StatusAsync(CommandArguments arguments, CommandReply reply, CancellationToken cancellationToken)
    {
        if (Living(node).LastOrDefault(m => m.NodeName == node.Settings.Node.Name) is not { } self)
        {
            return CommandResponse.Failed($"node {node.Settings.Node.Name} is not a member yet");
        }

        await reply.ColumnsAsync(MemberColumns, cancellationToken);
        await reply.RowAsync(Cells(self, node.Routes), cancellationToken);
        return CommandResponse.Ok;
    }

    private async Task<CommandResponse> LeaderAsync(CommandArguments arguments, CommandReply reply, CancellationToken cancellationToken)
    {
        if (Leader(Living(node)) is not { } leader)
        {
            return CommandResponse.Failed("no member is active");
        }

        await reply.ColumnsAsync(["address"], cancellationToken);
        await reply.RowAsync([leader.Address], cancellationToken);
        return CommandResponse.Ok;
    }

    private Task<CommandResponse> LeaveAsync(CommandArguments arguments, CommandReply reply, CancellationToken cancellationToken) =>
        WishAsync(node, new AskToLeave(arguments.Value("member") ?? node.Settings.Node.Name), reply, cancellationToken);

    private async Task<CommandResponse> DownAsync(CommandArguments arguments, CommandReply reply, CancellationToken cancellationToken)
    {
        string wanted = arguments.Required("member");
        if (Living(node).FirstOrDefault(m => m.NodeName == wanted || m.Address == wanted) is not { } member)
        {
            return CommandResponse.Failed($"no living member is named \"{wanted}\" or has that address");
        }

        OperationResult result = await node.Membership.Ask<OperationResult>(new DeclareDead(member.NodeName), WishTimeout, cancellationToken);
        if (!result.IsDone)
        {
            return CommandResponse.Failed(result.Text);
        }

        await reply.ColumnsAsync(["member", "status"], cancellationToken);
        await reply.RowAsync([member.NodeName, "dead"], cancellationToken);
        return CommandResponse.Ok;
    }

    private async Task<CommandResponse> TailAsync(CommandArguments arguments, CommandReply reply, CancellationToken cancellationToken)
    {
        await reply.ColumnsAsync(["time", "version", "event"], cancellationToken);
        ClusterRoutes shown = node.Routes.Current;
        while (true)
        {
            await node.Routes.WaitForNewerAsync(shown.Version, Timeout.InfiniteTimeSpan, node.Ports.Time, cancellationToken);
            ClusterRoutes now = node.Routes.Current;
            string at = Alert.AlertJson.Time(node.Ports.Time.GetUtcNow().ToUnixTimeMilliseconds());
            foreach (string change in ClusterChanges.Between(shown, now))
            {
                await reply.RowAsync([at, now.Version, change], cancellationToken);
            }

            shown = now;
        }
    }
}
