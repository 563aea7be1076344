using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Node.Admin.Palettes;

/// <summary><c>cluster</c>: the members.</summary>
internal sealed class ClusterPalette : CommandPaletteHandler
{
    /// <summary>The columns of a member, also where other palettes show members.</summary>
    public static readonly string[] MemberColumns = ["address", "roles", "status", "reachability", "version"];

    private readonly NodeRuntime node;

    public ClusterPalette(NodeRuntime node)
        : base(new CommandPalette(
            "cluster",
            "Members of the cluster.",
            [
                new CommandDefinitionBuilder().WithName("show").WithDescription("All members: address, roles, status, reachability, version.").Build(),
                new CommandDefinitionBuilder().WithName("status").WithDescription("The member that pbm is connected to.").Build(),
                new CommandDefinitionBuilder().WithName("leader").WithDescription("Address of the leader: the longest serving active member.").Build(),
            ]))
    {
        this.node = node;
        Process("show", ShowAsync);
        Process("status", StatusAsync);
        Process("leader", LeaderAsync);
    }

    /// <summary>The members that are not dead, ascending by incarnation.</summary>
    public static IReadOnlyList<MemberRow> Living(NodeRuntime node) => [.. node.View.Members.Where(m => m.Status != MemberStatus.Dead)];

    /// <summary>The member that has been active for longest. Nothing in the cluster depends on it: the store arbitrates.</summary>
    public static MemberRow? Leader(IReadOnlyList<MemberRow> members) => members.Where(m => m.Status == MemberStatus.Active).MinBy(m => m.Incarnation);

    /// <summary>
    /// A member's cells. An active member is <c>up</c>, as operators of Akka clusters know it; a living member is reachable until the store says otherwise.
    /// </summary>
    public static object?[] Cells(MemberRow member) =>
    [
        member.Address,
        member.Roles == NodeRoles.None ? [] : member.Roles.ToString().ToLowerInvariant().Split(", "),
        member.Status == MemberStatus.Active ? "up" : member.Status.ToString().ToLowerInvariant(),
        string.Empty,
        member.Build,
    ];

    private async Task<CommandResponse> ShowAsync(CommandArguments arguments, CommandReply reply, CancellationToken cancellationToken)
    {
        IReadOnlyList<MemberRow> members = Living(node);
        await reply.ColumnsAsync(MemberColumns, cancellationToken);
        foreach (MemberRow member in members)
        {
            await reply.RowAsync(Cells(member), cancellationToken);
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
        await reply.RowAsync(Cells(self), cancellationToken);
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
}
