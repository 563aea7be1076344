using MonitorCluster.Pbm;
using MonitorCluster.Pbm.Prompt;

namespace MonitorCluster.Tests.Pbm.Prompt;

public sealed class LineEditorTests : IDisposable
{
    private static readonly PaletteCatalog Catalog = new("n1", "1", [
        new PaletteInfo("cluster", "Members.", [new CommandInfo("show", "Shows.", false, []), new CommandInfo("status", "Self.", false, [])]),
        new PaletteInfo("cluster-sharding", "Shards.", []),
        new PaletteInfo("actor", "Actors.", [new CommandInfo("hierarchy", "Paths.", false, [
            new ArgumentInfo("depth", "Levels.", "-d DEPTH", false, false, ["-d", "--depth"], ["4", "1"]),
            new ArgumentInfo("long", "More.", "-l", false, true, ["-l"], [])])]),
    ]);

    private readonly StringWriter screen = new();
    private readonly CommandHistory history = new();

    public void Dispose() => screen.Dispose();

    [Theory]
    [InlineData("a", "actor ")]
    [InlineData("cl", "cluster")]
    [InlineData("cluster sh", "cluster show ")]
    [InlineData("cluster s", "cluster s")]
    [InlineData("actor hierarchy --", "actor hierarchy --depth ")]
    [InlineData("actor hierarchy -d ", "actor hierarchy -d ")]
    [InlineData("help act", "help actor ")]
    [InlineData("cluster show -o j", "cluster show -o json ")]
    [InlineData("nonsense x", "nonsense x")]
    public void Read_Tab_CompletesAsFarAsItIsClear(string typed, string line) => Assert.Equal(line, Read(typed + "\t"));

    [Theory]
    [InlineData("cluster s\t", "show  status")]
    [InlineData("actor hierarchy -\t", "--depth  -d  -l  -o")]
    [InlineData("actor hierarchy -d 1 -\t", "-l  -o")]
    [InlineData("actor hierarchy -d \t", "4  1")]
    [InlineData("\t", "actor  cluster  cluster-sharding  exit  help  quit")]
    public void Read_TabWithSeveralWords_ListsThem(string keys, string listed)
    {
        Read(keys);

        Assert.Contains("\n" + listed + "\n", screen.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_Arrows_WalkThroughHistoryAndBack()
    {
        Read("one");
        Read("two");
        Read("two");

        Assert.Equal("two", Read("draft", Up));
        Assert.Equal("one", Read("draft", Up, Up, Up));
        Assert.Equal("draft", Read("draft", Up, Up, Down, Down, Down, Down));
    }

    [Fact]
    public void Read_EditingKeys_DoAsAnyShell()
    {
        Assert.Equal("xb", Read("ab", Key(ConsoleKey.Home), Key(ConsoleKey.Delete), Key('x')));
        Assert.Equal("b", Read("a b", Control(ConsoleKey.A), Key(ConsoleKey.RightArrow), Key(ConsoleKey.RightArrow), Control(ConsoleKey.U)));
        Assert.Equal("a ", Read("a bc", Control(ConsoleKey.W)));
        Assert.Equal("", Read("abc", Key(ConsoleKey.Home), Control(ConsoleKey.K)));
        Assert.Equal("ac", Read("abc", Key(ConsoleKey.LeftArrow), Key(ConsoleKey.Backspace)));
    }

    [Fact]
    public void Read_CtrlC_ThrowsTheLineAwayAndStartsAnew()
    {
        Assert.Equal("b", Read("a", Control(ConsoleKey.C), Key('b')));

        Assert.Contains("^C\n", screen.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_CtrlD_EndsOnlyAnEmptyLine()
    {
        Assert.Null(Read("", Control(ConsoleKey.D)));
        Assert.Equal("a", Read("a", Control(ConsoleKey.D)));
    }

    [Fact]
    public void Read_LineLongerThanTheScreen_ShowsThePartAtTheCursor()
    {
        Read(new string('a', 30) + "END");

        string lastDrawn = screen.ToString().Split("\r\u001b[K")[^1];
        Assert.Equal("> aaaaaaaaaaaaaaEND", lastDrawn.TrimEnd('\n'));
    }

    private static ConsoleKeyInfo Up => Key(ConsoleKey.UpArrow);

    private static ConsoleKeyInfo Down => Key(ConsoleKey.DownArrow);

    private static ConsoleKeyInfo Key(ConsoleKey key) => new('\0', key, false, false, false);

    private static ConsoleKeyInfo Key(char sign) => new(sign, sign == '\t' ? ConsoleKey.Tab : ConsoleKey.None, false, false, false);

    private static ConsoleKeyInfo Control(ConsoleKey key) => new('\0', key, false, false, true);

    private string? Read(string typed, params ConsoleKeyInfo[] keys)
    {
        var queue = new Queue<ConsoleKeyInfo>([.. typed.Select(Key), .. keys, Key(ConsoleKey.Enter)]);
        return new LineEditor(history, queue.Dequeue, screen, () => 20).Read("> ", new Completion(Catalog));
    }
}
