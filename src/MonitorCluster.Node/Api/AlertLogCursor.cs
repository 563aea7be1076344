using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using MonitorCluster.Alert;

namespace MonitorCluster.Node.Api;

/// <summary>A subscriber's place in the alert log, and the server-sent events from there on: each number once, none left out. One user at a time.</summary>
/// <remarks>When retention took what the subscriber has not yet seen, or it names a number the log never had (another log's, from before a store
/// was replaced), it gets an event <c>reset</c> with the oldest number and goes on from there.</remarks>
internal sealed class AlertLogCursor
{
    private const int PageRows = 256;

    private readonly IAlertFeed feed;
    private bool isForeign;
    private bool hasRead;

    private AlertLogCursor(IAlertFeed feed, long last, bool isForeign) => (this.feed, Last, this.isForeign) = (feed, last, isForeign);

    /// <summary>The last number given.</summary>
    public long Last { get; private set; }

    /// <summary>Begins after a number, or with what comes next; waits until the node knows how far the log goes.</summary>
    public static async Task<AlertLogCursor> StartAsync(IAlertFeed feed, long? after, CancellationToken cancellationToken)
    {
        await feed.WaitUntilAnnouncedAsync(cancellationToken);
        long last = after ?? feed.NewestSequence;

        // A number above what this node has heard of may be one that another node committed and sent: the log itself knows.
        bool isForeign = last > feed.NewestSequence && last > (await feed.ReadLogAsync(last, 1, cancellationToken)).Newest;
        return new AlertLogCursor(feed, last, isForeign);
    }

    /// <summary>The number a client has, from the header <c>Last-Event-ID</c>, else from <c>?after=</c> or <c>?lastEventId=</c>.</summary>
    /// <remarks>The header wins: a browser that reconnects repeats the address it was opened with, and says only there how far it came.</remarks>
    /// <param name="request">The request.</param>
    /// <param name="after">The number; null when none is given.</param>
    /// <param name="fault">What is wrong with it.</param>
    public static bool TryReadPlace(HttpRequest request, out long? after, out string fault)
    {
        (after, fault) = (null, string.Empty);
        string header = request.Headers["Last-Event-ID"].ToString();
        if (header.Length > 0)
        {
            if (!long.TryParse(header, NumberStyles.None, CultureInfo.InvariantCulture, out long id))
            {
                fault = AlertApi.Fault("header Last-Event-ID", header, 0, long.MaxValue);
                return false;
            }

            after = id;
            return true;
        }

        foreach (string name in (string[])["after", "lastEventId"])
        {
            if (!AlertApi.TryReadNumber(request, name, -1, 0, long.MaxValue, out long id, out fault))
            {
                return false;
            }

            after ??= id < 0 ? null : id;
        }

        return true;
    }

    /// <summary>The next events: a reset, or one page of the log; empty when there is nothing new.</summary>
    /// <remarks>Reads nothing while this node has heard of nothing new, but the first time: where a subscriber goes on, it may know more than the
    /// node.</remarks>
    public async Task<ReadOnlyMemory<byte>> NextAsync(CancellationToken cancellationToken)
    {
        if (hasRead && feed.NewestSequence <= Last)
        {
            return ReadOnlyMemory<byte>.Empty;
        }

        hasRead = true;
        AlertLogPage page = await feed.ReadLogAsync(isForeign ? 0 : Last, PageRows, cancellationToken);
        long oldest = page.Rows.Count > 0 ? page.Rows[0].Seq!.Value : page.Newest + 1;

        // What this node has heard plays no part: retention may run on another one. The log's numbers have no holes.
        bool isTrimmed = page.Rows.Count > 0 ? oldest > Last + 1 : page.Newest > Last;
        if (isForeign || isTrimmed)
        {
            (Last, isForeign) = (oldest - 1, false);
            return Reset(oldest);
        }

        return page.Rows.Count > 0 ? Events(page.Rows) : ReadOnlyMemory<byte>.Empty;
    }

    private ReadOnlyMemory<byte> Events(IReadOnlyList<AlertRecord> rows)
    {
        var buffer = new ArrayBufferWriter<byte>(rows.Count * 512);
        using var writer = new Utf8JsonWriter(buffer);
        foreach (AlertRecord alert in rows)
        {
            long seq = alert.Seq ?? throw new InvalidOperationException($"alert {alert.Id} came from the log without its number");
            if (seq <= Last)
            {
                throw new InvalidOperationException($"the alert log gave number {seq} after {Last}");
            }

            Last = seq;
            Write(buffer, string.Create(CultureInfo.InvariantCulture, $"id: {seq}\nevent: {AlertJson.Name(alert.Status)}\ndata: "));
            AlertJson.Write(writer, alert);
            writer.Flush();
            writer.Reset(buffer);
            Write(buffer, "\n\n");
        }

        return buffer.WrittenMemory;
    }

    // Its id is the number before the oldest, so that a client which reconnects right after it misses nothing.
    private static byte[] Reset(long oldest) =>
        Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"id: {oldest - 1}\nevent: reset\ndata: {{\"oldest\":{oldest}}}\n\n"));

    private static void Write(ArrayBufferWriter<byte> buffer, string text) => Encoding.UTF8.GetBytes(text, buffer);
}
