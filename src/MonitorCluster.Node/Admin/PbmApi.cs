using System.Reflection;
using System.Text.Json;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Node.Admin;

/// <summary>The two routes behind <c>pbm</c>: what commands there are, and run one.</summary>
/// <remarks>
/// A line that cannot be understood is answered like any other, with exit code 2 in the last line; HTTP errors are for requests that are no lines at all.
/// An answer without its <c>exit</c> line was cut off: the node stopped. Commands at once are bounded; one more gets 503.
/// </remarks>
internal sealed partial class PbmApi(string node, IReadOnlyList<CommandPaletteHandler> handlers, int commandsMax, ILogger logger)
{
    /// <summary>Longest request body: a line of this length is no command that anybody typed.</summary>
    public const int BodyBytesMax = 64 * 1024;

    private static readonly JsonSerializerOptions Names = new(JsonSerializerDefaults.Web);

    private readonly CommandParser parser = new([.. handlers.Select(h => h.Palette)]);
    private int running;

    public void Map(IEndpointRouteBuilder routes)
    {
        byte[] palettes = JsonSerializer.SerializeToUtf8Bytes(
            new { node, version = Version, palettes = handlers.Select(h => Describe(h.Palette)) }, Names);
        routes.MapGet("/pbm/v1/palettes", () => Results.Bytes(palettes, "application/json"));
        routes.MapPost("/pbm/v1/run", RunAsync);
        routes.MapFallback(() => Results.Json(new { error = "only /pbm/v1/palettes and /pbm/v1/run are here" }, statusCode: StatusCodes.Status404NotFound));
    }

    /// <summary>The program's version as people know it.</summary>
    public static string Version { get; } =
        typeof(PbmApi).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0.0.0";

    private static object Describe(CommandPalette palette) => new
    {
        name = palette.ModuleName,
        palette.Description,
        commands = palette.Commands.Select(c => new
        {
            c.Name,
            c.Description,
            c.IsStreaming,
            arguments = c.Arguments.Select(a => new { a.Name, a.Description, a.Usage, a.IsMandatory, a.IsFlag, a.Switches, a.DefaultValues }),
        }),
    };

    private async Task RunAsync(HttpContext http)
    {
        if (await ReadLineAsync(http) is not { } line)
        {
            http.Response.StatusCode = StatusCodes.Status400BadRequest;
            await http.Response.WriteAsJsonAsync(new { error = "the body must be {\"line\":\"PALETTE COMMAND ...\"}" }, http.RequestAborted);
            return;
        }

        if (Interlocked.Increment(ref running) > commandsMax)
        {
            Interlocked.Decrement(ref running);
            http.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            await http.Response.WriteAsJsonAsync(new { error = $"{commandsMax} commands run already" }, http.RequestAborted);
            return;
        }

        CancellationToken stopping = http.RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, stopping);
        try
        {
            http.Response.ContentType = "application/x-ndjson";
            await AnswerAsync(http.Response.Body, line, ended.Token);
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // The caller went or the node stops: the ordinary end of a command that streams.
        }
        finally
        {
            Interlocked.Decrement(ref running);
        }
    }

    private async Task AnswerAsync(System.IO.Stream body, string line, CancellationToken cancellationToken)
    {
        bool isCommand = parser.TryParse(line, out ParsedCommand? command, out string error);
        using var reply = new CommandReply(body, isCommand && command!.Command.IsStreaming);
        CommandResponse response = isCommand ? await ExecuteAsync(command!, reply, cancellationToken) : CommandResponse.Usage(error);
        await reply.EndAsync(response, cancellationToken);
    }

    private async Task<CommandResponse> ExecuteAsync(ParsedCommand parsed, CommandReply reply, CancellationToken cancellationToken)
    {
        (CommandPalette palette, CommandDefinition command, CommandArguments arguments) = parsed;
        try
        {
            return await handlers.First(h => h.Palette == palette).ProcessOf(command)(arguments, reply, cancellationToken);
        }
        catch (CommandUsageException e)
        {
            return CommandResponse.Usage($"{palette.ModuleName} {command.Name}: {e.Message}");
        }
        catch (QueryException e)
        {
            return CommandResponse.Failed(e.Message);
        }
        catch (StoreUnavailableException e)
        {
            return CommandResponse.Failed(e.Message);
        }
        catch (TimeoutException)
        {
            return CommandResponse.Failed("the node did not answer in time");
        }
#pragma warning disable CA1031 // boundary: one failed command must not look like a lost connection
        catch (Exception e) when (e is not OperationCanceledException and not IOException)
#pragma warning restore CA1031
        {
            LogFailed(logger, e, palette.ModuleName, command.Name);
            return CommandResponse.Failed("the node failed to answer; its log says why");
        }
    }

    private static async Task<string?> ReadLineAsync(HttpContext http)
    {
        try
        {
            using JsonDocument body = await JsonDocument.ParseAsync(http.Request.Body, new JsonDocumentOptions { MaxDepth = 4 }, http.RequestAborted);
            return body.RootElement.ValueKind == JsonValueKind.Object
                && body.RootElement.TryGetProperty("line"u8, out JsonElement line) && line.ValueKind == JsonValueKind.String
                ? line.GetString()
                : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: the text holds half a surrogate pair.
            return null;
        }
    }

    [LoggerMessage(EventId = 7903, Level = LogLevel.Error, Message = "pbm {Palette} {Command} failed")]
    private static partial void LogFailed(ILogger logger, Exception cause, string palette, string command);
}
