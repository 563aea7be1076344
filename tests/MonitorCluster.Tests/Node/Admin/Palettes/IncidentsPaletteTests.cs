using MonitorCluster.Alert;
using MonitorCluster.Node;
using MonitorCluster.Node.Admin.Palettes;

namespace MonitorCluster.Tests.Node.Admin.Palettes;

public sealed class IncidentsPaletteTests
{
    private readonly FakeAnomalyFeed feed = new();
    private readonly IncidentsPalette palette;

    public IncidentsPaletteTests() => palette = new IncidentsPalette(feed, new FeedbackDesk(feed, TimeProvider.System, new Random(1)));

    [Theory]
    [InlineData("", "All before= limit=20")]
    [InlineData("-s open -n 3", "Open before= limit=3")]
    [InlineData("--status resolved", "Resolved before= limit=20")]
    public async Task List_Status_ReachesTheFeed(string switches, string asked)
    {
        feed.Incidents.Add(FakeAnomalyFeed.Incident());

        string[] lines = await Answer.OfAsync(palette, "incidents list " + switches);

        Assert.Equal(asked, feed.Asked);
        Assert.StartsWith("""{"row":["1-1","firing","warning","incident","web-1",""", lines[1], StringComparison.Ordinal);
        Assert.Equal("""{"text":"Count: 1 incidents"}""", lines[2]);
    }

    [Fact]
    public async Task List_UnknownStatus_IsWrongUsage() => Assert.Equal(
        ["""{"exit":2,"error":"-s STATUS: \"closed\" is not one of open, resolved, all"}"""], await Answer.OfAsync(palette, "incidents list -s closed"));

    [Fact]
    public async Task Show_Incident_HasHeaderReasonMembersAndTimeline()
    {
        feed.Incidents.Add(FakeAnomalyFeed.Incident(status: AlertStatus.Acknowledged) with { AcknowledgedBy = "ann", Comment = "mine" });
        feed.Timeline.Add(FakeAnomalyFeed.Incident(seq: 4) with { Summary = "it began" });
        feed.Timeline.Add(FakeAnomalyFeed.Incident(status: AlertStatus.Resolved) with { EndsAtMs = 1_700_000_060_000, Summary = "it is over" });

        string[] lines = await Answer.OfAsync(palette, "incidents show 1-1");

        Assert.Equal(
            [
                """{"text":"1-1 acknowledged warning incident on web-1, since 2023-11-14T22:13:20.000Z, in hand of ann: mine"}""",
                """{"text":"web-1: load is unusual, with 1 more"}""",
                """{"columns":["rank","score","metric","labels","since","lasts","value","expected","channel","reason"]}""",
                """{"row":[7.25,7.25,"node_load1",{"host":"web-1"},"2023-11-14T22:13:20.000Z",true,8.5,"1, from 0.5 to 1.5","jump","""
                + """
                "load is 8.5, expected 0.5 to 1.5"]}
                """,
                """{"text":"1 more series"}""",
                """{"text":"Timeline:"}""",
                """{"text":"  4 firing 1-1, since 2023-11-14T22:13:20.000Z: it began"}""",
                """{"text":"  5 resolved 1-1, ended 2023-11-14T22:14:20.000Z: it is over"}""",
                """{"exit":0}""",
            ],
            lines);
    }

    [Fact]
    public async Task Show_NoSuchIncident_Fails() => Assert.Equal(
        ["""{"exit":1,"error":"no incident with the id 9-9 is open or in the alert log"}"""], await Answer.OfAsync(palette, "incidents show 9-9"));

    [Theory]
    [InlineData("expected", FeedbackKind.Expected)]
    [InlineData("real", FeedbackKind.Real)]
    [InlineData("accept", FeedbackKind.Accept)]
    public async Task Judge_Id_IsPassedOn(string verdict, FeedbackKind kind)
    {
        string[] lines = await Answer.OfAsync(palette, $"incidents {verdict} 1-1 -c the backup -u ann");

        Assert.Equal((kind, "1-1", "ann", "the backup"), (feed.Given!.Kind, feed.Given.Target, feed.Given.By, feed.Given.Comment));
        Assert.Equal($$"""{"row":["{{verdict}}","1-1",3]}""", lines[1]);
    }

    [Fact]
    public async Task Judge_Selector_IsWrongUsage() => Assert.Equal(
        ["""{"exit":2,"error":"ID: \"up\" is no incident's id, such as 3-17"}"""], await Answer.OfAsync(palette, "incidents real up"));
}
