using System.Collections.Concurrent;
using Microsoft.Playwright;

namespace MonitorCluster.EndToEndTests.Web;

/// <summary>A browser page with a record of its requests, errors and dialogs.</summary>
internal sealed class WatchedPage : IAsyncDisposable
{
    private readonly Uri _address;
    private readonly ConcurrentQueue<string> _foreign = new();
    private readonly ConcurrentQueue<string> _faults = new();

    public WatchedPage(IPage page, Uri address)
    {
        Page = page;
        _address = address;
        page.Request += (_, request) =>
        {
            if (!request.Url.StartsWith(_address.ToString(), StringComparison.Ordinal))
            {
                _foreign.Enqueue(request.Url);
            }
        };
        page.PageError += (_, error) => _faults.Enqueue($"uncaught: {error}");
        page.Console += (_, message) =>
        {
            if (message.Type == "error")
            {
                _faults.Enqueue($"console: {message.Text}");
            }
        };
        page.Dialog += (_, dialog) =>
        {
            _faults.Enqueue($"dialog: {dialog.Message}");
            _ = dialog.DismissAsync();
        };
    }

    public IPage Page { get; }

    /// <summary>Requests that went anywhere but to the node.</summary>
    public IReadOnlyCollection<string> ForeignRequests => _foreign;

    /// <summary>Uncaught exceptions, console errors (a violated policy is one) and dialogs.</summary>
    public IReadOnlyCollection<string> Faults => _faults;

    /// <summary>Waits until a chart has shown points of at least so many seconds after those it shows now.</summary>
    /// <param name="title">The chart's title.</param>
    /// <param name="seconds">How far its newest point must move.</param>
    /// <returns>A task that ends then, or fails with Playwright's time limit.</returns>
    public async Task SeeChartMoveAsync(string title, int seconds)
    {
        string chart = $"section.chart[aria-label='{title}'][data-state='ready']";
        await Page.WaitForFunctionAsync("chart => Number(document.querySelector(chart)?.dataset.newest) > 0", chart);
        double before = await Page.EvalOnSelectorAsync<double>(chart, "chart => Number(chart.dataset.newest)");
        await Page.WaitForFunctionAsync(
            "([chart, least]) => Number(document.querySelector(chart)?.dataset.newest) >= least", new object[] { chart, before + seconds });
    }

    public async ValueTask DisposeAsync()
    {
        await Page.Context.CloseAsync();
    }
}
