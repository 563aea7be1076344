using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace MonitorCluster.Soak.Watched;

/// <summary>An HTTP server that works on a few requests at once, each for a time that can be changed; more of them wait. It counts what it does.</summary>
/// <remarks>"Slow" is what it is in life: a server that can do less. What more load comes than it can do waits, and so latency depends on its share.</remarks>
internal sealed class WatchedServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly SemaphoreSlim _workers;
    private readonly Lock _gate = new();
    private double _seconds; // guarded by _gate
    private long _requests; // guarded by _gate
    private long _failed; // guarded by _gate

    private WatchedServer(string name, int workers)
    {
        Name = name;
        _workers = new SemaphoreSlim(workers);
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0));
        _app = builder.Build();
        _app.Run(ServeAsync);
    }

    /// <summary>Its name in HAProxy and in its metrics.</summary>
    public string Name { get; }

    /// <summary>How long one request takes when it need not wait.</summary>
    public TimeSpan Takes { get; set; } = TimeSpan.FromMilliseconds(10);

    /// <summary>Whether every request fails.</summary>
    public bool IsFailing { get; set; }

    /// <summary>Where it listens.</summary>
    public string Address => new Uri(_app.Urls.Single()).Authority;

    /// <summary>Its counters: seconds, requests, and failed ones.</summary>
    public (double Seconds, long Requests, long Failed) Counters
    {
        get
        {
            lock (_gate)
            {
                return (_seconds, _requests, _failed);
            }
        }
    }

    /// <summary>Starts one on a free port of loopback.</summary>
    public static async Task<WatchedServer> StartAsync(string name, int workers)
    {
        var server = new WatchedServer(name, workers);
        await server._app.StartAsync();
        return server;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _workers.Dispose();
    }

    private async Task ServeAsync(HttpContext context)
    {
        long start = System.Diagnostics.Stopwatch.GetTimestamp();
        bool isFailed = IsFailing;
        await _workers.WaitAsync(context.RequestAborted);
        try
        {
            await Task.Delay(Takes);
        }
        finally
        {
            _workers.Release();
        }

        context.Response.StatusCode = isFailed ? 503 : 200;
        string text = string.Create(CultureInfo.InvariantCulture, $"{Name}\n");
        context.Response.ContentLength = text.Length;
        await context.Response.WriteAsync(text);
        double seconds = System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalSeconds;
        lock (_gate)
        {
            (_seconds, _requests, _failed) = (_seconds + seconds, _requests + 1, _failed + (isFailed ? 1 : 0));
        }
    }
}
