using MonitorCluster.Pbm.Prompt;
using MonitorCluster.Pbm.Rendering;

namespace MonitorCluster.Pbm;

/// <summary>The program: address, options, then one command or the prompt.</summary>
internal sealed class PbmProgram(TextWriter output, TextWriter errors, Func<string, string?> environment, bool isRedirected, TimeProvider time)
{
    private const string TokenVariable = "PBM_TOKEN";

    /// <summary>Runs to the end.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="openInput">Makes the reader of the prompt, given what was typed before.</param>
    /// <param name="interrupts">Where Ctrl+C arrives.</param>
    public async Task<ExitCode> RunAsync(string[] arguments, Func<CommandHistory, ILineReader> openInput, Interrupts interrupts)
    {
        var defaults = new ClientCommand { Token = environment(TokenVariable) };
        if (!defaults.TryRead(CommandWord.FromArguments(arguments), out ClientCommand command, out string error))
        {
            return Refuse(error);
        }

        HostAddress address = HostAddress.Default;
        bool hasAddress = command.Words is [{ } first, ..] && HostAddress.LooksLikeOne(first.Text);
        if (hasAddress)
        {
            if (!HostAddress.TryParse(command.Words[0].Text, out address))
            {
                return Refuse($"\"{command.Words[0].Text}\" is no address: the port must be 1 to 65535");
            }

            command = command with { Words = [.. command.Words.Skip(1)] };
        }

        switch (command.Words)
        {
            case [{ Text: "--version" or "version" }]:
                await output.WriteLineAsync(HelpText.Version);
                return ExitCode.Ok;
            case [] when command.WantsHelp:
            case [{ Text: "help" }] when !hasAddress:
                await output.WriteLineAsync(HelpText.Usage);
                return ExitCode.Ok;
        }

        using var client = new PbmClient(address, command, time);
        try
        {
            return command.Words.Count == 0
                ? await new Shell(client, address, command, output, errors, isRedirected).RunAsync(openInput, interrupts)
                : await RunOnceAsync(client, command, interrupts.Renew());
        }
        catch (HostException e)
        {
            return Complain(e.Message, e.ExitCode);
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Interrupted;
        }
    }

    private async Task<ExitCode> RunOnceAsync(PbmClient client, ClientCommand command, CancellationToken cancellationToken)
    {
        string[] words = [.. command.Words.Select(w => w.Text)];
        if (command.WantsHelp || words[0] == "help")
        {
            PaletteCatalog catalog = await client.GetPalettesAsync(command.Timeout, cancellationToken);
            IReadOnlyList<string> help = HelpText.Of(catalog, command.WantsHelp ? words : words[1..], out string error);
            foreach (string line in help)
            {
                await output.WriteLineAsync(line);
            }

            return error.Length > 0 ? Refuse(error) : ExitCode.Ok;
        }

        ExitLine end = await client.RunAsync(command, Renderers.Create(command.Output, output, isRedirected), cancellationToken);
        return end.Error is { } reason ? Complain(CellText.Printable(reason), (ExitCode)end.ExitCode) : (ExitCode)end.ExitCode;
    }

    private ExitCode Refuse(string error)
    {
        errors.WriteLine($"pbm: {error}");
        errors.WriteLine("see pbm help");
        return ExitCode.Usage;
    }

    private ExitCode Complain(string error, ExitCode exitCode)
    {
        errors.WriteLine($"pbm: {error}");
        return exitCode;
    }
}
