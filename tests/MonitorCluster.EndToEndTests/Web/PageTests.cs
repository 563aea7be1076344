using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace MonitorCluster.EndToEndTests.Web;

/// <summary>The page in a real browser, on a real node that watches this host.</summary>
public sealed class PageTests(PageFixture fixture) : IClassFixture<PageFixture>
{
    [ChromiumFact]
    public async Task Overview_RunningNode_ChartsMoveEverySecond()
    {
        await using WatchedPage page = await fixture.OpenAsync();
        await page.Page.GotoAsync("/");

        foreach (string title in new[] { "CPU", "Memory", "Load" })
        {
            await page.SeeChartMoveAsync(title, seconds: 3);
        }

        await Expect(page.Page.Locator(".verdict")).Not.ToContainTextAsync("Asking");
        await Expect(page.Page.Locator("section.chart[aria-label='Memory'] .legend tbody tr")).ToHaveCountAsync(3);
        Assert.Empty(page.Faults);
    }

    [ChromiumFact]
    public async Task Overview_Window_IsPartOfTheAddress()
    {
        await using WatchedPage page = await fixture.OpenAsync();
        await page.Page.GotoAsync("/");

        // The load chart's legend has a "15 min" of its own.
        ILocator choice = page.Page.GetByRole(AriaRole.Group, new() { Name = "Time window" }).GetByRole(AriaRole.Button, new() { Name = "15 min" });
        await choice.ClickAsync();

        await Expect(page.Page).ToHaveURLAsync(new Regex(@"/\?w=15m$"));
        await page.Page.ReloadAsync();
        await Expect(choice).ToHaveAttributeAsync("aria-pressed", "true");
        await page.SeeChartMoveAsync("CPU", seconds: 2);
    }

    [ChromiumFact]
    public async Task Overview_Table_SaysWhatTheChartShows()
    {
        await using WatchedPage page = await fixture.OpenAsync();
        await page.Page.GotoAsync("/");
        await page.SeeChartMoveAsync("Load", seconds: 1);
        ILocator chart = page.Page.Locator("section.chart[aria-label='Load']");

        await chart.GetByText("as table").ClickAsync();

        await Expect(chart.Locator("details thead th")).ToHaveTextAsync(["time", "1 min", "5 min", "15 min"]);
        await Expect(chart.Locator("details tbody tr").First.Locator("td").First).ToHaveTextAsync(new Regex(@"^\d"));
    }

    [ChromiumFact]
    public async Task Pause_HoldsTheChartsStill_AndGoingOnFillsTheGap()
    {
        await using WatchedPage page = await fixture.OpenAsync();
        await page.Page.GotoAsync("/");
        await page.SeeChartMoveAsync("Load", seconds: 1);

        await page.Page.Keyboard.PressAsync("p");
        await Expect(page.Page.Locator(".status")).ToContainTextAsync("paused");
        await page.Page.Keyboard.PressAsync("p");

        await Expect(page.Page.Locator(".status")).ToContainTextAsync("live");
        await page.SeeChartMoveAsync("Load", seconds: 2);
    }

    [ChromiumFact]
    public async Task Search_SlashAndEnter_OpensTheSeriesInExplore()
    {
        await using WatchedPage page = await fixture.OpenAsync();
        await page.Page.GotoAsync("/");
        await page.SeeChartMoveAsync("Load", seconds: 1);

        await page.Page.Keyboard.PressAsync("/");
        await page.Page.Keyboard.TypeAsync("node_load15");
        await Expect(page.Page.GetByRole(AriaRole.Option).First).ToContainTextAsync("node_load15");
        await page.Page.Keyboard.PressAsync("Enter");

        await Expect(page.Page).ToHaveURLAsync(new Regex(@"/explore\?q=node_load15$"));
        await page.SeeChartMoveAsync("Result", seconds: 2);
        Assert.Empty(page.Faults);
    }

    [ChromiumFact]
    public async Task Explore_BadQuery_ShowsTheNodesReason()
    {
        await using WatchedPage page = await fixture.OpenAsync();
        await page.Page.GotoAsync("/explore?q=" + Uri.EscapeDataString("rate(node_load1"));

        ILocator error = page.Page.Locator("p.error");

        await Expect(error).ToBeVisibleAsync();
        await Expect(error).Not.ToContainTextAsync("answered 4");
    }

    [ChromiumFact]
    public async Task Cluster_OneNode_IsListedAsActive()
    {
        await using WatchedPage page = await fixture.OpenAsync();

        await page.Page.GotoAsync("/cluster");

        await Expect(page.Page.Locator(".members tbody tr")).ToHaveCountAsync(1);
        await Expect(page.Page.Locator(".members .pill")).ToHaveTextAsync("active");
    }

    [ChromiumFact]
    public async Task AllPages_Visited_AskNobodyButTheNode()
    {
        await using WatchedPage page = await fixture.OpenAsync();
        await page.Page.GotoAsync("/");
        await page.SeeChartMoveAsync("CPU", seconds: 1);

        foreach (string name in new[] { "Incidents", "Anomalies", "Alerts", "Explore", "Cluster", "Load", "Overview" })
        {
            await page.Page.GetByRole(AriaRole.Navigation).GetByRole(AriaRole.Link, new() { Name = name }).ClickAsync();
            await Expect(page.Page.Locator("main")).ToBeVisibleAsync();
        }

        Assert.Empty(page.ForeignRequests);
        Assert.Empty(page.Faults);
    }

    [ChromiumFact]
    public async Task Labels_FullOfMarkup_StayText()
    {
        const string markup = "<img src=x onerror=\"window.pwned=1\"><script>window.pwned=2</script>";
        long now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        await RemoteWrite.SendAsync(fixture.Node.HttpUrl, now, 42, ("__name__", "hostile_value"), ("host", markup), ("zone", "\"}\n\\ or {"));
        await using WatchedPage page = await fixture.OpenAsync();

        await page.Page.GotoAsync("/explore?q=hostile_value&view=table");
        await Expect(page.Page.Locator("main tbody th")).ToContainTextAsync("<img src=x onerror=");
        await page.Page.Keyboard.PressAsync("/");
        await page.Page.Keyboard.TypeAsync("onerror hostile");
        await Expect(page.Page.GetByRole(AriaRole.Option).First).ToContainTextAsync("<script>");
        await page.Page.Keyboard.PressAsync("Enter");
        await page.SeeChartMoveAsync("Result", seconds: 1);

        Assert.Equal("undefined", await page.Page.EvaluateAsync<string>("typeof window.pwned"));
        Assert.Equal(0, await page.Page.Locator("main img, main script, .search img").CountAsync());
        Assert.Empty(page.ForeignRequests);
        Assert.Empty(page.Faults);
    }
}
