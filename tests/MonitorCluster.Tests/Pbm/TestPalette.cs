using MonitorCluster.Node.Admin;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Tests.Pbm;

/// <summary>A palette with one command for each way a command can go.</summary>
internal sealed class TestPalette : CommandPaletteHandler
{
    public TestPalette()
        : base(new CommandPalette(
            "test",
            "For tests.",
            [
                Command("rows")
                    .WithArgument(a => a.WithName("level").WithDescription("How much.").WithSwitch("-l").WithSwitch("--level").WithDefaultValues("low", "high"))
                    .Build(),
                Command("echo").WithArgument(a => a.WithName("text").WithDescription("What to say.").TakesRest()).Build(),
                Command("silent").Build(), Command("fail").Build(), Command("misuse").Build(), Command("throw").Build(), Command("hang").Build(),
                Command("halfway").Build(), Command("tail").IsStreaming().Build(),
            ]))
    {
        Process("rows", RowsAsync);
        Process("echo", async (arguments, reply, ct) =>
        {
            await reply.ColumnsAsync(["text"], ct);
            await reply.RowAsync([arguments.Value("text")], ct);
            return CommandResponse.Ok;
        });
        Process("silent", (_, _, _) => Task.FromResult(CommandResponse.Ok));
        Process("fail", (_, _, _) => Task.FromResult(CommandResponse.Failed("it did\u001b[31m not work")));
        Process("misuse", (_, _, _) => throw new CommandUsageException("-l LEVEL: no"));
        Process("throw", (_, _, _) => throw new InvalidOperationException("a secret of the program"));
        Process("halfway", async (_, reply, ct) =>
        {
            await reply.ColumnsAsync(["a"], ct);
            await reply.RowAsync([1], ct);
            return CommandResponse.Failed("half of it");
        });
        Process("hang", async (_, _, ct) =>
        {
            Hanging.TrySetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, ct);
            return CommandResponse.Ok;
        });
        Process("tail", async (_, reply, ct) =>
        {
            await reply.ColumnsAsync(["n"], ct);
            await reply.RowAsync([1], ct);
            try
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, ct);
            }
            finally
            {
                TailEnded.TrySetResult();
            }

            return CommandResponse.Ok;
        });
    }

    /// <summary>Completes when <c>test hang</c> runs.</summary>
    public TaskCompletionSource Hanging { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when <c>test tail</c> has ended.</summary>
    public TaskCompletionSource TailEnded { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static CommandDefinitionBuilder Command(string name) => new CommandDefinitionBuilder().WithName(name).WithDescription($"Does {name}.");

    private static async Task<CommandResponse> RowsAsync(CommandArguments arguments, CommandReply reply, CancellationToken cancellationToken)
    {
        await reply.ColumnsAsync(["name", "list", "labels", "count", "ratio", "on"], ["count"], cancellationToken);
        await reply.RowAsync(["a[b]", (string[])["x", "y"], LabelSet.Create("m", ("k", "v\"w"), ("l", "ü")), 7, 0.5, true], cancellationToken);
        await reply.RowAsync(["e\u001bs\nc", (string[])[], LabelSet.Create("m"), 12345678901L, double.NaN, null], cancellationToken);
        await reply.TextAsync("Count: 2 rows", cancellationToken);
        return CommandResponse.Ok;
    }
}
