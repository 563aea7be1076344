using System.Text;
using MonitorCluster.Node.Admin;

namespace MonitorCluster.Tests.Node.Admin;

/// <summary>Runs one line on one palette, without a network, and gives the lines of its answer.</summary>
internal static class Answer
{
    public static async Task<string[]> OfAsync(CommandPaletteHandler handler, string line, CancellationToken cancellationToken = default)
    {
        Assert.True(new CommandParser([handler.Palette]).TryParse(line, out ParsedCommand? parsed, out string error), error);
        using var body = new MemoryStream();
        using var reply = new CommandReply(body, parsed.Command.IsStreaming);
        CommandResponse response;
        try
        {
            response = await handler.ProcessOf(parsed.Command)(parsed.Arguments, reply, cancellationToken);
        }
        catch (CommandUsageException e)
        {
            response = CommandResponse.Usage(e.Message);
        }

        await reply.EndAsync(response, default);
        return Encoding.UTF8.GetString(body.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
