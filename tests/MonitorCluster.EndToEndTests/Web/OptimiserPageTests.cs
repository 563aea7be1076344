using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace MonitorCluster.EndToEndTests.Web;

/// <summary>The page of the optimiser in a real browser, on a node that is alone.</summary>
public sealed class OptimiserPageTests(PageFixture fixture) : IClassFixture<PageFixture>
{
    // A node looks at its load for the first time some seconds after it has become the controller.
    private const float FirstLookMs = 60_000;

    [ChromiumFact]
    public async Task OneNode_Plan_SaysInWordsWhyNothingMoves()
    {
        await using WatchedPage page = await fixture.OpenAsync();
        await page.Page.GotoAsync("/optimiser");

        await Expect(page.Page.Locator("h1.verdict")).ToHaveTextAsync("One node has nobody to share with.", new() { Timeout = FirstLookMs });
        await Expect(page.Page.Locator(".standing .reason").First).ToHaveTextAsync(new Regex(@"^\S.*\.$"));
        await Expect(page.Page.Locator(".loads tbody tr")).ToHaveCountAsync(1);
        Assert.Empty(page.Faults);
        await page.Page.GetByRole(AriaRole.Button, new() { Name = "Plan", Exact = true }).ClickAsync();

        ILocator said = page.Page.Locator(".load-actions .said");
        await Expect(said).ToHaveTextAsync(new Regex(@"^\S.*\.$"));
        await Expect(said).Not.ToContainTextAsync(" answered ");
    }

    [ChromiumFact]
    public async Task Shards_ArrowKeys_TellOneAfterTheOther()
    {
        await using WatchedPage page = await fixture.OpenAsync();
        await page.Page.GotoAsync("/optimiser");
        ILocator shards = page.Page.GetByRole(AriaRole.Slider);
        await Expect(shards).ToHaveCountAsync(1);

        await shards.FocusAsync();
        await Expect(page.Page.Locator(".picked")).ToContainTextAsync("Shard 0,");
        await page.Page.Keyboard.PressAsync("ArrowRight");

        await Expect(page.Page.Locator(".picked")).ToContainTextAsync("Shard 1,");
        await Expect(shards).ToHaveAttributeAsync("aria-valuetext", new Regex("^Shard 1,"));
    }

    [ChromiumFact]
    public async Task Pause_WithANote_IsAskedAboutAndShown_UntilResumed()
    {
        await using WatchedPage page = await fixture.OpenAsync();
        await page.Page.GotoAsync("/optimiser");
        ILocator what = page.Page.GetByRole(AriaRole.Group, new() { Name = "What to tell the optimiser" });

        await what.GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();
        await page.Page.GetByLabel("Note").FillAsync("the rack is being moved");
        await page.Page.Keyboard.PressAsync("Enter");

        ILocator standing = page.Page.Locator(".standing");
        await Expect(standing).ToContainTextAsync("the rack is being moved");
        await what.GetByRole(AriaRole.Button, new() { Name = "Resume" }).ClickAsync();
        await page.Page.Locator(".confirm").GetByRole(AriaRole.Button, new() { Name = "Resume" }).ClickAsync();
        await Expect(standing).Not.ToContainTextAsync("the rack is being moved");
    }
}
