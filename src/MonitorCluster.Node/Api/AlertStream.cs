using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;
using MonitorCluster.Alert;

namespace MonitorCluster.Node.Api;

/// <summary>Serves the alert log as server-sent events that resume without gap or repeat.</summary>
/// <remarks>
/// One loop per subscriber: (1) read the log after the last number sent, (2) write it, (3) wait for news or the keep-alive. Nothing is queued
/// between the log and the client: a slow one holds at most one page and is behind in the log, not in our memory; one that stops reading
/// is cut by the server's minimum rate. A subscriber without an id begins at the newest number. When retention took what a client has not
/// yet seen, it gets an event <c>reset</c> with the oldest number and goes on from there. Safe for any thread.
/// </remarks>
internal sealed class AlertStream(IAlertFeed feed, TimeProvider time, AlertOptions options)
{
    private const int PageRows = 256;
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
            await ServeAsync(context, after ?? feed.NewestSequence, ended.Token);
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

    private async Task ServeAsync(HttpContext context, long last, CancellationToken cancellationToken)
    {
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-cache,no-store";
        context.Response.Headers["X-Accel-Buffering"] = "no"; // nginx would hold events back until its buffer is full
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        await SendAsync(context, Opening, cancellationToken);
        while (true)
        {
            long oldest = feed.OldestSequence;
            if (last < oldest - 1)
            {
                last = oldest - 1;
                await SendAsync(context, Reset(oldest), cancellationToken);
            }

            // :: 1 and 2
            IReadOnlyList<AlertRecord> rows = await feed.ReadLogAsync(last, PageRows, cancellationToken);
            if (rows.Count > 0)
            {
                (ReadOnlyMemory<byte> events, last) = Events(rows, last);
                await SendAsync(context, events, cancellationToken);
                continue;
            }

            // :: 3
            Task news = feed.WaitForNewAsync(last, cancellationToken);
            while (!await ComesInTimeAsync(news, cancellationToken))
            {
                await SendAsync(context, KeepAlive, cancellationToken);
            }
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

    private static (ReadOnlyMemory<byte> Bytes, long Last) Events(IReadOnlyList<AlertRecord> rows, long last)
    {
        var buffer = new ArrayBufferWriter<byte>(rows.Count * 512);
        using var writer = new Utf8JsonWriter(buffer);
        foreach (AlertRecord alert in rows)
        {
            long seq = alert.Seq ?? throw new InvalidOperationException($"alert {alert.Id} came from the log without its number");
            if (seq <= last)
            {
                throw new InvalidOperationException($"the alert log gave number {seq} after {last}");
            }

            last = seq;
            Write(buffer, string.Create(CultureInfo.InvariantCulture, $"id: {seq}\nevent: {AlertJson.Name(alert.Status)}\ndata: "));
            AlertJson.Write(writer, alert);
            writer.Flush();
            writer.Reset(buffer);
            Write(buffer, "\n\n");
        }

        return (buffer.WrittenMemory, last);
    }

    // Its id is the number before the oldest, so that a client which reconnects right after it misses nothing.
    private static byte[] Reset(long oldest) =>
        Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"id: {oldest - 1}\nevent: reset\ndata: {{\"oldest\":{oldest}}}\n\n"));

    private static void Write(ArrayBufferWriter<byte> buffer, string text) => Encoding.UTF8.GetBytes(text, buffer);

    private static async Task SendAsync(HttpContext context, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        await context.Response.Body.WriteAsync(bytes, cancellationToken);
        await context.Response.Body.FlushAsync(cancellationToken);
    }
}
