using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using MonitorCluster.Alert;
using MonitorCluster.Node;
using MonitorCluster.Node.Api;

namespace MonitorCluster.Tests.Node.Api;

#pragma warning disable CA1001 // xunit disposes through IAsyncLifetime
public sealed class AnomalyApiTests : IAsyncLifetime
#pragma warning restore CA1001
{
    private const long NowMs = 1_700_000_000_000;

    private readonly FakeAnomalyFeed feed = new();
    private readonly CancellationTokenSource deadline = new(TimeSpan.FromSeconds(30));
    private WebApplication app = null!;
    private HttpClient client = null!;

    public async Task InitializeAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        app = builder.Build();
        new AnomalyApi(feed, new FeedbackDesk(feed, new FixedTime(), new Random(1))).Map(app);
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
    public async Task Anomalies_HaveEveryFieldInItsOrder()
    {
        feed.Verdicts.Add(FakeAnomalyFeed.Unusual());
        feed.Verdicts.Add(FakeAnomalyFeed.Learning());

        string[] all = (await GetAsync("/api/v1/anomalies")).Split("},{\"metric\"");

        Assert.Equal(
            """
            {"status":"success","data":[{"metric":"node_load1","labels":{"host":"web-1"},"host":"web-1","phase":"unusual","steps":900,"stepSeconds":5,
            "learningSecondsLeft":null,"youngSecondsLeft":30,"since":"2023-11-14T22:13:20.000Z","value":8.5,"expected":1,"band":[0.5,1.5],"score":7.25,
            "signalAt":4,"warningAt":6,"offset":0.5,"channel":"jump","muted":true,"incident":"1-1","reason":"load on web-1 is 8.5, expected 0.5 to 1.5"
            """.ReplaceLineEndings(""),
            all[0]);
        Assert.Equal(
            """
            :"node_load1","labels":{"host":"web-1"},"host":"web-1","phase":"learning","steps":3,"stepSeconds":5,
            "learningSecondsLeft":180,"youngSecondsLeft":null,"since":null,"value":null,"expected":null,"band":null,"score":0,
            "signalAt":4,"warningAt":6,"offset":0,"channel":"","muted":false,"incident":null,"reason":"too young"}]}
            """.ReplaceLineEndings(""),
            all[1]);
        Assert.Equal(" all=False max=1000", feed.Asked);
    }

    [Fact]
    public async Task Anomalies_Parameters_ReachTheFeedAndWhatIsMissingIsSaid()
    {
        feed.Verdicts.AddRange([FakeAnomalyFeed.Unusual(), FakeAnomalyFeed.Learning()]);
        feed.Missing.Add("shards 3-4: no owner");

        string answer = await GetAsync("/api/v1/anomalies?match[]=up&match[]={host=%22a%22}&all=true&limit=1&partial=true");

        Assert.Equal("__name__=\"up\";host=\"a\" all=True max=1", feed.Asked);
        Assert.StartsWith("""{"status":"success","partial":true,"data":[{"metric":""", answer, StringComparison.Ordinal);
        Assert.EndsWith("""],"warnings":["shards 3-4: no owner","cut at the limit asked for"]}""", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/api/v1/anomalies?limit=0", "invalid parameter \"limit\": \"0\" is not one whole number from 1 to 10000")]
    [InlineData("/api/v1/anomalies?match[]=up{", "invalid parameter \"match[]\": 1:4")]
    [InlineData("/api/v1/anomalies?all=perhaps", "invalid parameter \"all\": \"perhaps\" is not true or false")]
    [InlineData("/api/v1/incidents?status=closed", "invalid parameter \"status\": \"closed\" is not one of open, resolved, all")]
    [InlineData("/api/v1/incidents?limit=1001", "invalid parameter \"limit\": \"1001\" is not one whole number from 1 to 1000")]
    [InlineData("/api/v1/incidents?before=0", "invalid parameter \"before\": \"0\"")]
    public async Task Get_BadParameter_Is400ThatNamesIt(string path, string reason)
    {
        using HttpResponseMessage answer = await client.GetAsync(path, deadline.Token);

        Assert.Equal((HttpStatusCode.BadRequest, "bad_data"), (answer.StatusCode, (await ErrorAsync(answer)).Type));
        Assert.StartsWith(reason, (await ErrorAsync(answer)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Incidents_AreAlertJsonWithMembers()
    {
        feed.Incidents.Add(FakeAnomalyFeed.Incident());

        using JsonDocument answer = JsonDocument.Parse(await GetAsync("/api/v1/incidents?status=open&limit=7&before=9"));

        Assert.Equal("Open before=9 limit=7", feed.Asked);
        JsonElement incident = answer.RootElement.GetProperty("data")[0];
        Assert.Equal(("1-1", "incident"), (incident.GetProperty("id").GetString(), incident.GetProperty("kind").GetString()));
        Assert.Equal("node_load1", incident.GetProperty("members")[0].GetProperty("metric").GetString());
    }

    [Fact]
    public async Task Incident_HasItsTimelineWithoutTheMembersAgain()
    {
        feed.Incidents.Add(FakeAnomalyFeed.Incident());
        feed.Timeline.AddRange([FakeAnomalyFeed.Incident(seq: 4), FakeAnomalyFeed.Incident()]);

        using JsonDocument answer = JsonDocument.Parse(await GetAsync("/api/v1/incidents/1-1"));
        using HttpResponseMessage unknown = await client.GetAsync("/api/v1/incidents/1-9", deadline.Token);

        JsonElement incident = answer.RootElement.GetProperty("data");
        Assert.Equal(1, incident.GetProperty("members").GetArrayLength());
        Assert.Equal([4, 5], incident.GetProperty("timeline").EnumerateArray().Select(a => a.GetProperty("seq").GetInt32()));
        JsonElement first = incident.GetProperty("timeline")[0];
        Assert.Equal((2, 0), (first.GetProperty("memberCount").GetInt32(), first.GetProperty("members").GetArrayLength()));
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
        Assert.Equal("no incident with id \"1-9\" is open or in the alert log", (await ErrorAsync(unknown)).Text);
    }

    [Theory]
    [InlineData("/api/v1/incidents/1-1/feedback", """{"verdict":"expected","by":"ann","comment":"backup"}""", FeedbackKind.Expected)]
    [InlineData("/api/v1/incidents/1-1/feedback", """{"verdict":"real"}""", FeedbackKind.Real)]
    [InlineData("/api/v1/anomalies/feedback", """{"verdict":"accept","selector":"up"}""", FeedbackKind.Accept)]
    [InlineData("/api/v1/anomalies/feedback", """{"verdict":"offset","selector":"up","offset":0.5}""", FeedbackKind.Offset)]
    public async Task Feedback_IsPassedOnWithANameOfItsOwn(string path, string body, FeedbackKind kind)
    {
        (HttpStatusCode status, string answer) = await PostAsync(path, body);

        FeedbackCommand given = feed.Given!;
        Assert.Equal((HttpStatusCode.OK, kind, NowMs), (status, given.Kind, given.AtMs));
        Assert.Equal($$$"""{"status":"success","data":{"id":"{{{given.Id}}}","verdict":"{{{kind.ToString().ToLowerInvariant()}}}","series":3}}""", answer);
        Assert.Equal(path.Contains("1-1", StringComparison.Ordinal) ? ("1-1", "") : ("", "up"), (given.Target, given.Selector));
        Assert.Equal(kind == FeedbackKind.Expected ? ("ann", "backup") : ("operator", ""), (given.By, given.Comment));
        Assert.Equal(kind == FeedbackKind.Offset ? 0.5 : 0, given.Offset);
        Assert.Equal(12, given.Id.Length);
    }

    [Theory]
    [InlineData("/api/v1/incidents/1-1/feedback", "", "\"verdict\": is missing; one of expected, real, accept")]
    [InlineData("/api/v1/incidents/1-1/feedback", """{"verdict":"offset"}""", "\"verdict\": \"offset\" is not one of expected, real, accept")]
    [InlineData("/api/v1/incidents/1-1/feedback", """{"verdict":"real","selector":"up"}""", "unknown field \"selector\"; known are verdict, by, comment")]
    [InlineData("/api/v1/incidents/1-1/feedback", """{"verdict":7}""", "\"verdict\": 7 is no text")]
    [InlineData("/api/v1/incidents/1-1/feedback", """{"verdict":"\ud800"}""", "is no text")]
    [InlineData("/api/v1/incidents/1-1/feedback", "[1]", "the body is no JSON object")]
    [InlineData("/api/v1/anomalies/feedback", """{"verdict":"real"}""", "\"selector\": is missing")]
    [InlineData("/api/v1/anomalies/feedback", """{"verdict":"real","selector":"up","offset":1}""", "goes with the verdict offset only, not with real")]
    [InlineData("/api/v1/anomalies/feedback", """{"verdict":"offset","selector":"up"}""", "\"offset\": is missing")]
    [InlineData("/api/v1/anomalies/feedback", """{"verdict":"offset","selector":"up","offset":2.5}""", "\"offset\": 2.5 is not from 0 to 2 decades")]
    [InlineData("/api/v1/anomalies/feedback", """{"verdict":"offset","selector":"up","offset":"1"}""", "\"offset\": \"1\" is no number")]
    [InlineData("/api/v1/mutes", """{"selector":"up"}""", "\"for\": say either for")]
    [InlineData("/api/v1/mutes", """{"selector":"up","for":"1h","until":"2023-11-15T00:00:00Z"}""", "\"for\": say either for")]
    [InlineData("/api/v1/mutes", """{"selector":"up","for":"soon"}""", "\"for\": \"soon\"")]
    [InlineData("/api/v1/mutes", """{"selector":"up","for":"31d"}""", "\"for\": 31.00:00:00 is not over 0 and up to 30 d")]
    [InlineData("/api/v1/mutes", """{"selector":"up","for":"0s"}""", "\"for\": 00:00:00 is not over 0")]
    [InlineData("/api/v1/mutes", """{"selector":"up","until":"noon"}""", "\"until\": \"noon\" is no time of RFC 3339")]
    [InlineData("/api/v1/mutes", """{"selector":"up","until":"2023-11-14T22:13:20Z"}""", "\"until\": the time is 0 s from now")]
    [InlineData("/api/v1/mutes", """{"selector":"up","until":"2024-11-14T22:13:20Z"}""", "not within the next 30 d")]
    [InlineData("/api/v1/mutes", """{"selector":"","for":"1h"}""", "\"selector\": it is empty")]
    [InlineData("/api/v1/mutes", """{"selector":"up{","for":"1h"}""", "\"selector\": 1:4")]
    [InlineData("/api/v1/mutes", """{"selector":"{}","for":"1h"}""", "\"selector\": ")]
    [InlineData("/api/v1/mutes", """{"selector":"{__name__=~\".+\"}","for":"1h"}""", "does not say which series")]
    [InlineData("/api/v1/mutes", """{"selector":"{host!=\"a\",job!=\"\"}","for":"1h"}""", "does not say which series")]
    public async Task Post_BadBody_Is400ThatSaysWhatAndWhere(string path, string body, string reason)
    {
        (HttpStatusCode status, string answer) = await PostAsync(path, body);

        Assert.Equal(HttpStatusCode.BadRequest, status);
        using JsonDocument json = JsonDocument.Parse(answer);
        Assert.Contains(reason, json.RootElement.GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Null(feed.Given);
    }

    [Fact]
    public async Task Post_TooMuch_NamesTheLimit()
    {
        string comment = new('x', FeedbackCommand.TextMax + 1);

        (_, string longComment) = await PostAsync("/api/v1/mutes", $$"""{"selector":"up","for":"1h","comment":"{{comment}}"}""");
        (_, string longBody) = await PostAsync("/api/v1/mutes", new string(' ', 16_385));

        Assert.Contains("\\\"comment\\\": 1001 characters, the limit is 1000", longComment, StringComparison.Ordinal);
        Assert.Contains("over its limit of 16384 bytes", longBody, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"for\":\"2h\"", 7_200_000)]
    [InlineData("\"until\":\"2023-11-14T22:14:20Z\"", 60_000)]
    public async Task Mute_ForOrUntil_AnswersTheMute(string when, long spanMs)
    {
        (HttpStatusCode status, string answer) = await PostAsync(
            "/api/v1/mutes", $$"""{"selector":"up{host=\"a\"}",{{when}},"by":"ann","comment":"disk swap"}""");

        FeedbackCommand given = feed.Given!;
        Assert.Equal((HttpStatusCode.OK, FeedbackKind.Mute, NowMs + spanMs), (status, given.Kind, given.UntilMs));
        Assert.Equal(
            $$$"""
            {"status":"success","data":{"id":"{{{given.Id}}}","selector":"up{host=\"a\"}","until":"{{{AlertJson.Time(given.UntilMs)}}}",
            "by":"ann","comment":"disk swap","setAt":"2023-11-14T22:13:20.000Z","series":3}}
            """.ReplaceLineEndings(""),
            answer);
    }

    [Fact]
    public async Task Mutes_AreListedAndEnded()
    {
        feed.Mutes.Add(new Mute("m1", "up", NowMs + 1_000, "ann", "why", NowMs));

        string list = await GetAsync("/api/v1/mutes");
        using HttpResponseMessage ended = await client.DeleteAsync("/api/v1/mutes/m1", deadline.Token);
        string answer = await ended.Content.ReadAsStringAsync(deadline.Token);
        feed.Result = new FeedbackResult(false, 0, []);
        using HttpResponseMessage unknown = await client.DeleteAsync("/api/v1/mutes/m2", deadline.Token);

        Assert.Equal(
            """
            {"status":"success","data":[{"id":"m1","selector":"up","until":"2023-11-14T22:13:21.000Z","by":"ann","comment":"why",
            "setAt":"2023-11-14T22:13:20.000Z"}]}
            """.ReplaceLineEndings(""),
            list);
        Assert.Equal("""{"status":"success","data":{"id":"m1","verdict":"unmute","series":3}}""", answer);
        Assert.Equal((HttpStatusCode.NotFound, "no mute with id \"m2\" lasts"), (unknown.StatusCode, (await ErrorAsync(unknown)).Text));
    }

    [Theory]
    [InlineData("/api/v1/incidents/1-9/feedback", """{"verdict":"real"}""", "no incident or anomaly with id \"1-9\" is open")]
    [InlineData("/api/v1/anomalies/feedback", """{"verdict":"real","selector":"up"}""", "no series matches \"up\"")]
    [InlineData("/api/v1/mutes", """{"selector":"up","for":"1h"}""", "nothing was ever measured where \"up\" could be")]
    public async Task Feedback_ToNothing_Is404(string path, string body, string reason)
    {
        feed.Result = new FeedbackResult(false, 0, []);

        (HttpStatusCode status, string answer) = await PostAsync(path, body);

        Assert.Equal((HttpStatusCode.NotFound, reason), (status, JsonDocument.Parse(answer).RootElement.GetProperty("error").GetString()));
    }

    [Fact]
    public async Task Feedback_ThatSomeShardsDidNotHear_SaysWhich()
    {
        feed.Result = new FeedbackResult(true, 1, ["shards 4: no owner"]);

        (_, string answer) = await PostAsync("/api/v1/anomalies/feedback", """{"verdict":"real","selector":"up"}""");

        Assert.StartsWith("""{"status":"success","partial":true,"data":""", answer, StringComparison.Ordinal);
        Assert.EndsWith(""","warnings":["shards 4: no owner"]}""", answer, StringComparison.Ordinal);
    }

    private Task<string> GetAsync(string path) => client.GetStringAsync(path, deadline.Token);

    // As curl -d sends it: nobody sets the type of a body by hand.
    private async Task<(HttpStatusCode Status, string Answer)> PostAsync(string path, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/x-www-form-urlencoded");
        using HttpResponseMessage answer = await client.PostAsync(path, content, deadline.Token);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(deadline.Token));
    }

    private async Task<(string Type, string Text)> ErrorAsync(HttpResponseMessage answer)
    {
        using JsonDocument body = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(deadline.Token));
        return (body.RootElement.GetProperty("errorType").GetString()!, body.RootElement.GetProperty("error").GetString()!);
    }

    private sealed class FixedTime : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeMilliseconds(NowMs);
    }
}
