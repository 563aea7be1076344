using MonitorCluster.Pbm;

namespace MonitorCluster.Tests.Pbm;

/// <summary>One-shot commands: what they show and what they end with.</summary>
public sealed class PbmProgramTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private ClientFixture client = null!;

    public async Task InitializeAsync() => client = await ClientFixture.StartAsync();

    public async Task DisposeAsync() => await client.DisposeAsync();

    [Fact]
    public async Task Rows_Plain_AreLinesWithBars()
    {
        Assert.Equal(ExitCode.Ok, await client.RunAsync("test", "rows"));

        Assert.Equal(
            """
            a[b] | [x,y] | {k="v\"w", l="ü"} | count: 7 | 0.5 | true
            e\u001bs\u000ac | [] | {} | count: 12345678901 | NaN |
            Count: 2 rows

            """,
            client.Output.ToString());
        Assert.Equal("", client.Errors.ToString());
    }

    [Theory]
    [InlineData("-o", "json", "test", "rows")]
    [InlineData("test", "-o", "json", "rows")]
    [InlineData("test", "rows", "--output=json")]
    public async Task Rows_Json_AreOneDocument(params string[] arguments)
    {
        Assert.Equal(ExitCode.Ok, await client.RunAsync(arguments));

        Assert.Equal(
            """
            [
            {"name":"a[b]","list":["x","y"],"labels":{"k":"v\"w","l":"ü"},"count":7,"ratio":0.5,"on":true},
            {"name":"e\u001Bs\nc","list":[],"labels":{},"count":12345678901,"ratio":"NaN","on":null}
            ]

            """,
            client.Output.ToString());
    }

    [Fact]
    public async Task Rows_Table_HasHeadersAndNumbersToTheRight()
    {
        Assert.Equal(ExitCode.Ok, await client.RunAsync("test", "rows", "-o", "table"));

        Assert.Equal(
            """
            ╭─────────────────┬───────┬───────────────────┬─────────────┬───────┬──────╮
            │ name            │ list  │ labels            │       count │ ratio │ on   │
            ├─────────────────┼───────┼───────────────────┼─────────────┼───────┼──────┤
            │ a[b]            │ [x,y] │ {k="v\"w", l="ü"} │           7 │ 0.5   │ true │
            │ e\u001bs\u000ac │ []    │ {}                │ 12345678901 │ NaN   │      │
            ╰─────────────────┴───────┴───────────────────┴─────────────┴───────┴──────╯
            Count: 2 rows

            """,
            client.Output.ToString());
    }

    [Theory]
    [InlineData("json", "[]\n")]
    [InlineData("plain", "")]
    [InlineData("table", "")]
    public async Task Silent_AnyFormat_IsNoRows(string format, string shown)
    {
        Assert.Equal(ExitCode.Ok, await client.RunAsync("test", "silent", "-o", format));

        Assert.Equal(shown, client.Output.ToString());
    }

    [Fact]
    public async Task Echo_TextThatTheShellUnquoted_ArrivesUnchanged()
    {
        Assert.Equal(ExitCode.Ok, await client.RunAsync("test", "echo", "sum by (a) (x{b=\"c  d\"}) > 1"));

        Assert.Equal("sum by (a) (x{b=\"c  d\"}) > 1\n", client.Output.ToString());
    }

    [Theory]
    [InlineData("fail", 1, "pbm: it did\\u001b[31m not work\n")]
    [InlineData("throw", 1, "pbm: the node failed to answer; its log says why\n")]
    [InlineData("misuse", 2, "pbm: test misuse: -l LEVEL: no\n")]
    [InlineData("rowz", 2, "pbm: unknown command \"test rowz\"; did you mean rows? (test has rows, echo, silent, fail, misuse, throw, hang, halfway, tail)\n")]
    public async Task Failure_AnyKind_HasItsExitCodeAndReason(string command, int exitCode, string error)
    {
        Assert.Equal(exitCode, (int)await client.RunAsync("test", command));

        Assert.Equal(error, client.Errors.ToString());
        Assert.Equal("", client.Output.ToString());
    }

    [Fact]
    public async Task Failure_AfterRows_LeavesJsonReadable()
    {
        Assert.Equal(ExitCode.CommandFailed, await client.RunAsync("test", "halfway", "-o", "json"));

        Assert.Equal("[\n{\"a\":1}\n]\n", client.Output.ToString());
    }

    [Theory]
    [InlineData("pbm: -o: \"xml\" is not one of plain, table, json", "test", "rows", "-o", "xml")]
    [InlineData("pbm: --timeout: \"5\" is no duration", "--timeout", "5", "test", "rows")]
    [InlineData("pbm: --token needs a value", "test", "rows", "--token")]
    [InlineData("pbm: no palette is called \"nope\"; there are test", "help", "nope")]
    [InlineData("pbm: test has no command \"nope\"", "test", "nope", "--help")]
    public async Task WrongOption_Any_IsUsage(string error, params string[] arguments)
    {
        Assert.Equal(ExitCode.Usage, await client.RunAsync(arguments));

        Assert.StartsWith(error, client.Errors.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task WrongPort_InTheAddress_IsUsage()
    {
        Assert.Equal(ExitCode.Usage, await client.RunAsync(null, ["127.0.0.1:70000", "test", "rows"]));

        Assert.StartsWith("pbm: \"127.0.0.1:70000\" is no address: the port must be 1 to 65535", client.Errors.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task DeadAddress_Any_CannotConnect()
    {
        string address = $"127.0.0.1:{ClientFixture.DeadPort()}";

        Assert.Equal(ExitCode.CannotConnect, await client.RunAsync(null, [address, "test", "rows"]));
        Assert.Equal(ExitCode.CannotConnect, await client.RunAsync(null, [address]));

        Assert.StartsWith($"pbm: cannot connect to {address}: ", client.Errors.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tail_InterruptedByCtrlC_Is130AndEndsTheCommandOnTheNode()
    {
        Task<ExitCode> run = client.RunAsync("test", "tail", "-o", "json");
        await client.Output.WaitForAsync("{\"n\":1}\n").WaitAsync(Patience);

        client.Interrupts.Interrupt();

        Assert.Equal(ExitCode.Interrupted, await run.WaitAsync(Patience));
        await client.Palette.TailEnded.Task.WaitAsync(Patience);
        Assert.Equal("{\"n\":1}\n", client.Output.ToString());
    }

    [Fact]
    public async Task Tail_LongerThanTheTimeout_GoesOn()
    {
        Task<ExitCode> run = client.RunAsync("test", "tail", "--timeout", "10s");
        await client.Output.WaitForAsync("1\n").WaitAsync(Patience);

        client.Time.Advance(TimeSpan.FromMinutes(1));
        client.Interrupts.Interrupt();

        Assert.Equal(ExitCode.Interrupted, await run.WaitAsync(Patience));
    }

    [Fact]
    public async Task Tail_HostEnds_IsConnectionLost()
    {
        Task<ExitCode> run = client.RunAsync("test", "tail");
        await client.Output.WaitForAsync("1\n").WaitAsync(Patience);

        await client.Host.DisposeAsync();

        Assert.Equal(ExitCode.ConnectionLost, await run.WaitAsync(Patience));
        Assert.Equal("pbm: connection to host terminated.\n", client.Errors.ToString());
    }

    [Fact]
    public async Task Hang_LongerThanTheTimeout_IsConnectionLost()
    {
        Task<ExitCode> run = client.RunAsync("test", "hang", "--timeout", "7s");
        await client.Palette.Hanging.Task.WaitAsync(Patience);

        client.Time.Advance(TimeSpan.FromSeconds(7));

        Assert.Equal(ExitCode.ConnectionLost, await run.WaitAsync(Patience));
        Assert.Equal($"pbm: {client.Address} did not answer within 7 s\n", client.Errors.ToString());
    }

    [Theory]
    [InlineData("--version", "pbm 0.1.0")]
    [InlineData("version", "pbm 0.1.0")]
    [InlineData("help", "pbm 0.1.0\n\nUsage:\n  pbm [host:port]")]
    [InlineData("--help", "pbm 0.1.0\n\nUsage:\n")]
    [InlineData("-h", "pbm 0.1.0\n\nUsage:\n")]
    public async Task Local_WithoutHost_IsAnswered(string argument, string shown)
    {
        Assert.Equal(ExitCode.Ok, await client.RunAsync(null, [argument]));

        Assert.StartsWith(shown, client.Output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_WithAddress_ListsTheHostsCommands()
    {
        Assert.Equal(ExitCode.Ok, await client.RunAsync("help"));

        Assert.Contains("test - For tests.\n  test rows [-l LEVEL]  ", client.Output.ToString(), StringComparison.Ordinal);
        Assert.Contains("Does tail. (goes on)", client.Output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_BehindACommand_ExplainsItsSwitches()
    {
        Assert.Equal(ExitCode.Ok, await client.RunAsync("test", "rows", "--help"));

        Assert.Equal(
            "test - For tests.\n\ntest rows [-l LEVEL]\n    Does rows.\n      -l, --level        How much. Default low.\n", client.Output.ToString());
    }
}
