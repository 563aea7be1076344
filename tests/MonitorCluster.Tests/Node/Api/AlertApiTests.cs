using System.Net;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using MonitorCluster.Alert;
using MonitorCluster.Node.Api;
using MonitorCluster.Tests.Alert;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Tests.Node.Api;

#pragma warning disable CA1001 // xunit disposes through IAsyncLifetime
public sealed class AlertApiTests : IAsyncLifetime
#pragma warning restore CA1001
{
    private static readonly LabelSet Load = LabelSet.Create("node_load1", ("host", "web-1"));
    private readonly FakeAlertFeed feed = new();
    private readonly ManualTime time = new();
    private readonly CancellationTokenSource deadline = new(TimeSpan.FromSeconds(30));
    private WebApplication app = null!;
    private HttpClient client = null!;

    public async Task InitializeAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton<IAlertFeed>(feed).AddSingleton<TimeProvider>(time).AddAlertApi(new AlertOptions { SubscribersMax = 2 });
        app = builder.Build();
        app.MapAlertApi();
        await app.StartAsync(deadline.Token);
        client = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
    }

    public async Task DisposeAsync()
    {
        client.Dispose();
        await app.StopAsync(deadline.Token);
        await app.DisposeAsync();
        deadline.Dispose();
    }

    [Fact]
    public async Task GetAlerts_HasPrometheusShapeWithOursInside()
    {
        feed.Open.Add(Alerts.Make(Load, AlertStatus.Acknowledged, "1-1", 5));

        JsonElement alert = (await GetAsync("/api/v1/alerts")).GetProperty("alerts")[0];

        Assert.Equal("firing", alert.GetProperty("state").GetString());
        Assert.Equal("anomaly_level", alert.GetProperty("labels").GetProperty("alertname").GetString());
        Assert.Equal("web-1", alert.GetProperty("labels").GetProperty("host").GetString());
        Assert.Equal("0.85", alert.GetProperty("value").GetString());
        Assert.Equal("acknowledged", alert.GetProperty("monitorcluster").GetProperty("status").GetString());
    }

    [Fact]
    public async Task GetLog_AfterAndLimit_GivesThatPage()
    {
        feed.Append(10);

        JsonElement page = await GetAsync("/api/v1/alerts/log?after=3&limit=2");

        Assert.Equal([4L, 5L], page.EnumerateArray().Select(a => a.GetProperty("seq").GetInt64()));
    }

    [Theory]
    [InlineData("/api/v1/alerts/log?after=-1", "after", "-1")]
    [InlineData("/api/v1/alerts/log?after=1&after=2", "after", "1,2")]
    [InlineData("/api/v1/alerts/log?limit=0", "limit", "0")]
    [InlineData("/api/v1/alerts/log?limit=10001", "limit", "10001")]
    [InlineData("/api/v1/alerts/stream?after=x", "after", "x")]
    [InlineData("/api/v1/alerts/stream?lastEventId=1.5", "lastEventId", "1.5")]
    public async Task BadNumber_Is400NamingParameterAndValue(string path, string parameter, string value)
    {
        using HttpResponseMessage answer = await client.GetAsync(path, deadline.Token);
        JsonElement body = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(deadline.Token)).RootElement;

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("bad_data", body.GetProperty("errorType").GetString());
        Assert.Contains($"\"{parameter}\": \"{value}\"", body.GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stream_BadHeader_Is400()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/alerts/stream");
        request.Headers.TryAddWithoutValidation("Last-Event-ID", "abc");
        using HttpResponseMessage answer = await client.SendAsync(request, deadline.Token);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Fact]
    public async Task Stream_KilledAndResumedByHeader_SeesEachNumberOnce()
    {
        feed.Append(300);
        var seen = new List<string>();
        using (StreamReader first = await OpenAsync("/api/v1/alerts/stream?after=0"))
        {
            await ReadAsync(first, seen, 290);
        }

        using (StreamReader second = await OpenAsync("/api/v1/alerts/stream?after=0", lastEventId: "290"))
        {
            await ReadAsync(second, seen, 10);
            feed.Append(2);
            await ReadAsync(second, seen, 2);
        }

        Assert.Equal(Enumerable.Range(1, 302).Select(i => $"{i} firing 1-{i}"), seen);
    }

    [Fact]
    public async Task Cursor_NothingNewHeard_ReadsNothing()
    {
        feed.Append(5);
        AlertLogCursor cursor = await AlertLogCursor.StartAsync(feed, 3, deadline.Token);
        Assert.NotEqual(0, (await cursor.NextAsync(deadline.Token)).Length);

        for (int i = 0; i < 5; i++)
        {
            Assert.Equal(0, (await cursor.NextAsync(deadline.Token)).Length);
        }

        Assert.Equal(1, feed.Reads);
        feed.Append(1);
        Assert.NotEqual(0, (await cursor.NextAsync(deadline.Token)).Length);
        Assert.Equal(2, feed.Reads);
    }

    [Fact]
    public async Task Stream_WithoutId_BeginsWithWhatComesNext()
    {
        feed.Append(5);
        var seen = new List<string>();
        using StreamReader stream = await OpenAsync("/api/v1/alerts/stream");
        await feed.NextWaitAsync(deadline.Token);

        feed.Append(1);
        await ReadAsync(stream, seen, 1);

        Assert.Equal(["6 firing 1-6"], seen);
    }

    [Fact]
    public async Task Stream_IdOlderThanTheLog_ResetsAndGoesOnFromTheOldest()
    {
        feed.Append(10);
        feed.Trim(7);
        var seen = new List<string>();
        using StreamReader stream = await OpenAsync("/api/v1/alerts/stream?lastEventId=2");

        await ReadAsync(stream, seen, 5);

        Assert.Equal(["6 reset {\"oldest\":7}", "7 firing 1-7", "8 firing 1-8", "9 firing 1-9", "10 firing 1-10"], seen);
    }

    [Fact]
    public async Task Stream_WholeLogGone_ResetsAndGoesOnWithWhatComesNext()
    {
        feed.Append(10);
        feed.Trim(11);
        var seen = new List<string>();
        using StreamReader stream = await OpenAsync("/api/v1/alerts/stream?lastEventId=2");

        await ReadAsync(stream, seen, 1);
        feed.Append(1);
        await ReadAsync(stream, seen, 1);

        Assert.Equal(["10 reset {\"oldest\":11}", "11 firing 1-11"], seen);
    }

    [Fact]
    public async Task Stream_IdThatThisNodeHasNotHeardOf_GoesOnBehindItWithoutReset()
    {
        feed.Append(10);
        feed.Unheard = 3; // another node committed and sent 8 to 10, the client comes here with 9
        var seen = new List<string>();
        using StreamReader stream = await OpenAsync("/api/v1/alerts/stream", lastEventId: "9");

        await ReadAsync(stream, seen, 1);

        Assert.Equal(["10 firing 1-10"], seen);
    }

    [Fact]
    public async Task GetAlerts_PartTaken_SaysWhatIsMissing()
    {
        feed.Missing.Add("shards 3-4: no owner");

        string whole = await client.GetStringAsync("/api/v1/alerts", deadline.Token);
        string part = await client.GetStringAsync("/api/v1/alerts?partial=true", deadline.Token);

        Assert.Equal("""{"status":"success","data":{"alerts":[]}}""", whole);
        Assert.Equal("""{"status":"success","partial":true,"data":{"alerts":[]},"warnings":["shards 3-4: no owner"]}""", part);
    }

    [Fact]
    public async Task Stream_IdTheLogNeverHad_ResetsAndGoesOnFromTheOldest()
    {
        feed.Append(2);
        var seen = new List<string>();
        using StreamReader stream = await OpenAsync("/api/v1/alerts/stream", lastEventId: "99");

        await ReadAsync(stream, seen, 3);

        Assert.Equal(["0 reset {\"oldest\":1}", "1 firing 1-1", "2 firing 1-2"], seen);
    }

    [Fact]
    public async Task Stream_BeforeTheNodeKnowsItsLog_TakesTheNewestOnlyThen()
    {
        feed.Announced = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var seen = new List<string>();
        using StreamReader stream = await OpenAsync("/api/v1/alerts/stream");
        feed.Append(5);
        feed.Announced.SetResult();
        await feed.NextWaitAsync(deadline.Token);

        feed.Append(1);
        await ReadAsync(stream, seen, 1);

        Assert.Equal(["6 firing 1-6"], seen);
    }

    [Fact]
    public async Task GetAlerts_SeriesWithALabelMetric_HasEachKeyOnce()
    {
        feed.Open.Add(Alerts.Make(LabelSet.Create("node_load1", ("host", "web-1"), ("metric", "own")), AlertStatus.Firing, "1-1"));

        JsonElement labels = (await GetAsync("/api/v1/alerts")).GetProperty("alerts")[0].GetProperty("labels");

        Assert.Equal(["own"], labels.EnumerateObject().Where(l => l.Name == "metric").Select(l => l.Value.GetString()));
    }

    [Fact]
    public async Task Stream_Silence_SendsKeepAlive()
    {
        using StreamReader stream = await OpenAsync("/api/v1/alerts/stream");
        Assert.Equal("retry: 2000", await stream.ReadLineAsync(deadline.Token));
        Assert.Equal("", await stream.ReadLineAsync(deadline.Token));

        TimeSpan due = await time.FireNextAsync(deadline.Token);

        Assert.Equal(TimeSpan.FromSeconds(15), due);
        Assert.Equal(": keep-alive", await stream.ReadLineAsync(deadline.Token));
    }

    [Fact]
    public async Task Stream_BeyondTheLimit_Is503()
    {
        using StreamReader one = await OpenAsync("/api/v1/alerts/stream");
        using StreamReader two = await OpenAsync("/api/v1/alerts/stream");
        using HttpResponseMessage third = await client.GetAsync("/api/v1/alerts/stream", deadline.Token);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, third.StatusCode);
        Assert.Contains("2 alert streams", await third.Content.ReadAsStringAsync(deadline.Token), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1-1", "{\"by\":\"eve\",\"comment\":\"mine\"}", HttpStatusCode.OK)]
    [InlineData("1-1", "", HttpStatusCode.OK)]
    [InlineData("1-2", "", HttpStatusCode.Conflict)]
    [InlineData("1-9", "", HttpStatusCode.NotFound)]
    [InlineData("1-1", "[]", HttpStatusCode.BadRequest)]
    [InlineData("1-1", "{\"by\":3}", HttpStatusCode.BadRequest)]
    [InlineData("1-1", "{\"who\":\"eve\"}", HttpStatusCode.BadRequest)]
    public async Task Acknowledge_AnswersWhatHappened(string id, string body, HttpStatusCode expected)
    {
        feed.Open.Add(Alerts.Make(Load, AlertStatus.Firing, "1-1"));
        feed.Open.Add(Alerts.Make(Load, AlertStatus.Pending, "1-2"));
        using var content = new StringContent(body);
        using HttpResponseMessage answer = await client.PostAsync($"/api/v1/alerts/{id}/ack", content, deadline.Token);

        Assert.Equal(expected, answer.StatusCode);
        Assert.Equal(expected == HttpStatusCode.OK ? (body.Length == 0 ? "operator:" : "eve:mine") : null, feed.Acknowledged);
    }

    private async Task<JsonElement> GetAsync(string path)
    {
        JsonElement body = JsonDocument.Parse(await client.GetStringAsync(path, deadline.Token)).RootElement;
        Assert.Equal("success", body.GetProperty("status").GetString());
        return body.GetProperty("data");
    }

    private async Task<StreamReader> OpenAsync(string path, string? lastEventId = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (lastEventId is not null)
        {
            request.Headers.Add("Last-Event-ID", lastEventId);
        }

        HttpResponseMessage answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, deadline.Token);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType?.MediaType);
        return new StreamReader(await answer.Content.ReadAsStreamAsync(deadline.Token));
    }

    private async Task ReadAsync(StreamReader stream, List<string> seen, int count)
    {
        string id = "", name = "", data = "";
        for (int events = 0; events < count;)
        {
            string line = await stream.ReadLineAsync(deadline.Token) ?? throw new EndOfStreamException();
            switch (line.Split(": ", 2))
            {
                case ["id", var text]: id = text; break;
                case ["event", var text]: name = text; break;
                case ["data", var text]: data = text; break;
                case [""] when name.Length > 0:
                    bool isAlert = AlertJson.TryRead(System.Text.Encoding.UTF8.GetBytes(data), out AlertRecord? alert);
                    seen.Add($"{id} {name} {(isAlert ? alert!.Id : data)}");
                    name = "";
                    events++;
                    break;
            }
        }
    }

    /// <summary>A log in memory.</summary>
    private sealed class FakeAlertFeed : IAlertFeed
    {
        private readonly object gate = new(); // guards log, oldest and news
        private readonly List<AlertRecord> log = [];
        private readonly Channel<bool> waits = Channel.CreateUnbounded<bool>();
        private TaskCompletionSource news = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private long oldest = 1;

        public List<AlertRecord> Open { get; } = [];

        /// <summary>What is missing when the asker takes part of the answer.</summary>
        public List<string> Missing { get; } = [];

        /// <summary>How many of the log's newest numbers this node has not heard of yet.</summary>
        public int Unheard { get; set; }

        public int Reads { get; private set; }

        public string? Acknowledged { get; private set; }

        public TaskCompletionSource Announced { get; set; } = Done();

        public bool IsAnnounced => Announced.Task.IsCompleted;

        public Task WaitUntilAnnouncedAsync(CancellationToken cancellationToken) => Announced.Task.WaitAsync(cancellationToken);

        public long NewestSequence
        {
            get
            {
                lock (gate)
                {
                    return log.Count - Unheard;
                }
            }
        }

        public void Append(int count)
        {
            lock (gate)
            {
                for (int i = 0; i < count; i++)
                {
                    log.Add(Alerts.Make(Load, id: $"1-{log.Count + 1}", seq: log.Count + 1));
                }

                news.SetResult();
                news = new(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }

        public void Trim(long first)
        {
            lock (gate)
            {
                oldest = first;
            }
        }

        public async Task NextWaitAsync(CancellationToken cancellationToken) => await waits.Reader.ReadAsync(cancellationToken);

        private static TaskCompletionSource Done()
        {
            var done = new TaskCompletionSource();
            done.SetResult();
            return done;
        }

        public Task<AlertLogPage> ReadLogAsync(long after, int limit, CancellationToken cancellationToken)
        {
            lock (gate)
            {
                Reads++;
                return Task.FromResult(new AlertLogPage([.. log.Where(a => a.Seq > after && a.Seq >= oldest).Take(limit)], log.Count));
            }
        }

        public Task WaitForNewAsync(long after, CancellationToken cancellationToken)
        {
            lock (gate)
            {
                waits.Writer.TryWrite(true);
                return log.Count > after ? Task.CompletedTask : news.Task.WaitAsync(cancellationToken);
            }
        }

        public Task<OpenAlerts> OpenAlertsAsync(bool takesPart, CancellationToken cancellationToken) =>
            Task.FromResult(new OpenAlerts(Open, takesPart ? Missing : []));

        public Task<AcknowledgeOutcome> AcknowledgeAsync(string id, string by, string comment, CancellationToken cancellationToken)
        {
            AlertStatus? status = Open.FirstOrDefault(a => a.Id == id)?.Status;
            Acknowledged = status == AlertStatus.Firing ? $"{by}:{comment}" : null;
            return Task.FromResult(status switch
            {
                AlertStatus.Firing => AcknowledgeOutcome.Acknowledged,
                AlertStatus.Pending => AcknowledgeOutcome.Pending,
                _ => AcknowledgeOutcome.NotOpen,
            });
        }
    }

    /// <summary>A clock whose timers fire when the test says so.</summary>
    private sealed class ManualTime : TimeProvider
    {
        private readonly Channel<(TimerCallback Callback, object? State, TimeSpan Due)> timers =
            Channel.CreateUnbounded<(TimerCallback, object?, TimeSpan)>();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = new ManualTimer(this, callback, state);
            timer.Change(dueTime, period);
            return timer;
        }

        public async Task<TimeSpan> FireNextAsync(CancellationToken cancellationToken)
        {
            (TimerCallback callback, object? state, TimeSpan due) = await timers.Reader.ReadAsync(cancellationToken);
            callback(state);
            return due;
        }

        private sealed class ManualTimer(ManualTime owner, TimerCallback callback, object? state) : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) =>
                dueTime == Timeout.InfiniteTimeSpan || owner.timers.Writer.TryWrite((callback, state, dueTime));

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }
}
