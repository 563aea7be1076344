using MonitorCluster.Alert;
using MonitorCluster.Node;
using MonitorCluster.Node.Admin.Palettes;
using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Tests.Node.Admin.Palettes;

public sealed class AnomaliesPaletteTests
{
    private readonly FakeAnomalyFeed feed = new();
    private readonly AnomaliesPalette palette;

    public AnomaliesPaletteTests() => palette = new AnomaliesPalette(feed, new FeedbackDesk(feed, TimeProvider.System, new Random(1)));

    [Theory]
    [InlineData("", " all=False max=100", "unusual series")]
    [InlineData("-a -n 5 node_load1{host=\"web-1\"}", "__name__=\"node_load1\",host=\"web-1\" all=True max=5", "series")]
    public async Task List_SelectorAndSwitches_ReachTheFeed(string switches, string asked, string what)
    {
        feed.Verdicts.Add(FakeAnomalyFeed.Unusual());
        feed.Missing.Add("shards 3: no owner");

        string[] lines = await Answer.OfAsync(palette, "anomalies list " + switches);

        Assert.Equal(asked, feed.Asked);
        Assert.Equal(
            """
            {"row":["unusual",7.25,"node_load1",{"host":"web-1"},8.5,"1, from 0.5 to 1.5","jump","2023-11-14T22:13:20.000Z",true,"1-1"]}
            """,
            lines[1]);
        Assert.Equal(["""{"text":"missing: shards 3: no owner"}""", $$"""{"text":"Count: 1 {{what}}"}"""], lines[2..4]);
    }

    [Fact]
    public async Task List_MoreThanAskedFor_SaysSo()
    {
        feed.Verdicts.AddRange([FakeAnomalyFeed.Unusual(), FakeAnomalyFeed.Unusual()]);

        Assert.Contains("""{"text":"Count: more than 1 unusual series, the first 1 shown"}""", await Answer.OfAsync(palette, "anomalies list -n 1"));
    }

    [Fact]
    public async Task Explain_Unusual_SaysEverythingThatLedToIt()
    {
        feed.Verdicts.Add(FakeAnomalyFeed.Unusual());
        feed.Mutes.Add(new Mute("m1", "node_load1", 1_700_000_000_000, "ann", "disk swap", 0));
        feed.Mutes.Add(new Mute("m2", "node_load5", 1_700_000_000_000, "ann", "", 0));

        string[] lines = await Answer.OfAsync(palette, "anomalies explain node_load1");

        Assert.Equal("__name__=\"node_load1\" all=True max=20", feed.Asked);
        Assert.Equal(
            [
                """
                "phase","unusual since 2023-11-14T22:13:20.000Z, young for 30 s more"
                """,
                """
                "seen","900 steps of 5 s, 75 min"
                """,
                """
                "value",8.5
                """,
                """
                "expected","1, from 0.5 to 1.5"
                """,
                """
                "score","7.25 decades, over 4 (signal) and 6 (warning)"
                """,
                """
                "mostly","jump: away from the last few steps"
                """,
                """
                "offset","0.5 decades more than others, by feedback"
                """,
                """
                "muted","m1 until 2023-11-14T22:13:20.000Z by ann: disk swap"
                """,
                """
                "incident","1-1"
                """,
                """
                "why","load on web-1 is 8.5, expected 0.5 to 1.5"
                """,
            ],
            lines[1..11].Select(l => l[l.IndexOf(",\"", StringComparison.Ordinal)..^2][1..]));
        Assert.All(lines[1..11], l => Assert.StartsWith("""{"row":["node_load1{host=\"web-1\"}",""", l, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Explain_Learning_SaysHowLongStill()
    {
        feed.Verdicts.Add(FakeAnomalyFeed.Learning());

        string[] lines = await Answer.OfAsync(palette, "anomalies explain node_load1");

        Assert.EndsWith(""","phase","learning, 3 min left"]}""", lines[1], StringComparison.Ordinal);
        Assert.EndsWith(""","score","0 decades, under 4 (signal) and 6 (warning)"]}""", lines[5], StringComparison.Ordinal);
        Assert.EndsWith(""","muted","no"]}""", lines[8], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Explain_NoSuchSeries_Fails() => Assert.Equal(
        ["""{"exit":1,"error":"no series matches nothing"}"""], await Answer.OfAsync(palette, "anomalies explain nothing"));

    [Fact]
    public async Task Mute_ForAWhile_PassesSelectorSpanAndWords()
    {
        string[] lines = await Answer.OfAsync(palette, "anomalies mute node_load1{host=\"web-1\"} --for 2h -c swapping the disk -u ann");

        FeedbackCommand given = feed.Given!;
        Assert.Equal(
            (FeedbackKind.Mute, "node_load1{host=\"web-1\"}", 7_200_000L, "ann", "swapping the disk"),
            (given.Kind, given.Selector, given.UntilMs - given.AtMs, given.By, given.Comment));
        Assert.StartsWith($$"""{"row":["{{given.Id}}",""", lines[1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("mute up --for 31d", "invalid field \"for\": 31.00:00:00 is not over 0 and up to 30 d")]
    [InlineData("mute {host!=\"a\",job!=\"\"} --for 1h", "invalid field \"selector\": \"{host!=\"a\",job!=\"\"}\" does not say which series")]
    [InlineData("offset up 3", "invalid field \"offset\": 3 is not from 0 to 2 decades")]
    public async Task Command_BadValue_IsRefusedBeforeAnybodyHearsOfIt(string line, string reason)
    {
        QueryException failure = await Assert.ThrowsAsync<QueryException>(() => Answer.OfAsync(palette, "anomalies " + line));

        Assert.StartsWith(reason, failure.Message, StringComparison.Ordinal);
        Assert.Null(feed.Given);
    }

    [Theory]
    [InlineData("expected up", FeedbackKind.Expected, "up", "")]
    [InlineData("real 3-17 -c it was real", FeedbackKind.Real, "", "3-17")]
    [InlineData("accept node_load1{host=\"a\"}", FeedbackKind.Accept, "node_load1{host=\"a\"}", "")]
    [InlineData("unmute m1", FeedbackKind.Unmute, "", "m1")]
    [InlineData("offset up 0.5", FeedbackKind.Offset, "up", "")]
    public async Task Feedback_SelectorOrId_IsPassedOn(string line, FeedbackKind kind, string selector, string target)
    {
        string[] lines = await Answer.OfAsync(palette, "anomalies " + line);

        Assert.Equal((kind, selector, target), (feed.Given!.Kind, feed.Given.Selector, feed.Given.Target));
        Assert.Equal(kind == FeedbackKind.Offset ? 0.5 : 0, feed.Given.Offset);
        Assert.EndsWith(",3]}", lines[1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("expected up", "no series matches up")]
    [InlineData("real 3-17", "no incident or anomaly with the id 3-17 is open")]
    [InlineData("unmute m1", "no mute m1 lasts")]
    [InlineData("mute up --for 1h", "nothing was ever measured where \\\"up\\\" could be")]
    public async Task Feedback_ToNothing_Fails(string line, string error)
    {
        feed.Result = new FeedbackResult(false, 0, []);

        Assert.Equal([$$"""{"exit":1,"error":"{{error}}"}"""], await Answer.OfAsync(palette, "anomalies " + line));
    }

    [Fact]
    public async Task Mutes_AreListed()
    {
        feed.Mutes.Add(new Mute("m1", "up", 1_700_000_000_000, "ann", "why", 0));

        string[] lines = await Answer.OfAsync(palette, "anomalies mutes");

        Assert.Equal("""{"row":["m1","2023-11-14T22:13:20.000Z","up","ann","why","1970-01-01T00:00:00.000Z"]}""", lines[1]);
    }
}
