using MonitorCluster.Pbm;
using MonitorCluster.Pbm.Prompt;

namespace MonitorCluster.Tests.Pbm.Prompt;

/// <summary>The prompt against the real host.</summary>
public sealed class ShellTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private ClientFixture client = null!;

    public async Task InitializeAsync() => client = await ClientFixture.StartAsync();

    public async Task DisposeAsync() => await client.DisposeAsync();

    [Fact]
    public async Task Session_Typed_GreetsAndPrompts()
    {
        var input = new Typist("test echo hello", "", "nonsense", "exit", "test echo never");

        Assert.Equal(ExitCode.Ok, await client.RunAsync(input, [client.Address]));

        Assert.Equal(
            $"successfully connected to [::ffff:127.0.0.1]:{client.Host.EndPoint!.Port}\n"
                + "Commands downloaded from server. type `help` to see what's available\nhello\n",
            client.Output.ToString());
        Assert.Equal("pbm: unknown command \"nonsense\" (help lists all)\n", client.Errors.ToString());
        Assert.Equal(Enumerable.Repeat($"[{client.Address}] pbm> ", 4), input.Prompts);
    }

    [Fact]
    public async Task Session_Script_IsSilentAndEndsAsItsLastCommand()
    {
        ExitCode exitCode = await client.RunAsync(new PlainLineReader(new StringReader("test echo a\ntest fail\n")), [client.Address]);

        Assert.Equal(ExitCode.CommandFailed, exitCode);
        Assert.Equal("a\n", client.Output.ToString());
    }

    [Fact]
    public async Task Help_Typed_ShowsPalettesOrOne()
    {
        await client.RunAsync(new Typist("help", "help test", "test rows -h", "help nope"), [client.Address]);

        Assert.Contains("test - For tests.\n  test rows [-l LEVEL]", client.Output.ToString(), StringComparison.Ordinal);
        Assert.Contains("      -l, --level        How much. Default low.\n", client.Output.ToString(), StringComparison.Ordinal);
        Assert.Equal("pbm: no palette is called \"nope\"; there are test\n", client.Errors.ToString());
    }

    [Fact]
    public async Task Redirection_Typed_WritesTheFile()
    {
        string folder = Directory.CreateTempSubdirectory("mc-pbm-").FullName;
        try
        {
            string file = Path.Combine(folder, "rows.json");

            string nowhere = Path.Combine(folder, "no", "such");
            await client.RunAsync(new Typist($"test echo a b -o json > {file}", $"test echo x > {nowhere}", "test echo 1 > 2"), [client.Address]);

            Assert.Equal("[\n{\"text\":\"a b\"}\n]\n", await File.ReadAllTextAsync(file));
            Assert.EndsWith("1 > 2\n", client.Output.ToString(), StringComparison.Ordinal);
            Assert.Contains("pbm: " + nowhere, client.Errors.ToString(), StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task CtrlC_InATail_ReturnsToThePrompt()
    {
        Task<ExitCode> session = client.RunAsync(new Typist("test tail", "test echo after"), [client.Address]);
        await client.Output.WaitForAsync("available\n1\n").WaitAsync(Patience);

        client.Interrupts.Interrupt();

        Assert.Equal(ExitCode.Ok, await session.WaitAsync(Patience));
        Assert.EndsWith("1\nafter\n", client.Output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task HostEnds_BetweenCommands_EndsTheSession()
    {
        var input = new Typist("test echo a", "test echo b") { BeforeLine = n => n == 1 ? client.Host.DisposeAsync().AsTask() : Task.CompletedTask };

        Assert.Equal(ExitCode.ConnectionLost, await client.RunAsync(input, [client.Address]).WaitAsync(Patience));

        Assert.Equal("connection to host terminated.\n", client.Errors.ToString());
        Assert.EndsWith("available\na\n", client.Output.ToString(), StringComparison.Ordinal);
    }

    /// <summary>Somebody who types these lines.</summary>
    private sealed class Typist(params string[] lines) : ILineReader
    {
        private int at;

        public bool IsInteractive => true;

        public List<string> Prompts { get; } = [];

        public Func<int, Task> BeforeLine { get; init; } = _ => Task.CompletedTask;

        public string? Read(string prompt, Completion completion)
        {
            Prompts.Add(prompt);
#pragma warning disable VSTHRD002 // reading a line is synchronous, as a terminal's is
            BeforeLine(at).Wait();
#pragma warning restore VSTHRD002
            return at < lines.Length ? lines[at++] : null;
        }
    }
}
