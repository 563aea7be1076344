using Microsoft.Playwright;

namespace MonitorCluster.EndToEndTests.Web;

/// <summary>One node and one browser for all tests of a class; each test opens a page of its own.</summary>
public sealed class PageFixture : IAsyncLifetime
{
    private static readonly string[] Arguments =
    [
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
    ];

    private IPlaywright? _playwright;
    private IBrowser? _browser;
    private NodeProcess? _node;

    internal NodeProcess Node => _node!;

    public async Task InitializeAsync()
    {
        if (!File.Exists(ChromiumFactAttribute.Executable))
        {
            return; // Every test of the class is then skipped, with the reason.
        }

        _node = await NodeProcess.StartAsync();
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new() { ExecutablePath = ChromiumFactAttribute.Executable, Args = Arguments });
    }

    /// <summary>Opens an empty page that remembers what went wrong in it and what it asked for.</summary>
    /// <param name="node">The node it shows; the class's own when null.</param>
    /// <returns>The page and its record.</returns>
    internal async Task<WatchedPage> OpenAsync(NodeProcess? node = null)
    {
        Uri address = (node ?? Node).HttpUrl;
        IBrowserContext context = await _browser!.NewContextAsync(new() { BaseURL = address.ToString() });
        return new WatchedPage(await context.NewPageAsync(), address);
    }

    public async Task DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
        if (_node is not null)
        {
            await _node.DisposeAsync();
        }
    }
}
