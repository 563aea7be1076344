using MonitorCluster.Node.Admin.Palettes;
using MonitorCluster.Tests.Actors;

namespace MonitorCluster.Tests.Node.Admin.Palettes;

public sealed class ActorPaletteTests
{
    private readonly Simulation simulation = new();
    private readonly ActorPalette palette;

    public ActorPaletteTests()
    {
        palette = new ActorPalette(simulation.System);
        simulation.System.ActorOf(Props.Create(() => new Nest(2)), "b");
        simulation.System.ActorOf(Props.Create(() => new Nest(0)), "a");
        simulation.RunUntilIdle();
    }

    [Theory]
    [InlineData("-d 0", "/system /user")]
    [InlineData("-d 1", "/system /user /user/a /user/b")]
    [InlineData("--depth 2", "/system /user /user/a /user/b /user/b/x")]
    [InlineData("", "/system /user /user/a /user/b /user/b/x /user/b/x/x")]
    [InlineData("-s /user/b", "/user/b /user/b/x /user/b/x/x")]
    [InlineData("-s actors://test/user/b -d 1", "/user/b /user/b/x")]
    [InlineData("-s user/b/ -d 0", "/user/b")]
    public async Task Hierarchy_DepthAndStart_ShowsThePathsBelow(string switches, string paths)
    {
        string[] lines = await Answer.OfAsync(palette, "actor hierarchy " + switches);

        Assert.Equal(paths.Split(' ').Select(p => $$"""{"row":["actors://test{{p}}"]}"""), lines[1..^1]);
        Assert.Equal("""{"exit":0}""", lines[^1]);
    }

    [Fact]
    public async Task Hierarchy_Long_ShowsTypeAndCounts()
    {
        string[] lines = await Answer.OfAsync(palette, "actor hierarchy -s /user/a -l");

        Assert.Equal("""{"columns":["path","type","dispatcher","mailbox","processed","restarts"]}""", lines[0]);
        Assert.Equal("""{"row":["actors://test/user/a","Nest","default",0,0,0]}""", lines[1]);
    }

    [Fact]
    public async Task Hierarchy_UnknownStart_NamesTheNearest() => Assert.Equal(
        ["""{"exit":1,"error":"no actor is at /user/bb; did you mean /user/b?"}"""], await Answer.OfAsync(palette, "actor hierarchy -s /user/bb"));

    [Fact]
    public async Task Hierarchy_NegativeDepth_IsWrongUsage() => Assert.Equal(
        ["""{"exit":2,"error":"-d DEPTH: \"-1\" is no whole number from 0 to 1000"}"""], await Answer.OfAsync(palette, "actor hierarchy -d -1"));

    [Fact]
    public async Task System_Any_IsTheAddressAlone() => Assert.Equal("""{"row":["actors://test"]}""", (await Answer.OfAsync(palette, "actor system"))[1]);

    private sealed class Nest : ReceiveActor
    {
        public Nest(int levels)
        {
            if (levels > 0)
            {
                Context.ActorOf(Props.Create(() => new Nest(levels - 1)), "x");
            }
        }
    }
}
