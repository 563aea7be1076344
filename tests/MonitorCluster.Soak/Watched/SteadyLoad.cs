namespace MonitorCluster.Soak.Watched;

/// <summary>Asks at a steady rate, however long the answers take.</summary>
internal sealed class SteadyLoad : IAsyncDisposable
{
    private readonly CancellationTokenSource _end = new();
    private readonly HttpClient _client;
    private readonly Task _run;

    /// <param name="url">Whom.</param>
    /// <param name="perSecond">How often.</param>
    public SteadyLoad(Uri url, int perSecond)
    {
        _client = new HttpClient { BaseAddress = url, Timeout = TimeSpan.FromSeconds(10) };
        _run = RunAsync(TimeSpan.FromSeconds(1.0 / perSecond));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        try
        {
            await _run;
        }
        catch (OperationCanceledException)
        {
            // as asked
        }

        _client.Dispose();
        _end.Dispose();
    }

    private async Task RunAsync(TimeSpan period)
    {
        using var pace = new PeriodicTimer(period);
        var open = new List<Task>();
        while (await pace.WaitForNextTickAsync(_end.Token))
        {
            open.RemoveAll(t => t.IsCompleted);
            open.Add(AskAsync());
        }
    }

    private async Task AskAsync()
    {
        try
        {
            using HttpResponseMessage answer = await _client.GetAsync(new Uri("/", UriKind.Relative), _end.Token);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            // no answer is an answer, too: it is the servers' counters that are looked at
        }
    }
}
