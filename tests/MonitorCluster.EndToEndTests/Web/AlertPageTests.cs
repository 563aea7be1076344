using System.Globalization;
using System.Text.Json;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace MonitorCluster.EndToEndTests.Web;

/// <summary>What the page does with events: the stream's answers are given by the test, everything else by a real node.</summary>
public sealed class AlertPageTests(PageFixture fixture) : IClassFixture<PageFixture>
{
    [ChromiumFact]
    public async Task AlertList_FiringThenResolved_FollowsByItself()
    {
        await using WatchedPage page = await fixture.OpenAsync();
        int connections = 0;
        using var sawFiring = new SemaphoreSlim(0);
        string? resumedAfter = null;
        await page.Page.RouteAsync("**/api/v1/alerts", route => route.FulfillAsync(new()
        {
            ContentType = "application/json",
            Body = """{"status":"success","data":{"alerts":[]}}""",
        }));
        await page.Page.RouteAsync("**/api/v1/stream?**", async route =>
        {
            // Each connection brings one event and ends: the page has to come back, and to say what it has already.
            string status = Interlocked.Increment(ref connections) == 1 ? "firing" : "resolved";
            if (status == "resolved")
            {
                await sawFiring.WaitAsync();
            }

            resumedAfter = System.Web.HttpUtility.ParseQueryString(new Uri(route.Request.Url).Query)["lastEventId"] ?? resumedAfter;
            long seq = status == "firing" ? 900_001 : 900_002;
            await route.FulfillAsync(new() { ContentType = "text/event-stream", Body = $"id: {seq}\nevent: {status}\ndata: {Alert(seq, status)}\n\n" });
        });

        await page.Page.GotoAsync("/alerts");

        ILocator alert = page.Page.Locator(".alert[data-id='test-alert']");
        await Expect(alert).ToContainTextAsync("quarry");
        await Expect(alert).ToHaveAttributeAsync("data-status", "firing");
        sawFiring.Release();
        await Expect(alert).ToHaveAttributeAsync("data-status", "resolved");
        await Expect(alert.Locator("svg.sev")).ToHaveAttributeAsync("aria-label", "resolved");
        await Expect(alert).ToContainTextAsync("expected 0.1 to 1.9");
        Assert.Equal("900001", resumedAfter);
    }

    [ChromiumFact]
    public async Task DeadNode_StreamBreaks_PageSaysSo()
    {
        await using NodeProcess node = await NodeProcess.StartAsync();
        await using WatchedPage page = await fixture.OpenAsync(node);
        await page.Page.GotoAsync("/");
        await page.SeeChartMoveAsync("Load", seconds: 1);

        await node.KillAsync();

        await Expect(page.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("does not answer");
        await Expect(page.Page.Locator(".shell")).ToHaveClassAsync(new System.Text.RegularExpressions.Regex("stale"));
        await Expect(page.Page.Locator(".verdict")).ToContainTextAsync("Connection lost");
        await Expect(page.Page).ToHaveTitleAsync("(lost) MonitorCluster");
    }

    private static string Alert(long seq, string status)
    {
        string now = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
        return JsonSerializer.Serialize(new
        {
            seq,
            id = "test-alert",
            status,
            severity = "warning",
            kind = "anomaly",
            host = "quarry",
            metric = "node_load1",
            labels = new { host = "quarry" },
            startsAt = now,
            endsAt = status == "resolved" ? now : null,
            value = 5.2,
            expected = 0.7,
            band = new[] { 0.1, 1.9 },
            score = 4.4,
            channel = "level",
            summary = "Load is 5.2; 0.1 to 1.9 is usual.",
        });
    }
}
