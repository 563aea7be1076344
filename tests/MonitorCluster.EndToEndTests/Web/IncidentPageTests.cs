using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace MonitorCluster.EndToEndTests.Web;

/// <summary>What the page shows of incidents and anomalies: one disturbance that a real node finds, and answers that the test gives.</summary>
public sealed class IncidentPageTests(PageFixture fixture) : IClassFixture<PageFixture>
{
    private const int FoundWithinMs = 60_000;

    [ChromiumFact]
    public async Task PushedDisturbance_IsFound_RowAndDetailTellOfIt()
    {
        await using NodeProcess node = await NodeProcess.StartAsync("--Detect:Step=1s", "--Detect:LearningSteps=10");
        await using WatchedPage page = await fixture.OpenAsync(node);
        using var stop = new CancellationTokenSource();
        Task push = PushAsync(node.HttpUrl, stop.Token);
        await page.Page.GotoAsync("/incidents");

        ILocator row = page.Page.Locator(".incident[data-status='firing']").Filter(new() { HasText = "quarry" });
        await Expect(row).ToContainTextAsync("pushed_queue_length", new() { Timeout = 2 * FoundWithinMs });
        await Expect(row).ToContainTextAsync("series");
        await row.GetByRole(AriaRole.Link).ClickAsync();

        await Expect(page.Page).ToHaveURLAsync(new Regex(@"/incidents\?id=\d+-\d+$"));
        await Expect(page.Page.Locator(".reason")).ToContainTextAsync("expected");
        await Expect(page.Page.Locator(".member-table tbody tr").First).ToContainTextAsync("pushed_queue_length");
        await Expect(page.Page.Locator(".timeline .own").First).ToContainTextAsync("Opened");
        await SeeBandAsync(page);

        await page.Page.GetByRole(AriaRole.Button, new() { Name = "Acknowledge" }).ClickAsync();
        await Expect(page.Page.Locator(".incident-head")).ToHaveAttributeAsync("data-status", "acknowledged");

        await page.Page.GetByRole(AriaRole.Button, new() { Name = "Mute this host" }).ClickAsync();
        await Expect(page.Page.Locator(".said")).ToContainTextAsync("of quarry until");
        await page.Page.GotoAsync("/anomalies");
        await page.Page.GetByRole(AriaRole.Button, new() { Name = "Unmute" }).ClickAsync();
        await Expect(page.Page.Locator(".mutes li")).ToHaveCountAsync(0);
        Assert.Empty(page.Faults);
        Assert.Empty(page.ForeignRequests);
        await stop.CancelAsync();
        await push;
    }

    [ChromiumFact]
    public async Task Overview_OpenIncident_IsARowAndPartOfTheVerdict()
    {
        await using WatchedPage page = await fixture.OpenAsync();
        await FakeAsync(page);

        await page.Page.GotoAsync("/");

        await Expect(page.Page.Locator(".alerts-card .incident[data-id='7-1']")).ToContainTextAsync("12 series");
        await Expect(page.Page.Locator(".verdict")).ToContainTextAsync("1 incident is open, on quarry for");
        await Expect(page.Page).ToHaveTitleAsync("(1) MonitorCluster");
    }

    [ChromiumFact]
    public async Task Feedback_Button_PostsTheVerdict_AndSaysWhatCameOfIt()
    {
        await using WatchedPage page = await fixture.OpenAsync();
        await FakeAsync(page);
        string? posted = null;
        await page.Page.RouteAsync("**/api/v1/incidents/7-1/feedback", route =>
        {
            posted ??= $"{route.Request.Method} {route.Request.PostData}";
            return route.Request.PostData!.Contains("real", StringComparison.Ordinal)
                ? route.FulfillAsync(new() { Status = 404, ContentType = "application/json", Body = """{"status":"error","error":"no incident is open"}""" })
                : route.FulfillAsync(Answer(new { id = "f1", verdict = "expected", series = 12 }));
        });
        await page.Page.GotoAsync("/incidents?id=7-1");

        await page.Page.GetByRole(AriaRole.Button, new() { Name = "Expected" }).ClickAsync();
        await Expect(page.Page.Locator(".said")).ToContainTextAsync("Noted as expected: 12 series");
        await page.Page.GetByRole(AriaRole.Button, new() { Name = "Real" }).ClickAsync();

        await Expect(page.Page.Locator(".said.bad-text")).ToHaveTextAsync("no incident is open");
        Assert.Equal("""POST {"verdict":"expected"}""", posted);
    }

    [ChromiumFact]
    public async Task Incidents_None_SayWhatIsWatched()
    {
        await using WatchedPage page = await fixture.OpenAsync();
        await page.Page.RouteAsync("**/api/v1/incidents?**", route => route.FulfillAsync(Answer(Array.Empty<object>())));
        await page.Page.RouteAsync("**/api/v1/anomalies?**", route => route.FulfillAsync(Answer(new object[]
        {
            Verdict("learning", 150), Verdict("learning", 20), Verdict("usual", null), Verdict("unjudged", null),
        })));

        await page.Page.GotoAsync("/incidents");

        await Expect(page.Page.Locator(".calm")).ToHaveTextAsync("Nothing is unusual. 3 series are watched; 2 still learn, longest 3 min.");
    }

    [ChromiumFact]
    public async Task Incident_UnknownId_ShowsTheNodesReason()
    {
        await using WatchedPage page = await fixture.OpenAsync();

        await page.Page.GotoAsync("/incidents?id=0-77777");

        await Expect(page.Page.Locator("p.error")).ToContainTextAsync("0-77777");
    }

    // The drawing itself says which band it drew.
    private static Task SeeBandAsync(WatchedPage page) =>
        Expect(page.Page.Locator("section.chart .uplot").First).ToHaveAttributeAsync("data-band", new Regex(@"^-?\d[\d.e+-]* -?\d[\d.e+-]*$"));

    // A queue that is calm while it is learnt and then ten times as long until it is stopped.
    private static async Task PushAsync(Uri node, CancellationToken stop)
    {
        for (int second = 0; !stop.IsCancellationRequested; second++)
        {
            double value = (second < 40 ? 40 : 400) + (second % 3);
            long now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
            await RemoteWrite.SendAsync(node, now, value, ("__name__", "pushed_queue_length"), ("host", "quarry"));
            await Task.Delay(TimeSpan.FromSeconds(1), stop).ContinueWith(_ => { }, TaskScheduler.Default);
        }
    }

    private static async Task FakeAsync(WatchedPage page)
    {
        await page.Page.RouteAsync("**/api/v1/alerts?**", route => route.FulfillAsync(Answer(new { alerts = new[] { new { monitorcluster = Incident() } } })));
        await page.Page.RouteAsync("**/api/v1/incidents/7-1", route => route.FulfillAsync(Answer(Incident())));
    }

    private static RouteFulfillOptions Answer(object data) => new()
    {
        ContentType = "application/json",
        Body = JsonSerializer.Serialize(new { status = "success", data }),
    };

    private static object Verdict(string phase, double? left) =>
        new { metric = "node_load1", labels = new { host = "quarry" }, phase, learningSecondsLeft = left };

    private static object Incident() => new
    {
        seq = 900_001,
        id = "7-1",
        status = "firing",
        severity = "warning",
        kind = "incident",
        host = "quarry",
        metric = (string?)null,
        labels = new { host = "quarry" },
        startsAt = TimeProvider.System.GetUtcNow().AddMinutes(-3).ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture),
        endsAt = (string?)null,
        value = 5.2,
        expected = 0.7,
        band = new[] { 0.1, 1.9 },
        score = 4.4,
        channel = "host",
        summary = "load on quarry was 5.2, expected 0.1 to 1.9: a jump away from the steps before it",
        notify = true,
        memberCount = 12,
        members = Array.Empty<object>(),
        timeline = Array.Empty<object>(),
    };
}
