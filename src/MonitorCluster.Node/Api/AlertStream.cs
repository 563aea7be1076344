using Microsoft.AspNetCore.Http.Features;
using MonitorCluster.Alert;

namespace MonitorCluster.Node.Api;

/// <summary>Serves the alert log as server-sent events that resume without gap or repeat.</summary>
/// <remarks>
/// One loop per subscriber: (1) read the log after the last number sent, (2) write it, (3) wait for news or the keep-alive. Nothing is queued
/// between the log and the client: a slow one holds at most one page and is behind in the log, not in our memory; one that stops reading
/// is cut by the server's minimum rate. A subscriber without an id begins at the newest number. Safe for any thread.
/// </remarks>
internal sealed class AlertStream(IAlertFeed feed, TimeProvider time, AlertOptions options)
{
    private static readonly byte[] Opening = "retry: 2000\n\n"u8.ToArray();
    private static readonly byte[] KeepAlive = ": keep-alive\n\n"u8.ToArray();
    private int subscribers;

    /// <summary>Most subscribers at once.</summary>
    public int SubscribersMax => options.SubscribersMax;

    /// <summary>Subscribers now.</summary>
    public int Subscribers => Volatile.Read(ref subscribers);

    /// <summary>Serves until the client goes or the node stops.</summary>
    /// <param name="context">The request; nothing has been answered yet.</param>
    /// <param name="after">The last number the client has, or null to begin with what comes next.</param>
    /// <returns>False, with nothing answered, when the node serves as many as it may.</returns>
    public async Task<bool> TryServeAsync(HttpContext context, long? after)
    {
        if (Interlocked.Increment(ref subscribers) > SubscribersMax)
        {
            Interlocked.Decrement(ref subscribers);
            return false;
        }

        CancellationToken stopping = context.RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        try
        {
            await ServeAsync(context, after, ended.Token);
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // The client went or the node stops: both are the ordinary end of a stream.
        }
        finally
        {
            Interlocked.Decrement(ref subscribers);
        }

        return true;
    }

    private async Task ServeAsync(HttpContext context, long? after, CancellationToken cancellationToken)
    {
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-cache,no-store";
        context.Response.Headers["X-Accel-Buffering"] = "no"; // nginx would hold events back until its buffer is full
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        await SendAsync(context, Opening, cancellationToken);
        Task<AlertLogCursor> started = AlertLogCursor.StartAsync(feed, after, cancellationToken);
        await KeepAliveUntilAsync(context, started, cancellationToken);
        AlertLogCursor cursor = await started;
        while (true)
        {
            // :: 1 and 2
            ReadOnlyMemory<byte> events = await cursor.NextAsync(cancellationToken);
            if (events.Length > 0)
            {
                await SendAsync(context, events, cancellationToken);
                continue;
            }

            // :: 3
            await KeepAliveUntilAsync(context, feed.WaitForNewAsync(cursor.Last, cancellationToken), cancellationToken);
        }
    }

    private async Task KeepAliveUntilAsync(HttpContext context, Task news, CancellationToken cancellationToken)
    {
        while (!await ComesInTimeAsync(news, cancellationToken))
        {
            await SendAsync(context, KeepAlive, cancellationToken);
        }
    }

    private async Task<bool> ComesInTimeAsync(Task news, CancellationToken cancellationToken)
    {
        try
        {
            await news.WaitAsync(options.KeepAlive, time, cancellationToken);
            return true;
        }
        catch (TimeoutException) when (!news.IsCompleted)
        {
            return false;
        }
    }

    private static async Task SendAsync(HttpContext context, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        await context.Response.Body.WriteAsync(bytes, cancellationToken);
        await context.Response.Body.FlushAsync(cancellationToken);
    }
}
