namespace MonitorCluster.Node.Admin.Palettes;

/// <summary><c>actor</c>: the actor system of this node.</summary>
internal sealed class ActorPalette : CommandPaletteHandler
{
    private const int DepthMax = 1_000;

    private readonly ActorSystem system;

    public ActorPalette(ActorSystem system)
        : base(new CommandPalette(
            "actor",
            "The actors of this node.",
            [
                new CommandDefinitionBuilder().WithName("system").WithDescription("Address of the actor system.").Build(),
                new CommandDefinitionBuilder().WithName("hierarchy").WithDescription("Paths of the actors, one a line, sorted.")
                    .WithArgument(a => a.WithName("depth").WithDescription("Levels below the start; 0 shows the start alone.")
                        .WithSwitch("-d").WithSwitch("--depth").WithDefaultValues("4", "1", "6"))
                    .WithArgument(a => a.WithName("path").WithDescription("Where to start; both guardians when left out.")
                        .WithSwitch("-s").WithSwitch("--start"))
                    .WithArgument(a => a.WithName("long").WithDescription("Type, dispatcher, mailbox depth, handled messages and restarts too.")
                        .WithSwitch("-l").WithSwitch("--long").IsFlag())
                    .Build(),
            ]))
    {
        this.system = system;
        Process("system", SystemAsync);
        Process("hierarchy", HierarchyAsync);
    }

    private string Address => $"actors://{system.Name}";

    private async Task<CommandResponse> SystemAsync(CommandArguments arguments, CommandReply reply, CancellationToken cancellationToken)
    {
        await reply.ColumnsAsync(["system"], cancellationToken);
        await reply.RowAsync([Address], cancellationToken);
        return CommandResponse.Ok;
    }

    private async Task<CommandResponse> HierarchyAsync(CommandArguments arguments, CommandReply reply, CancellationToken cancellationToken)
    {
        long depth = arguments.Number("depth", 0, DepthMax);
        IReadOnlyList<(string Path, ActorInfo Actor)> all =
            [.. system.GetActors().Select(a => (a.Path.ToStringWithoutAddress(), a)).Where(a => a.Item1 != "/").OrderBy(a => a.Item1, StringComparer.Ordinal)];
        string start = string.Empty;
        if (arguments.Value("path") is { } path)
        {
            start = "/" + (path.StartsWith(Address, StringComparison.Ordinal) ? path[Address.Length..] : path).Trim('/');
            if (!all.Any(a => a.Path == start))
            {
                return CommandResponse.Failed($"no actor is at {start}{Spelling.Suggest(start, all.Select(a => a.Path))}");
            }
        }

        // Without a start both guardians are one: depth 0 shows /system and /user.
        int level = start.Length == 0 ? 1 : Level(start);
        bool isLong = arguments.Has("long");
        await reply.ColumnsAsync(isLong ? ["path", "type", "dispatcher", "mailbox", "processed", "restarts"] : ["path"], cancellationToken);
        foreach ((string local, ActorInfo actor) in all)
        {
            if (Level(local) - level <= depth && (local == start || local.StartsWith(start + "/", StringComparison.Ordinal)))
            {
                string full = Address + local;
                await reply.RowAsync(
                    isLong ? [full, actor.TypeName, actor.Dispatcher, actor.MailboxDepth, actor.Processed, actor.Restarts] : [full], cancellationToken);
            }
        }

        return CommandResponse.Ok;
    }

    private static int Level(string path) => path.Count(c => c == '/');
}
