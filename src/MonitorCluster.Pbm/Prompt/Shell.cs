using System.Net;
using MonitorCluster.Pbm.Rendering;

namespace MonitorCluster.Pbm.Prompt;

/// <summary>The prompt: connects, downloads the palettes, and runs what is typed until the end of input or of the host.</summary>
internal sealed class Shell(PbmClient client, HostAddress address, ClientCommand defaults, TextWriter output, TextWriter errors, bool isRedirected)
{
    /// <summary>Runs to the end.</summary>
    /// <returns>Of a session that somebody typed, 0; of a script, how its last command ended. 4 when the host went away.</returns>
    /// <exception cref="HostException">There is no host at the address.</exception>
    public async Task<ExitCode> RunAsync(Func<CommandHistory, ILineReader> openInput, Interrupts interrupts)
    {
        PaletteCatalog catalog = await client.GetPalettesAsync(defaults.Timeout, interrupts.Renew());
        ILineReader input = openInput(new CommandHistory());
        if (input.IsInteractive)
        {
            IPEndPoint far = client.RemoteEndPoint!;
            await output.WriteLineAsync($"successfully connected to {new IPEndPoint(far.Address.MapToIPv6(), far.Port)}");
            await output.WriteLineAsync("Commands downloaded from server. type `help` to see what's available");
        }

        var completion = new Completion(catalog);
        ExitCode last = ExitCode.Ok;
        while (input.Read($"[{address}] pbm> ", completion) is { } line)
        {
            IReadOnlyList<CommandWord> words = CommandWord.FromLine(line);
            if (words.Count == 0)
            {
                continue;
            }

            if (words is [{ Text: "exit" or "quit" }])
            {
                break;
            }

            try
            {
                last = await RunAsync(words, catalog, interrupts.Renew());
            }
            catch (OperationCanceledException)
            {
                // Ctrl+C ends the command, not the session.
                last = ExitCode.Interrupted;
            }
            catch (HostException e) when (e.ExitCode is ExitCode.CannotConnect or ExitCode.ConnectionLost)
            {
                await errors.WriteLineAsync("connection to host terminated.");
                return ExitCode.ConnectionLost;
            }
            catch (HostException e)
            {
                last = Complain(e.Message, e.ExitCode);
            }
        }

        return input.IsInteractive ? ExitCode.Ok : last;
    }

    private async Task<ExitCode> RunAsync(IReadOnlyList<CommandWord> words, PaletteCatalog catalog, CancellationToken cancellationToken)
    {
        string? file = Redirection.Take(ref words);
        if (!defaults.TryRead(words, out ClientCommand command, out string error))
        {
            return Complain(error, ExitCode.Usage);
        }

        if (file is null)
        {
            return await RunAsync(command, catalog, output, isRedirected, cancellationToken);
        }

        try
        {
            await using var writer = new StreamWriter(file);
            return await RunAsync(command, catalog, writer, true, cancellationToken);
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException or ArgumentException)
        {
            return Complain($"{file}: {e.Message}", ExitCode.CommandFailed);
        }
    }

    private async Task<ExitCode> RunAsync(ClientCommand command, PaletteCatalog catalog, TextWriter to, bool toFile, CancellationToken cancellationToken)
    {
        string[] words = [.. command.Words.Select(w => w.Text)];
        if (command.WantsHelp || words is ["help", ..])
        {
            IReadOnlyList<string> help = HelpText.Of(catalog, command.WantsHelp ? words : words[1..], out string error);
            foreach (string line in help)
            {
                await to.WriteLineAsync(line);
            }

            return error.Length > 0 ? Complain(error, ExitCode.Usage) : ExitCode.Ok;
        }

        ExitLine end = await client.RunAsync(command, Renderers.Create(command.Output, to, toFile), cancellationToken);
        return end.Error is { } reason ? Complain(CellText.Printable(reason), (ExitCode)end.ExitCode) : (ExitCode)end.ExitCode;
    }

    private ExitCode Complain(string error, ExitCode exitCode)
    {
        errors.WriteLine($"pbm: {error}");
        return exitCode;
    }
}
