using MonitorCluster.Node.Admin.Palettes;
using MonitorCluster.Tests.Node.Api;
using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Tests.Node.Admin.Palettes;

/// <summary>Two series, up on h1 (1, 2, 3 at 0, 10, 20 s) and h2 (NaN at 10 s); now is 20 s.</summary>
public sealed class MetricsPaletteTests
{
    private readonly MetricsPalette palette = new(new FakeQueryService(), new VirtualTimeProvider(DateTimeOffset.FromUnixTimeSeconds(20)));

    [Theory]
    [InlineData("up{host=\"h1\"}", """{"columns":["metric","labels","value"]} {"row":["up",{"host":"h1"},3]} {"exit":0}""")]
    [InlineData("up{host=\"h2\"}", """{"columns":["metric","labels","value"]} {"row":["up",{"host":"h2"},"NaN"]} {"exit":0}""")]
    [InlineData("sum ( up{host=\"h1\"} ) + 1", """{"columns":["metric","labels","value"]} {"row":["",{},4]} {"exit":0}""")]
    [InlineData("1/0", """{"columns":["value"]} {"row":["+Inf"]} {"exit":0}""")]
    [InlineData("'\"a b\"'", """{"columns":["value"]} {"row":["a b"]} {"exit":0}""")]
    [InlineData("up{host=\"h1\"}[15s]", """{"columns":["metric","labels","time","value"]} {"row":["up",{"host":"h1"},"1970-01-01T00:00:10.000Z",2]} {"row":["up",{"host":"h1"},"1970-01-01T00:00:20.000Z",3]} {"exit":0}""")]
    [InlineData("up{host=\"h1\"} -r 10s -s 10s", """{"columns":["metric","labels","time","value"]} {"row":["up",{"host":"h1"},"1970-01-01T00:00:10.000Z",2]} {"row":["up",{"host":"h1"},"1970-01-01T00:00:20.000Z",3]} {"exit":0}""")]
    public async Task Query_Expression_GivesRowsOfItsKind(string line, string answer) =>
        Assert.Equal(answer, string.Join(' ', await Answer.OfAsync(palette, "metrics query " + line)));

    [Fact]
    public async Task Query_RangeWithoutStep_HasOnePointASecondAtMost() =>
        Assert.Equal(11, (await Answer.OfAsync(palette, "metrics query up{host=\"h1\"} -r 10s"))
            .Count(l => l.StartsWith("""{"row":""", StringComparison.Ordinal)));

    [Fact]
    public async Task Query_StepWithoutRange_IsWrongUsage() => Assert.Equal(
        ["""{"exit":2,"error":"-s STEP needs -r RANGE"}"""], await Answer.OfAsync(palette, "metrics query up -s 10s"));

    [Fact]
    public async Task Query_NoExpression_TellsWhy()
    {
        var thrown = await Assert.ThrowsAsync<QueryException>(() => Answer.OfAsync(palette, "metrics query rate(up)"));

        Assert.Equal(QueryErrorKind.BadData, thrown.Kind);
    }

    [Fact]
    public async Task Top_ByHost_ShowsTheBusiestFirst() => Assert.Equal(
        [
            """{"columns":["host","series","samples_per_second","age_seconds"]}""",
            """{"row":["h1",1,0.13,0]}""",
            """{"row":["h2",1,0.07,10]}""",
            """{"text":"Count: 2 groups, 2 series, 0.2 samples/s"}""",
            """{"exit":0}""",
        ],
        await Answer.OfAsync(palette, "metrics top up -b host -w 15s"));

    [Fact]
    public async Task Top_Count_CutsTheRowsAndNotTheSums()
    {
        string[] lines = await Answer.OfAsync(palette, "metrics top -b host -n 1 -w 15s");

        Assert.Equal(4, lines.Length);
        Assert.StartsWith("""{"text":"Count: 2 groups, 2 series""", lines[2], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Series_Selector_ListsLabels() => Assert.Equal(
        [
            """{"columns":["metric","labels"]}""",
            """{"row":["up",{"host":"h1"}]}""",
            """{"text":"Count: 2 series, the first 1 shown"}""",
            """{"exit":0}""",
        ],
        await Answer.OfAsync(palette, "metrics series up -n 1"));

    [Fact]
    public async Task Series_BadSelector_SaysWhere()
    {
        string[] lines = await Answer.OfAsync(palette, "metrics series up{");

        Assert.StartsWith("""{"exit":1,"error":"invalid selector: 1:4: parse error:""", Assert.Single(lines), StringComparison.Ordinal);
    }
}
