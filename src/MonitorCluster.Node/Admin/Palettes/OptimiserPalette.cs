using MonitorCluster.Act;
using MonitorCluster.Alert;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Optimise;

namespace MonitorCluster.Node.Admin.Palettes;

/// <summary><c>optimiser</c>: how load lies, what would be done about it, and what was; and the same for watched services.</summary>
internal sealed class OptimiserPalette : CommandPaletteHandler
{
    private const string Somebody = "pbm";

    private readonly OptimiserDesk desk;
    private readonly ActuationDesk services;
    private readonly TimeProvider time;

    public OptimiserPalette(OptimiserDesk desk, ActuationDesk services, TimeProvider time)
        : base(new CommandPalette(
            "optimiser",
            "Balances the load of the nodes, and acts on watched services.",
            [
                new CommandDefinitionBuilder().WithName("status").WithDescription("How load lies now, and why there is no plan or what is being done.").Build(),
                new CommandDefinitionBuilder().WithName("plan")
                    .WithDescription("What would be moved now, with the predicted loads, the cost and the fewest moves possible. Moves nothing.").Build(),
                new CommandDefinitionBuilder().WithName("apply").WithDescription("Makes such a plan and carries it out.").Build(),
                new CommandDefinitionBuilder().WithName("pause")
                    .WithDescription("Begins nothing any more, on all nodes, until resume; what has begun ends as planned.").WithWords().Build(),
                new CommandDefinitionBuilder().WithName("resume").WithDescription("Ends a pause, and a suspension after failed plans.").WithWords().Build(),
                new CommandDefinitionBuilder().WithName("rollback").WithDescription("Undoes the plan that runs, or else the last one.").Build(),
                new CommandDefinitionBuilder().WithName("history").WithDescription("The last plans and what became of them.")
                    .WithArgument(a => a.WithName("count").WithDescription("Plans to show.").WithSwitch("-n").WithSwitch("--count")
                        .WithDefaultValues("20", "100"))
                    .Build(),
                new CommandDefinitionBuilder().WithName("policies")
                    .WithDescription("The policies for watched services: which node acts for each, and why something is done or nothing.").Build(),
                new CommandDefinitionBuilder().WithName("actions").WithDescription("The last actions on watched services and what became of them.")
                    .WithArgument(a => a.WithName("count").WithDescription("Actions to show.").WithSwitch("-n").WithSwitch("--count")
                        .WithDefaultValues("20", "100"))
                    .Build(),
            ]))
    {
        (this.desk, this.services, this.time) = (desk, services, time);
        Process("status", (_, reply, cancellationToken) => WishAsync(desk, OptimiserWish.Status, reply, cancellationToken));
        Process("plan", (_, reply, cancellationToken) => WishAsync(desk, OptimiserWish.Plan, reply, cancellationToken));
        Process("apply", (_, reply, cancellationToken) => WishAsync(desk, OptimiserWish.Apply, reply, cancellationToken));
        Process("rollback", (_, reply, cancellationToken) => WishAsync(desk, OptimiserWish.Rollback, reply, cancellationToken));
        Process("pause", (arguments, reply, cancellationToken) => PauseAsync(isPaused: true, arguments, reply, cancellationToken));
        Process("resume", (arguments, reply, cancellationToken) => PauseAsync(isPaused: false, arguments, reply, cancellationToken));
        Process("history", HistoryAsync);
        Process("policies", PoliciesAsync);
        Process("actions", ActionsAsync);
    }

    /// <summary>Asks the optimiser, and shows what it answers.</summary>
    public static async Task<CommandResponse> WishAsync(
        OptimiserDesk desk, OptimiserWish wish, CommandReply reply, CancellationToken cancellationToken)
    {
        OptimiserReply answer = await desk.AskAsync(wish, Somebody, cancellationToken);
        if (!answer.IsDone)
        {
            return CommandResponse.Failed(answer.Text);
        }

        if (answer.Report is { } report)
        {
            await ShowAsync(report, reply, cancellationToken);
        }

        await reply.TextAsync(answer.Text, cancellationToken);
        return CommandResponse.Ok;
    }

    private static async Task ShowAsync(OptimiserReport report, CommandReply reply, CancellationToken cancellationToken)
    {
        if (report.Proposal is { Moves.Count: > 0 } moves)
        {
            await reply.ColumnsAsync(["shard", "from", "to", "reason"], cancellationToken);
            foreach (ProposedMove move in moves.Moves)
            {
                await reply.RowAsync([move.Shard, move.From, move.To, move.Reason], cancellationToken);
            }
        }

        if (report.Now is { } now)
        {
            Dictionary<string, PlanNode> predicted = report.Proposal?.Predicted.Nodes.ToDictionary(n => n.Name) ?? [];
            await reply.ColumnsAsync(
                ["node", "load", "predicted", "cpu_cores", "memory_mib", "shards", "samples_per_second"],
                ["load", "predicted", "cpu_cores", "memory_mib", "shards", "samples_per_second"],
                cancellationToken);
            foreach (PlanNode node in now.Nodes)
            {
                await reply.RowAsync(
                    [
                        node.Name, Math.Round(node.Load, 3), predicted.TryGetValue(node.Name, out PlanNode? then) ? Math.Round(then.Load, 3) : null,
                        Math.Round(node.Cpu, 3), Math.Round(node.Memory / (1 << 20)), node.Shards,
                        node.SamplesPerSecond is { } rate ? Math.Round(rate, 1) : null,
                    ],
                    cancellationToken);
            }

            await reply.TextAsync($"Imbalance: {OptimiserWords.Number(now.Imbalance)} (hottest by mean)", cancellationToken);
        }

        if (report.Proposal is { } plan)
        {
            await reply.TextAsync(
                plan.Moves.Count == 0
                    ? plan.WhyNot
                    : $"{plan.Moves.Count} moves (at least {plan.LowerBound} are needed), {OptimiserWords.Number(plan.CostSeconds)} CPU seconds; "
                      + $"imbalance {OptimiserWords.Number(plan.Predicted.Imbalance)} expected",
                cancellationToken);
            foreach (string line in plan.Giants.Append(plan.Brakes).Where(l => l.Length > 0))
            {
                await reply.TextAsync(line, cancellationToken);
            }
        }

        await reply.TextAsync($"{report.State} (controller {report.Controller}): {report.Why}", cancellationToken);
    }

    private async Task<CommandResponse> PauseAsync(bool isPaused, CommandArguments arguments, CommandReply reply, CancellationToken cancellationToken)
    {
        string done = await desk.PauseAsync(isPaused, FeedbackCommands.By(arguments), FeedbackCommands.Comment(arguments), cancellationToken);
        await reply.TextAsync(done, cancellationToken);
        return CommandResponse.Ok;
    }

    private async Task<CommandResponse> HistoryAsync(CommandArguments arguments, CommandReply reply, CancellationToken cancellationToken)
    {
        int count = (int)arguments.Number("count", 1, OptimiserDesk.HistoryMax);
        (OptimiserPause pause, IReadOnlyList<PlanRow> plans) = await desk.ReadAsync(count, cancellationToken);
        long nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        await reply.ColumnsAsync(
            ["plan", "created_at", "kind", "state", "moves", "before", "predicted", "after", "trigger", "why"],
            ["moves", "before", "predicted", "after"],
            cancellationToken);
        foreach (PlanRow plan in plans)
        {
            PlanProgress? progress = OptimiserJson.Progress(plan.Progress);
            await reply.RowAsync(
                [
                    plan.PlanId, AlertJson.Time(nowMs - plan.AgeMs), plan.Kind.ToString().ToLowerInvariant(), plan.State.ToString().ToLowerInvariant(),
                    progress?.Moves.Count, Imbalance(plan.Before), Imbalance(plan.Predicted), Imbalance(plan.After), plan.Trigger, progress?.Why,
                ],
                cancellationToken);
        }

        string note = pause.Note.Length > 0 ? $": {pause.Note}" : string.Empty;
        await reply.TextAsync($"Count: {plans.Count} plans{(pause.IsPaused ? $"; paused by {pause.By}{note}" : string.Empty)}", cancellationToken);
        return CommandResponse.Ok;
    }

    private async Task<CommandResponse> PoliciesAsync(CommandArguments arguments, CommandReply reply, CancellationToken cancellationToken)
    {
        IReadOnlyList<PolicySnapshot> policies = services.Policies();
        await reply.ColumnsAsync(["policy", "backend", "node", "state", "servers", "why"], [], cancellationToken);
        foreach (PolicySnapshot policy in policies)
        {
            IEnumerable<string> servers =
                policy.Servers.Select(s => s.Weight == s.InitialWeight ? $"{s.Name} {s.Weight}" : $"{s.Name} {s.Weight}/{s.InitialWeight}");
            await reply.RowAsync(
                [
                    policy.Name, policy.Backend, policy.Owner, $"{policy.Status.ToString().ToLowerInvariant()}{(policy.IsDryRun ? ", dry run" : string.Empty)}",
                    string.Join(", ", servers), policy.IsHere ? policy.Words : policy.Owner is { } owner ? $"ask {owner}" : "its shard has no owner now",
                ],
                cancellationToken);
        }

        await reply.TextAsync(
            services.IsOn ? $"Count: {policies.Count} policies" : "This node has no policies: Act:PolicyDirectory names no folder", cancellationToken);
        return CommandResponse.Ok;
    }

    private async Task<CommandResponse> ActionsAsync(CommandArguments arguments, CommandReply reply, CancellationToken cancellationToken)
    {
        IReadOnlyList<ActuationRow> actions = await services.RecentAsync((int)arguments.Number("count", 1, ActuationDesk.RecentMax), cancellationToken);
        long nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        await reply.ColumnsAsync(
            ["action", "decided_at", "policy", "target", "old", "new", "initial", "state", "seconds_left", "reason"],
            ["old", "new", "initial", "seconds_left"],
            cancellationToken);
        foreach (ActuationRow action in actions)
        {
            await reply.RowAsync(
                [
                    action.ActionId, AlertJson.Time(nowMs - action.AgeMs), action.Policy, action.Target, action.OldValue, action.NewValue, action.InitialValue,
                    action.State.ToString().ToLowerInvariant(), action.IsOpen ? Math.Max(0, action.LeftMs / 1_000) : null, action.Reason,
                ],
                cancellationToken);
        }

        await reply.TextAsync($"Count: {actions.Count} actions", cancellationToken);
        return CommandResponse.Ok;
    }

    private static double? Imbalance(string? picture) =>
        picture is not null && OptimiserJson.Picture(picture) is { } read ? Math.Round(read.Imbalance, 3) : null;
}
