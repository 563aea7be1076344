using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace MonitorCluster.EndToEndTests.Proofs;

/// <summary>Requests that are wrong: the status and the text say what, where and which limit; nothing that was right is lost for it.</summary>
[Collection(Proof.Alone)]
public sealed class BadRequestTests(RunningNode node) : IClassFixture<RunningNode>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly NodeClient _client = node.Client;
    private readonly long _nowMs = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();

    [Theory]
    [InlineData("/api/v1/query?query=sum((", 400, "1:6: parse error")]
    [InlineData("/api/v1/query?query=up%20%2B%2B", 400, "parse error")]
    [InlineData("/api/v1/query", 400, "query")]
    [InlineData("/api/v1/query?query=up&time=noon", 400, "invalid parameter \"time\": \"noon\" is no time")]
    [InlineData("/api/v1/query_range?query=up&start=10&end=5&step=1", 400, "invalid parameter \"end\": end 5 is before start 10")]
    [InlineData("/api/v1/query_range?query=up&start=0&end=100000&step=1", 400, "exceeded maximum resolution of 11,000 points")]
    [InlineData("/api/v1/query_range?query=up&start=0&end=10&step=0", 400, "step")]
    [InlineData("/api/v1/series", 400, "match[]")]
    [InlineData("/api/v1/alerts/log?after=yesterday", 400, "after")]
    [InlineData("/api/v1/alerts/stream?after=-1", 400, "after")]
    [InlineData("/api/v1/anomalies?match[]=sum((", 400, "parse error")]
    [InlineData("/api/v1/incidents?status=closed", 400, "\"closed\" is not one of open, resolved, all")]
    [InlineData("/api/v1/incidents?limit=0", 400, "limit")]
    [InlineData("/api/v1/stream?topics=weather", 400, "\"weather\" is not one of alerts, cluster, metrics")]
    [InlineData("/api/v1/stream?match[]=sum((", 400, "parse error")]
    public async Task BadQuestion_IsAnsweredWithWhatAndWhere(string path, int status, string reason)
    {
        using HttpResponseMessage answer = await _client.Http.GetAsync(new Uri(path, UriKind.Relative));

        string text = await answer.Content.ReadAsStringAsync();
        Assert.Equal(status, (int)answer.StatusCode);
        using JsonDocument json = JsonDocument.Parse(text);
        Assert.Equal(("error", "bad_data"), (json.RootElement.GetProperty("status").GetString(), json.RootElement.GetProperty("errorType").GetString()));
        Assert.Contains(reason, json.RootElement.GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task UploadCutShort_IsTheClientsMatterAndNoErrorOfTheNode(bool isReset)
    {
        byte[] begun = Encoding.ASCII.GetBytes("POST /api/v1/write HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100000\r\n\r\nbegun");
        for (int i = 0; i < 20; i++)
        {
            using var upload = new TcpClient { LingerState = new LingerOption(isReset, 0) };
            await upload.ConnectAsync(IPAddress.Loopback, _client.Http.BaseAddress!.Port);
            await upload.GetStream().WriteAsync(begun);
            using HttpResponseMessage other = await _client.Http.GetAsync(new Uri("/healthz", UriKind.Relative)); // it has seen the first bytes by then
            Assert.Equal(HttpStatusCode.OK, other.StatusCode);
        }

        for (int i = 0; i < 20; i++)
        {
            using HttpResponseMessage after = await _client.Http.GetAsync(new Uri("/metrics", UriKind.Relative));
            Assert.Equal(HttpStatusCode.OK, after.StatusCode);
        }

        Assert.DoesNotContain("fail:", node.Log, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET", "/api/v1/nothing")]
    [InlineData("POST", "/nothing/at/all")]
    [InlineData("GET", "/api/v1/rules/test/test")]
    public async Task UnknownRoute_IsNotFoundInText(string method, string path)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using HttpResponseMessage answer = await _client.Http.SendAsync(request);

        Assert.Equal((HttpStatusCode.NotFound, "404 page not found\n"), (answer.StatusCode, await answer.Content.ReadAsStringAsync()));
        Assert.Equal("text/plain", answer.Content.Headers.ContentType!.MediaType);
    }

    [Theory]
    [InlineData("HEAD", "/api/v1/query", 405, "GET, POST")]
    [InlineData("DELETE", "/api/v1/query", 405, "GET, POST")]
    [InlineData("GET", "/api/v1/write", 405, "POST")]
    [InlineData("GET", "/api/v1/admin/flush", 405, "POST")]
    [InlineData("OPTIONS", "/api/v1/query", 204, "GET, POST")]
    [InlineData("HEAD", "/healthz", 200, null)]
    [InlineData("HEAD", "/-/ready", 200, null)]
    public async Task OtherMethod_OnAKnownRoute_SaysWhichAreAllowed(string method, string path, int status, string? allow)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using HttpResponseMessage answer = await _client.Http.SendAsync(request);

        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Equal(allow, answer.Content.Headers.Allow.Count == 0 ? null : string.Join(", ", answer.Content.Headers.Allow));
    }

    [Theory]
    [InlineData("Origin", "http://evil.example")]
    [InlineData("Host", "evil.example")]
    public async Task ChangingRequest_FromElsewhere_IsForbidden(string header, string value)
    {
        foreach (string path in (string[])["/api/v1/admin/flush", "/api/v1/write", "/api/v1/alerts/0-1/ack", "/api/v1/mutes"])
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent("") };
            request.Headers.TryAddWithoutValidation(header, value);
            using HttpResponseMessage answer = await _client.Http.SendAsync(request);

            Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
            Assert.Contains("evil.example", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("{\"by\":", 400)]
    [InlineData("[1]", 400)]
    [InlineData("{\"by\":7}", 400)]
    [InlineData("{\"who\":\"me\"}", 400)]
    [InlineData("{\"by\":\"me\"}", 404)]
    public async Task Acknowledge_BadBodyOrNoSuchAlert_IsSaid(string body, int status)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using HttpResponseMessage answer = await _client.Http.PostAsync(new Uri("/api/v1/alerts/0-999/ack", UriKind.Relative), content);

        Assert.Equal(status, (int)answer.StatusCode);
        using JsonDocument json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        Assert.Equal(status == 404 ? "not_found" : "bad_data", json.RootElement.GetProperty("errorType").GetString());
    }

    [Theory]
    [InlineData("application/json", "snappy")]
    [InlineData("application/x-protobuf;proto=io.prometheus.write.v2.Request", "snappy")]
    [InlineData("application/x-protobuf", "gzip")]
    public async Task Write_WrongForm_IsUnsupported(string type, string encoding)
    {
        using ByteArrayContent content = WriteRequest.Content(new WriteRequest().ToArray(), type, encoding);

        (int status, string text) = await _client.WriteAsync(content);

        Assert.Equal(415, status);
        Assert.Contains(encoding == "snappy" ? type.Split(';')[^1] : encoding, text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Write_SevenBytesThatClaimAGibibyte_IsRefusedBeforeAnythingIsAllocated()
    {
        byte[] bomb = [0x80, 0x80, 0x80, 0x80, 0x04, 0x00, 0x41];
        double residentBefore = await _client.MetricAsync("monitorcluster_process_resident_bytes");
        var times = new List<TimeSpan>();
        for (int i = 0; i < 10; i++)
        {
            long start = Stopwatch.GetTimestamp();
            using ByteArrayContent content = WriteRequest.Content(bomb);
            (int status, string text) = await _client.WriteAsync(content);
            times.Add(Stopwatch.GetElapsedTime(start));
            Assert.Equal((400, "snappy: corrupt input"), (status, text));
        }

        // The best of ten: the limit is for the program, not for what else the machine does.
        Assert.InRange(times.Min().TotalMilliseconds, 0, 100);
        Assert.InRange(await _client.MetricAsync("monitorcluster_process_resident_bytes") - residentBefore, double.MinValue, 40 << 20);
    }

    [Fact]
    public async Task Write_TruncatedMessageOrNoSnappy_IsRefusedWithThePlace()
    {
        byte[] message = new WriteRequest().Series([("__name__", "truncated"), ("host", "bad")], (_nowMs, 1)).ToArray();
        using ByteArrayContent truncated = WriteRequest.Content(IronSnappy.Snappy.Encode(message.AsSpan(0, message.Length - 3)));
        using ByteArrayContent garbage = WriteRequest.Content([0x05, 0xff, 0xff, 0xff]);

        (int status, string text) = await _client.WriteAsync(truncated);
        (int garbageStatus, string garbageText) = await _client.WriteAsync(garbage);

        Assert.Equal(400, status);
        Assert.Matches(@"^protobuf: \w+ at byte \d+ of \d+", text);
        Assert.Equal((400, "snappy: corrupt input"), (garbageStatus, garbageText));
    }

    [Fact]
    public async Task Write_RepeatedLabelName_IsRefusedAndTheGoodSamplesAreKept()
    {
        using ByteArrayContent content = new WriteRequest()
            .Series([("__name__", "good_before"), ("host", "partial")], (_nowMs, 1))
            .Series([("__name__", "repeated"), ("a", "1"), ("a", "2"), ("host", "partial")], (_nowMs, 2))
            .Series([("__name__", "good_after"), ("host", "partial")], (_nowMs, 3))
            .ToContent();

        (int status, string text) = await _client.WriteAsync(content);

        Assert.Equal(400, status);
        Assert.StartsWith("2 samples stored, 1 refused:\n1 ", text, StringComparison.Ordinal);
        Assert.Contains("repeated", text, StringComparison.Ordinal);
        await _client.WaitForAsync("{host=\"partial\"}", r => r.GetArrayLength() == 2, Patience);
    }

    [Fact]
    public async Task Write_SampleTenYearsAhead_IsRefusedAndMovesNobodysHead()
    {
        long far = _nowMs + (10L * 365 * 86_400_000);
        using ByteArrayContent early = new WriteRequest().Series([("__name__", "clock"), ("host", "future")], (far, 1), (long.MaxValue, 2)).ToContent();
        using ByteArrayContent normal = new WriteRequest().Series([("__name__", "clock"), ("host", "future")], (_nowMs, 3)).ToContent();

        (int status, string text) = await _client.WriteAsync(early);

        Assert.Equal(400, status);
        Assert.Contains("2 samples too far in the future", text, StringComparison.Ordinal);
        Assert.Equal((204, ""), await _client.WriteAsync(normal));
        JsonElement stored = await _client.WaitForAsync("clock{host=\"future\"}", r => r.GetArrayLength() == 1, Patience);
        Assert.Equal("3", stored[0].GetProperty("value")[1].GetString());
        Assert.True(await _client.MetricAsync("monitorcluster_ingest_rejected_total{reason=\"samples_too_far_in_the_future\"}") >= 2);
    }

    [Fact]
    public async Task Write_HostsNeverSeenBefore_DisturbNoQueryAndNoReadiness()
    {
        for (int i = 0; i < 20; i++)
        {
            using ByteArrayContent content = new WriteRequest().Series([("__name__", "newcomer"), ("host", $"newcomer-{i}")], (_nowMs, i)).ToContent();
            Assert.Equal((204, ""), await _client.WriteAsync(content));
            using HttpResponseMessage ready = await _client.Http.GetAsync(new Uri("/readyz", UriKind.Relative));
            using JsonDocument answer = await _client.QueryAsync("newcomer");
            Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
        }

        await _client.WaitForAsync("newcomer", r => r.GetArrayLength() == 20, Patience);
    }

    [Fact]
    public async Task Write_SampleOlderThanRetention_IsRefusedWithTheLimit()
    {
        using ByteArrayContent old = new WriteRequest()
            .Series([("__name__", "old"), ("host", "past")], (_nowMs - (31L * 86_400_000), 1), (long.MinValue, 2)).ToContent();

        (int status, string text) = await _client.WriteAsync(old);

        Assert.Equal(400, status);
        Assert.Contains("2 samples older than retention", text, StringComparison.Ordinal);
        Assert.Contains("the oldest kept is", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Write_SameSampleAgainThenAnotherValue_IsNoErrorAndTheFirstStays()
    {
        foreach (double value in (double[])[1.5, 1.5, 99])
        {
            using ByteArrayContent content = new WriteRequest().Series([("__name__", "again"), ("host", "twice")], (_nowMs, value)).ToContent();
            content.Headers.Add("X-MC-Wait", "durable");
            Assert.Equal((204, ""), await _client.WriteAsync(content));
        }

        JsonElement stored = await _client.WaitForAsync("again{host=\"twice\"}[1m]", r => r.GetArrayLength() == 1, Patience);
        Assert.Equal("1.5", Assert.Single(stored[0].GetProperty("values").EnumerateArray())[1].GetString());
        Assert.Equal(1, await _client.MetricAsync("monitorcluster_ingest_behind_total{kind=\"duplicate\"}"));
        Assert.Equal(1, await _client.MetricAsync("monitorcluster_ingest_behind_total{kind=\"conflict\"}"));
    }

    [Fact]
    public async Task Write_EmptyBodyOrMetadataAlone_IsNoContent()
    {
        using ByteArrayContent empty = WriteRequest.Content([]);
        using ByteArrayContent metadata = new WriteRequest().Metadata(1, "described_total", "What it counts.").ToContent();
        using ByteArrayContent nothing = new WriteRequest().ToContent();

        Assert.Equal((204, ""), await _client.WriteAsync(empty));
        Assert.Equal((204, ""), await _client.WriteAsync(metadata));
        Assert.Equal((204, ""), await _client.WriteAsync(nothing));
        using JsonDocument families = await _client.GetAsync("/api/v1/metadata?metric=described_total");
        JsonElement family = families.RootElement.GetProperty("data").GetProperty("described_total")[0];
        Assert.Equal(("counter", "What it counts."), (family.GetProperty("type").GetString(), family.GetProperty("help").GetString()));
    }

    [Fact]
    public async Task Write_BodyOverTheLimit_IsTooLargeWithTheLimit()
    {
        using ByteArrayContent content = WriteRequest.Content(new byte[(32 << 20) + 1]);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/write") { Content = content };
        request.Headers.ExpectContinue = true; // so that the refusal comes before the body
        using HttpResponseMessage answer = await _client.Http.SendAsync(request);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
        Assert.Contains("33554432", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Query_ThreeStylesOfParameters_AnswerAlike()
    {
        using var form = new FormUrlEncodedContent([KeyValuePair.Create("query", "vector(3)"), KeyValuePair.Create("time", "5")]);
        using var json = new StringContent("", null as Encoding, MediaTypeHeaderValue.Parse("application/json"));

        string got = await _client.Http.GetStringAsync(new Uri("/api/v1/query?query=vector(3)&time=5", UriKind.Relative));
        using HttpResponseMessage byForm = await _client.Http.PostAsync(new Uri("/api/v1/query", UriKind.Relative), form);
        using HttpResponseMessage byUrl = await _client.Http.PostAsync(new Uri("/api/v1/query?query=vector(3)&time=5", UriKind.Relative), json);

        Assert.Contains("[5,\"3\"]", got, StringComparison.Ordinal);
        Assert.Equal((got, got), (await byForm.Content.ReadAsStringAsync(), await byUrl.Content.ReadAsStringAsync()));
    }
}
