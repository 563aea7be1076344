using MonitorCluster.Node.Admin;
using PbmWord = MonitorCluster.Pbm.CommandWord;

namespace MonitorCluster.Tests.Node.Admin;

public sealed class CommandWordTests
{
    [Theory]
    [InlineData("  a\tb  c ", "a|b|c")]
    [InlineData("", "")]
    [InlineData("a \"b c\" 'd \"e'", "a|b c|d \"e")]
    [InlineData("\"a\\\"b\\\\c\\d\"", "a\"b\\c\\d")]
    [InlineData("'a\\'", "a\\")]
    [InlineData("''", "")]
    [InlineData("x{a=\"b c\",d='e f'} y", "x{a=\"b c\",d='e f'}|y")]
    [InlineData("x{a=\"b\\\" c\"}", "x{a=\"b\\\" c\"}")]
    [InlineData("don't panic", "don't|panic")]
    public void TrySplit_Line_GivesItsWords(string line, string words)
    {
        Assert.True(CommandWord.TrySplit(line, out List<CommandWord> split, out _));

        Assert.Equal(words, string.Join('|', split.Select(w => w.Text)));
    }

    [Fact]
    public void TrySplit_OpenQuote_SaysWhere()
    {
        Assert.False(CommandWord.TrySplit("alerts ack \"3-1", out _, out string error));

        Assert.Equal("the quote \" at column 12 is not closed", error);
    }

    /// <summary>The two programs share no code, so this is what keeps their rules the same.</summary>
    [Theory]
    [InlineData("metrics", "query", "sum by (mode) (rate(x{a=\"b c\"}[1m]))")]
    [InlineData("", " ", "\t", "\"", "'", "\\", "\\\"", "`", "a'b", "ends with \\")]
    [InlineData("x{a=\"b\"}", "a\\b", "päß", "-1", "{", "''")]
    public void FromArguments_AnyText_ReachesTheNodeUnchanged(params string[] arguments)
    {
        string line = string.Join(' ', PbmWord.FromArguments(arguments).Select(w => w.Raw));

        Assert.True(CommandWord.TrySplit(line, out List<CommandWord> words, out string error), error);
        Assert.Equal(arguments, words.Select(w => w.Text));
    }

    [Fact]
    public void FromArguments_RandomText_ReachesTheNodeUnchanged()
    {
        const string signs = "ab -{}=\"'`\\\t>|ü";
        var random = new Random(4711);
        for (int round = 0; round < 5_000; round++)
        {
            string argument = string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ => signs[random.Next(signs.Length)]));
            if (argument.StartsWith("--", StringComparison.Ordinal) && argument.Contains('='))
            {
                continue; // becomes two words on purpose
            }

            string line = string.Join(' ', PbmWord.FromArguments(["x", argument]).Select(w => w.Raw));

            Assert.True(CommandWord.TrySplit(line, out List<CommandWord> words, out string error), $"<{argument}> {error}");
            Assert.Equal(["x", argument], words.Select(w => w.Text));
        }
    }

    [Fact]
    public void FromLine_RandomText_SplitsAsTheNodeDoes()
    {
        const string signs = "ab  -{}=\"'`\\";
        var random = new Random(4712);
        int compared = 0;
        for (int round = 0; round < 5_000; round++)
        {
            string line = string.Concat(Enumerable.Range(0, random.Next(16)).Select(_ => signs[random.Next(signs.Length)]));
            if (CommandWord.TrySplit(line, out List<CommandWord> words, out _))
            {
                compared++;
                Assert.Equal(words.Select(w => w.IsQuoted), PbmWord.FromLine(line).Select(w => w.IsQuoted));
                Assert.True(CommandWord.TrySplit(string.Join(' ', PbmWord.FromLine(line).Select(w => w.Raw)), out List<CommandWord> again, out _));
                Assert.Equal(words, again);
            }
        }

        Assert.True(compared > 1_000, $"only {compared} lines could be split");
    }
}
