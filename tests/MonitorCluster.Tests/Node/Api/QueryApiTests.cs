using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using MonitorCluster.Node.Api;
using MonitorCluster.Query;

namespace MonitorCluster.Tests.Node.Api;

/// <summary>The routes over real HTTP on a free loopback port, with series in memory behind them.</summary>
public sealed class QueryApiTests : IAsyncLifetime, IDisposable
{
    private readonly FakeQueryService service = new();
    private WebApplication app = null!;
    private HttpClient client = null!;

    public async Task InitializeAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton<IQueryService>(service).AddSingleton<TimeProvider>(new FixedTime());
        app = builder.Build();
        QueryApi.Map(app, TimeSpan.FromMilliseconds(200));
        await app.StartAsync();
        client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
    }

    public async Task DisposeAsync() => await app.DisposeAsync();

    public void Dispose() => client.Dispose();

    [Theory]
    [InlineData("query?query=up&time=20.5", """{"resultType":"vector","result":[{"metric":{"__name__":"up","host":"h1"},"value":[20.5,"3"]},{"metric":{"__name__":"up","host":"h2"},"value":[20.5,"NaN"]}]}""")]
    [InlineData("query?query=up&time=20.5&limit=1", """{"resultType":"vector","result":[{"metric":{"__name__":"up","host":"h1"},"value":[20.5,"3"]}]},"warnings":["cut at the limit asked for"]""")]
    [InlineData("query?query=1%2F0", """{"resultType":"scalar","result":[30,"+Inf"]}""")]
    [InlineData("query?query=1e21&time=1970-01-01T00:00:10.123456789Z&nonsense=1", """{"resultType":"scalar","result":[10.123,"1000000000000000000000"]}""")]
    [InlineData("query?query=1&time=1970-01-01T02:00:10%2B02:00", """{"resultType":"scalar","result":[10,"1"]}""")]
    [InlineData("query?query=%22a%3C%C3%A9%22&time=0", """{"resultType":"string","result":[0,"a<é"]}""")]
    [InlineData("query?query=up{host%3D\"h1\"}[15s]&time=20", """{"resultType":"matrix","result":[{"metric":{"__name__":"up","host":"h1"},"values":[[10,"2"],[20,"3"]]}]}""")]
    [InlineData("query_range?query=up{host%3D\"h1\"}&start=0&end=10&step=5s", """{"resultType":"matrix","result":[{"metric":{"__name__":"up","host":"h1"},"values":[[0,"1"],[5,"1"],[10,"2"]]}]}""")]
    [InlineData("query_range?query=up{host%3D\"h1\"}&start=0&end=10&step=5&lookback_delta=2s", """{"resultType":"matrix","result":[{"metric":{"__name__":"up","host":"h1"},"values":[[0,"1"],[10,"2"]]}]}""")]
    [InlineData("query_range?query=time()&start=0&end=1&step=0.5", """{"resultType":"matrix","result":[{"metric":{},"values":[[0,"0"],[0.5,"0.5"],[1,"1"]]}]}""")]
    [InlineData("series?match[]=up&match[]={host=\"h9\"}", """[{"__name__":"up","host":"h1"},{"__name__":"up","host":"h2"}]""")]
    [InlineData("series?match[]=up&start=15&end=16", "[]")]
    [InlineData("labels", """["__name__","host"]""")]
    [InlineData("label/host/values", """["h1","h2"]""")]
    [InlineData("label/U__my_2e_label__x/values?match[]=up", """["my.label_x"]""")]
    [InlineData("label/host/values?start=-292273086-05-16T16:47:06Z&end=292277025-08-18T07:12:54.999999999Z&limit=1", """["h1"],"warnings":["cut at the limit asked for"]""")]
    [InlineData("metadata?metric=up", """{"up":[{"type":"gauge","help":"Up.","unit":""}]}""")]
    [InlineData("query_exemplars?query=up&start=0&end=1", "[]")]
    [InlineData("query?query=up{host%3D\"h9\"}&partial=true", """{"resultType":"vector","result":[]}""")]
    [InlineData("format_query?query=sum(up)by(host)", "\"sum by (host) (up)\"")]
    [InlineData("status/tsdb", """{"headStats":{"numSeries":2,"numLabelPairs":3,"chunkCount":4,"minTime":5,"maxTime":6},"seriesCountByMetricName":[{"name":"up","value":2}],"labelValueCountByLabelName":[],"memoryInBytesByLabelName":[],"seriesCountByLabelValuePair":[]}""")]
    public async Task Get_Good_AnswersInTheEnvelope(string path, string data)
    {
        HttpResponseMessage response = await client.GetAsync("/api/v1/" + path);

        Assert.Equal($$"""{"status":"success","data":{{data}}}""", await response.Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("application/json", response.Content.Headers.ContentType!.MediaType);
    }

    [Theory]
    [InlineData("query?query=rate(up)", 400, "bad_data", "invalid parameter \\\"query\\\": 1:6: parse error: rate needs a range vector, this is an instant vector")]
    [InlineData("query", 400, "bad_data", "invalid parameter \\\"query\\\": 1:1: parse error: the query is empty")]
    [InlineData("query?query=1&time=yesterday", 400, "bad_data", "invalid parameter \\\"time\\\": \\\"yesterday\\\" is no time; write seconds since 1970 or RFC 3339")]
    [InlineData("query?query=1&time=1e300", 400, "bad_data", "invalid parameter \\\"time\\\": \\\"1e300\\\" is no time")]
    [InlineData("query?query=1&time=2020-01-01T00:00:00", 400, "bad_data", "invalid parameter \\\"time\\\"")]
    [InlineData("query?query=1&limit=-1", 400, "bad_data", "invalid parameter \\\"limit\\\": \\\"-1\\\" is no whole number of 0 or more")]
    [InlineData("query?query=1&partial=perhaps", 400, "bad_data", "invalid parameter \\\"partial\\\": \\\"perhaps\\\" is not true or false")]
    [InlineData("query?query=1&timeout=soon", 400, "bad_data", "invalid parameter \\\"timeout\\\": \\\"soon\\\" is no duration; write 15 or 15s")]
    [InlineData("query?query=-{host=~\".%2B\"}&time=20", 200, null, "success")]
    [InlineData("query?query=up%2Bon()up&time=20", 422, "execution", "several series on the right have the labels {}; matching needs one")]
    [InlineData("query_range?query=up&start=0&end=1", 400, "bad_data", "invalid parameter \\\"step\\\": is missing")]
    [InlineData("query_range?query=up&start=0&end=1&step=0", 400, "bad_data", "invalid parameter \\\"step\\\": \\\"0\\\" must be longer than 0")]
    [InlineData("query_range?query=up&end=1&step=1", 400, "bad_data", "invalid parameter \\\"start\\\": is missing")]
    [InlineData("query_range?query=up&start=2&end=1&step=1", 400, "bad_data", "invalid parameter \\\"end\\\": end 1 is before start 2")]
    [InlineData("query_range?query=up&start=0&end=11001&step=1", 400, "bad_data", "\"exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)\"")]
    [InlineData("query_range?query=up[1m]&start=0&end=1&step=1", 400, "bad_data", "a range query needs a scalar or an instant vector, this is a range vector")]
    [InlineData("series", 400, "bad_data", "match[] is missing")]
    [InlineData("series?match[]=up[5m]", 400, "bad_data", "invalid parameter \\\"match[]\\\": 1:3: parse error")]
    [InlineData("series?match[]=up&start=2&end=1", 400, "bad_data", "invalid parameter \\\"end\\\": end 1 is before start 2")]
    [InlineData("label/U__x_zz_/values", 400, "bad_data", "\\\"U__x_zz_\\\" is no label name")]
    [InlineData("query?query=hangs", 503, "timeout", "the query took longer than 0.2 s")]
    [InlineData("query?query=hangs&timeout=10ms", 503, "timeout", "the query took longer than 0.01 s")]
    [InlineData("query?query=hangs&timeout=1h", 503, "timeout", "the query took longer than 0.2 s")]
    [InlineData("label/hangs/values", 503, "timeout", "the query took longer than 0.2 s")]
    [InlineData("query?query=unavailable", 503, "unavailable", "shards 3, 4 have no owner")]
    public async Task Get_Bad_NamesWhatIsWrong(string path, int status, string? errorType, string text)
    {
        HttpResponseMessage response = await client.GetAsync("/api/v1/" + path);

        string body = await response.Content.ReadAsStringAsync();
        Assert.Contains(text, body, StringComparison.Ordinal);
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(errorType is not null, body.StartsWith($$"""{"status":"error","errorType":"{{errorType}}","error":""", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Post_AllStyles_AnswerAlike()
    {
        string expected = await client.GetStringAsync("/api/v1/query?query=up&time=20");
        using var form = new FormUrlEncodedContent([new("query", "up"), new("time", "20")]);
        using var mixed = new FormUrlEncodedContent([new("query", "up")]);
        using var emptyJson = new StringContent("", Encoding.UTF8, "application/json");

        foreach (HttpResponseMessage response in (HttpResponseMessage[])
        [
            await client.PostAsync("/api/v1/query", form),
            await client.PostAsync("/api/v1/query?time=20&query=down", mixed),
            await client.PostAsync("/api/v1/query?query=up&time=20", emptyJson),
            await client.PostAsync("/api/v1/query?query=up&time=20", null),
        ])
        {
            Assert.Equal(expected, await response.Content.ReadAsStringAsync());
        }
    }

    [Theory]
    [InlineData("HEAD")]
    [InlineData("PUT")]
    public async Task OtherMethod_Is405WithAllow(string method)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), "/api/v1/query?query=1");

        HttpResponseMessage response = await client.SendAsync(request);

        Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
        Assert.Equal(["GET", "POST"], response.Content.Headers.Allow.Order());
    }

    [Fact]
    public async Task Post_HugeForm_IsRefused()
    {
        using var form = new StringContent("query=" + new string('1', 2 << 20), Encoding.UTF8, "application/x-www-form-urlencoded");

        HttpResponseMessage response = await client.PostAsync("/api/v1/query", form);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("the form cannot be read: ", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("series", 64, HttpStatusCode.OK)]
    [InlineData("series", 65, HttpStatusCode.BadRequest)]
    [InlineData("labels", 65, HttpStatusCode.BadRequest)]
    public async Task Get_ManySelectors_AreBounded(string path, int selectors, HttpStatusCode expected)
    {
        string query = string.Join('&', Enumerable.Repeat("match[]=up", selectors));

        HttpResponseMessage response = await client.GetAsync($"/api/v1/{path}?{query}");

        Assert.Equal(expected, response.StatusCode);
    }

    [Fact]
    public async Task Post_MultipartForm_IsRefused()
    {
        using var form = new StringContent("--x\r\nContent-Disposition: form-data; name=\"query\"\r\n\r\nup");
        form.Headers.ContentType = System.Net.Http.Headers.MediaTypeHeaderValue.Parse("multipart/form-data; boundary=x");

        HttpResponseMessage response = await client.PostAsync("/api/v1/query", form);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("only application/x-www-form-urlencoded", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_LargeAnswer_IsWhole()
    {
        string body = await client.GetStringAsync("/api/v1/query_range?query=time()&start=0&end=11000&step=1");

        using var json = System.Text.Json.JsonDocument.Parse(body);
        Assert.Equal(11_001, json.RootElement.GetProperty("data").GetProperty("result")[0].GetProperty("values").GetArrayLength());
    }

    [Fact]
    public async Task Get_PartTaken_SaysWhatIsMissing() => Assert.Equal(
        """{"status":"success","partial":true,"data":{"resultType":"scalar","result":[0,"0.1"]},"warnings":["shards 3-4: no owner"]}""",
        await client.GetStringAsync("/api/v1/query?query=part&partial=true&timeout=100ms"));

    [Fact]
    public async Task BuildInfo_NamesTheApplication()
    {
        string body = await client.GetStringAsync("/api/v1/status/buildinfo");

        Assert.Contains("\"application\":\"MonitorCluster\"", body, StringComparison.Ordinal);
    }

    private sealed class FixedTime : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeSeconds(30);
    }
}
