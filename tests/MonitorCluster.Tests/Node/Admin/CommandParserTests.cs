using MonitorCluster.Node.Admin;

namespace MonitorCluster.Tests.Node.Admin;

public sealed class CommandParserTests
{
    private static readonly CommandDefinition Price = new CommandDefinitionBuilder().WithName("track").WithDescription("Follows a price.").IsStreaming()
        .WithArgument(a => a.WithName("symbol").WithDescription("What to follow.").IsMandatory(true).WithSwitch("-s").WithSwitch("-S").WithSwitch("--symbol"))
        .WithArgument(a => a.WithName("since").WithDescription("How far back.").WithDefaultValues("1m", "5m").WithSwitch("--since"))
        .WithArgument(a => a.WithName("note").WithDescription("For the log.").WithSwitch("-n").TakesRest())
        .WithArgument(a => a.WithName("quiet").WithDescription("Says less.").WithSwitch("-q").IsFlag())
        .Build();

    private static readonly CommandDefinition Query = new CommandDefinitionBuilder().WithName("query").WithDescription("Evaluates.")
        .WithArgument(a => a.WithName("expr").WithDescription("The expression.").IsMandatory(true).TakesRest())
        .WithArgument(a => a.WithName("range").WithDescription("How far back.").WithSwitch("-r"))
        .Build();

    private static readonly CommandParser Parser = new(
    [
        new CommandPalette("price", "Prices.", [Price, new CommandDefinitionBuilder().WithName("list").WithDescription("All.").Build()]),
        new CommandPalette("metrics", "Metrics.", [Query]),
        new CommandPalette("optimiser", "Balance.", [new CommandDefinitionBuilder().WithName("plan").WithDescription("Plans.").Build()]),
    ]);

    [Theory]
    [InlineData("price track -s MSFT", "MSFT", "1m", null, false)]
    [InlineData("price track -S MSFT --since 9m", "MSFT", "9m", null, false)]
    [InlineData("price track --symbol=MSFT --since=\"9 m\" -q", "MSFT", "9 m", null, true)]
    [InlineData("price track -n buy it now -q -s MSFT", "MSFT", "1m", "buy it now", true)]
    [InlineData("price track -s \"-q\"", "-q", "1m", null, false)]
    [InlineData("price track -s -1.5", "-1.5", "1m", null, false)]
    public void TryParse_Switches_AreFoundByAnyOfTheirNames(string line, string symbol, string since, string? note, bool isQuiet)
    {
        Assert.True(Parser.TryParse(line, out ParsedCommand? parsed, out string error), error);

        Assert.Same(Price, parsed.Command);
        Assert.Equal((symbol, since, note, isQuiet), (
            parsed.Arguments.Value("symbol"), parsed.Arguments.Value("since"), parsed.Arguments.Value("note"), parsed.Arguments.Has("quiet")));
    }

    [Theory]
    [InlineData("metrics query sum by (mode) (x{a=\"b  c\"}) -r 5m", "sum by (mode) (x{a=\"b  c\"})", "5m")]
    [InlineData("metrics query -r 5m 'a  -  b'", "a  -  b", "5m")]
    [InlineData("metrics query a - 1", "a - 1", null)]
    [InlineData("metrics query -- -x -r 5m", "-x -r 5m", null)]
    public void TryParse_ExpressionInPlace_TakesTheRest(string line, string expression, string? range)
    {
        Assert.True(Parser.TryParse(line, out ParsedCommand? parsed, out string error), error);

        Assert.Equal((expression, range), (parsed.Arguments.Value("expr"), parsed.Arguments.Value("range")));
    }

    [Theory]
    [InlineData("", "no command; palettes: price, metrics, optimiser")]
    [InlineData("prize track", "unknown command \"prize\"; did you mean price? (help lists all)")]
    [InlineData("xyzzy", "unknown command \"xyzzy\" (help lists all)")]
    [InlineData("price", "price needs a command: track, list")]
    [InlineData("price trck", "unknown command \"price trck\"; did you mean track? (price has track, list)")]
    [InlineData("price track", "price track: -s SYMBOL is missing: What to follow.")]
    [InlineData("price track -s", "price track: -s needs a value: What to follow.")]
    [InlineData("price track -s -q", "price track: -s needs a value: What to follow.")]
    [InlineData("price track --sinc 5m", "price track: unknown switch --sinc; did you mean --since? (it takes -s, -S, --symbol, --since, -n, -q)")]
    [InlineData("price list -x", "price list: unknown switch -x (it takes none)")]
    [InlineData("price list all", "price list: \"all\" is one word too many")]
    [InlineData("price track -s A --symbol B", "price track: -s SYMBOL is given twice")]
    [InlineData("price track -s A -q -q", "price track: -q is given twice")]
    [InlineData("price track 'a", "the quote ' at column 13 is not closed")]
    public void TryParse_WrongLine_SaysWhatAndWhatWasNear(string line, string error)
    {
        Assert.False(Parser.TryParse(line, out _, out string found));

        Assert.Equal(error, found);
    }

    [Fact]
    public void TryParse_OtherSpelling_IsTheSamePalette()
    {
        Assert.True(Parser.TryParse("optimizer plan", out ParsedCommand? parsed, out _));

        Assert.Equal("optimiser", parsed.Palette.ModuleName);
    }

    [Theory]
    [InlineData("--since 0s", "--since SINCE: \"0s\" must be longer than 0")]
    [InlineData("--since 5", "--since SINCE: \"5\" has no unit; write 500ms, 1s, 5m, 2h, 30d or hh:mm:ss")]
    public void Span_WrongValue_SaysWhichSwitch(string switches, string error)
    {
        Assert.True(Parser.TryParse("price track -s A " + switches, out ParsedCommand? parsed, out _));

        Assert.Equal(error, Assert.Throws<CommandUsageException>(() => parsed.Arguments.Span("since")).Message);
    }

    [Theory]
    [InlineData("7", 7)]
    [InlineData("0", 0)]
    public void Number_WithinBounds_IsRead(string text, long number)
    {
        Assert.True(Parser.TryParse("price track -s " + text, out ParsedCommand? parsed, out _));

        Assert.Equal(number, parsed.Arguments.Number("symbol", 0, 7));
    }

    [Theory]
    [InlineData("8")]
    [InlineData("-1")]
    [InlineData("1.5")]
    [InlineData("99999999999999999999")]
    public void Number_OutOfBounds_SaysTheBounds(string text)
    {
        Assert.True(Parser.TryParse("price track -s " + text, out ParsedCommand? parsed, out _));

        var thrown = Assert.Throws<CommandUsageException>(() => parsed.Arguments.Number("symbol", 0, 7));
        Assert.Equal($"-s SYMBOL: \"{text}\" is no whole number from 0 to 7", thrown.Message);
    }

    [Fact]
    public void Build_SwitchOfTwoArguments_IsRefused()
    {
        CommandDefinitionBuilder builder = new CommandDefinitionBuilder().WithName("n").WithDescription("d")
            .WithArgument(a => a.WithName("a").WithDescription("d").WithSwitch("-x"))
            .WithArgument(a => a.WithName("b").WithDescription("d").WithSwitch("-x"));

        Assert.Contains("-x", Assert.Throws<InvalidOperationException>(builder.Build).Message);
    }
}
