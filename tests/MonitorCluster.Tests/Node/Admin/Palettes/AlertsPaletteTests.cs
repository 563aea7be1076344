using MonitorCluster.Alert;
using MonitorCluster.Node.Admin;
using MonitorCluster.Node.Admin.Palettes;
using MonitorCluster.Tests.Alert;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Tests.Node.Admin.Palettes;

public sealed class AlertsPaletteTests
{
    private static readonly LabelSet Load = LabelSet.Create("node_load1", ("host", "web-1"));

    private readonly ListFeed feed = new();
    private readonly AlertsPalette palette;

    public AlertsPaletteTests() => palette = new AlertsPalette(feed);

    [Theory]
    [InlineData("", "1-2 1-1")]
    [InlineData("-s pending", "1-2")]
    [InlineData("--status firing", "1-1")]
    public async Task List_Status_FiltersNewestFirst(string switches, string ids)
    {
        feed.Open.Add(Alerts.Make(Load, id: "1-1"));
        feed.Open.Add(Alerts.Make(Load, AlertStatus.Pending, id: "1-2") with { StartsAtMs = 1_700_000_001_000 });

        string[] lines = await Answer.OfAsync(palette, "alerts list " + switches);

        Assert.Equal(ids.Split(' '), lines[1..^2].Select(l => l.Split('"')[3]));
        Assert.Equal($$"""{"text":"Count: {{ids.Split(' ').Length}} alerts"}""", lines[^2]);
    }

    [Fact]
    public async Task List_UnknownStatus_IsWrongUsage() => Assert.Equal(
        ["""{"exit":2,"error":"-s STATUS: \"open\" is not one of pending, firing, acknowledged"}"""], await Answer.OfAsync(palette, "alerts list -s open"));

    [Fact]
    public async Task Tail_AfterNumber_ReadsTheLogAndThenWaits()
    {
        feed.Append(3);
        using var ended = new CancellationTokenSource();
        using var body = new MemoryStream();
        using var reply = new CommandReply(body, isStreaming: true);
        Assert.True(new CommandParser([palette.Palette]).TryParse("alerts tail -a 1", out ParsedCommand? parsed, out _));

        Task<CommandResponse> tail = palette.ProcessOf(parsed.Command)(parsed.Arguments, reply, ended.Token);
        Task<long> waits = feed.NextWaitAsync();
        Assert.Equal(3, await waits);
        Task<long> waitsAgain = feed.NextWaitAsync();
        feed.Append(1);
        Assert.Equal(4, await waitsAgain);
        await ended.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => tail);
        string[] lines = System.Text.Encoding.UTF8.GetString(body.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("""{"columns":["seq","status","severity","id","kind","host","metric","starts_at","summary"],"streaming":true}""", lines[0]);
        Assert.Equal(["2", "3", "4"], lines[1..].Select(l => l.Split('[', ',')[1]));
    }

    [Fact]
    public async Task Tail_BeforeTheOldest_SaysWhatIsGone()
    {
        feed.Append(5);
        feed.OldestSequence = 4;
        using var ended = new CancellationTokenSource();
        using var body = new MemoryStream();
        using var reply = new CommandReply(body, isStreaming: true);
        Assert.True(new CommandParser([palette.Palette]).TryParse("alerts tail -a 0", out ParsedCommand? parsed, out _));

        Task<CommandResponse> tail = palette.ProcessOf(parsed.Command)(parsed.Arguments, reply, ended.Token);
        Assert.Equal(5, await feed.NextWaitAsync());
        await ended.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => tail);
        string[] lines = System.Text.Encoding.UTF8.GetString(body.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("""{"text":"the log begins at 4: what was before is gone"}""", lines[1]);
        Assert.Equal(4, lines.Length);
    }

    [Fact]
    public async Task Tail_BeyondTheEnd_Fails() =>
        Assert.Equal("""{"exit":1,"error":"the alert log ends at 0, before 7"}""", (await Answer.OfAsync(palette, "alerts tail -a 7"))[^1]);

    [Fact]
    public async Task Acknowledge_OpenAlert_PassesCommentAndName()
    {
        string[] lines = await Answer.OfAsync(palette, "alerts ack 1-1 -c restarting the pool -u ann");

        Assert.Equal(("1-1", "ann", "restarting the pool"), feed.Acknowledged);
        Assert.Equal("""{"row":["1-1","acknowledged"]}""", lines[1]);
    }

    [Theory]
    [InlineData(AcknowledgeOutcome.NotOpen, "no open alert has the id 1-1")]
    [InlineData(AcknowledgeOutcome.Pending, "alert 1-1 is pending: nobody was told of it yet, there is nothing to acknowledge")]
    public async Task Acknowledge_NotFiring_Fails(AcknowledgeOutcome outcome, string error)
    {
        feed.Outcome = outcome;

        Assert.Equal([$$"""{"exit":1,"error":"{{error}}"}"""], await Answer.OfAsync(palette, "alerts ack 1-1"));
    }

    [Fact]
    public async Task Acknowledge_EndlessComment_IsRefused()
    {
        string[] lines = await Answer.OfAsync(palette, $"alerts ack 1-1 -c {new string('x', 1_001)}");

        Assert.Equal(["""{"exit":2,"error":"a comment or name of 1001 characters; the limit is 1000"}"""], lines);
    }

    /// <summary>An alert log in a list; says when its reader has read all and waits.</summary>
    private sealed class ListFeed : IAlertFeed
    {
        private readonly System.Threading.Channels.Channel<long> waits = System.Threading.Channels.Channel.CreateUnbounded<long>();
        private readonly List<AlertRecord> log = [];
        private TaskCompletionSource news = new();

        public List<AlertRecord> Open { get; } = [];

        public List<string> Missing { get; } = [];

        public AcknowledgeOutcome Outcome { get; set; } = AcknowledgeOutcome.Acknowledged;

        public (string Id, string By, string Comment) Acknowledged { get; private set; }

        public long OldestSequence { get; set; } = 1;

        public long NewestSequence => log.Count;

        public bool IsAnnounced => true;

        public Task WaitUntilAnnouncedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public void Append(int count)
        {
            for (int i = 0; i < count; i++)
            {
                log.Add(Alerts.Make(Load, id: $"1-{log.Count + 1}", seq: log.Count + 1));
            }

            TaskCompletionSource done = news;
            news = new TaskCompletionSource();
            done.SetResult();
        }

        public Task<long> NextWaitAsync() => waits.Reader.ReadAsync().AsTask();

        public Task<AlertLogPage> ReadLogAsync(long after, int limit, CancellationToken cancellationToken) =>
            Task.FromResult(new AlertLogPage([.. log.Where(a => a.Seq > after && a.Seq >= OldestSequence).Take(limit)], log.Count));

        public async Task WaitForNewAsync(long after, CancellationToken cancellationToken)
        {
            Task wait = news.Task;
            if (log.Count <= after)
            {
                await waits.Writer.WriteAsync(after, cancellationToken);
                await wait.WaitAsync(cancellationToken);
            }
        }

        public Task<OpenAlerts> OpenAlertsAsync(bool takesPart, CancellationToken cancellationToken) =>
            Task.FromResult(new OpenAlerts(Open, takesPart ? Missing : []));

        public Task<AcknowledgeOutcome> AcknowledgeAsync(string id, string by, string comment, CancellationToken cancellationToken)
        {
            Acknowledged = (id, by, comment);
            return Task.FromResult(Outcome);
        }
    }
}
