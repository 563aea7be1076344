using System.Net;
using System.Net.Http.Headers;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using MonitorCluster.Node;

namespace MonitorCluster.Tests.Node;

/// <summary>The page's files as a browser gets them, through a real Kestrel on loopback.</summary>
public sealed partial class WebUiTests : IAsyncLifetime, IDisposable
{
    private readonly WebApplication _app = Build();
    private readonly HttpClient _client = new();

    public async Task InitializeAsync()
    {
        await _app.StartAsync();
        _client.BaseAddress = new Uri(_app.Urls.First());
    }

    public async Task DisposeAsync()
    {
        await _app.DisposeAsync();
    }

    public void Dispose()
    {
        _client.Dispose();
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/alerts")]
    [InlineData("/explore?q=up")]
    [InlineData("/incidents?id=1-1")]
    [InlineData("/anomalies")]
    [InlineData("/cluster")]
    [InlineData("/optimiser")]
    public async Task Page_KnownAddress_IsTheSameHtmlUnderAStrictPolicy(string address)
    {
        using HttpResponseMessage answer = await _client.GetAsync(address);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("text/html", answer.Content.Headers.ContentType?.MediaType);
        Assert.Equal("no-cache", answer.Headers.CacheControl?.ToString());
        Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.Equal("no-referrer", answer.Headers.GetValues("Referrer-Policy").Single());
        string policy = answer.Headers.GetValues("Content-Security-Policy").Single();
        Assert.StartsWith("default-src 'self';", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("http", policy, StringComparison.Ordinal);
        Assert.Contains("require-trusted-types-for 'script'", policy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/nowhere")]
    [InlineData("/alerts/nowhere")]
    [InlineData("/assets/index.html")]
    [InlineData("/assets/..%2fappsettings.json")]
    [InlineData("/assets/app.js")]
    public async Task Page_UnknownAddress_Is404(string address)
    {
        using HttpResponseMessage answer = await _client.GetAsync(address);

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task Html_NamesOnlyOwnFiles_AndEachIsServedForEver()
    {
        string html = await _client.GetStringAsync("/");
        string[] files = [.. Reference().Matches(html).Select(match => match.Groups["to"].Value)];

        Assert.Equal(4, files.Length);
        Assert.DoesNotContain("<style", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotMatch("<script(?! src=)", html);
        foreach (string file in files)
        {
            Assert.StartsWith("/assets/", file, StringComparison.Ordinal);
            using HttpResponseMessage answer = await _client.GetAsync(file);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Equal("public, max-age=31536000, immutable", answer.Headers.CacheControl?.ToString());
        }
    }

    [Theory]
    [InlineData("br, gzip", "br")]
    [InlineData("gzip, deflate", "gzip")]
    [InlineData("br;q=0, gzip", "gzip")]
    [InlineData("identity", null)]
    public async Task Asset_AcceptEncoding_ChoosesTheForm(string accepted, string? expected)
    {
        string script = await ScriptAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, script);
        request.Headers.TryAddWithoutValidation("Accept-Encoding", accepted);

        using HttpResponseMessage answer = await _client.SendAsync(request);

        Assert.Equal(expected, answer.Content.Headers.ContentEncoding.SingleOrDefault());
        Assert.Equal("Accept-Encoding", answer.Headers.Vary.Single());
    }

    [Fact]
    public async Task Asset_KnownTag_Is304WithoutABody()
    {
        string script = await ScriptAsync();
        using HttpResponseMessage first = await _client.GetAsync(script);
        using var request = new HttpRequestMessage(HttpMethod.Get, script);
        request.Headers.IfNoneMatch.Add(first.Headers.ETag!);

        using HttpResponseMessage second = await _client.SendAsync(request);

        Assert.Equal(HttpStatusCode.NotModified, second.StatusCode);
        Assert.Empty(await second.Content.ReadAsByteArrayAsync());
        Assert.Equal(first.Headers.ETag, second.Headers.ETag);
    }

    [Fact]
    public async Task Asset_TagOfAnotherEncoding_IsSentAgain()
    {
        string script = await ScriptAsync();
        using HttpResponseMessage plain = await _client.GetAsync(script);
        using var request = new HttpRequestMessage(HttpMethod.Get, script);
        request.Headers.IfNoneMatch.Add(plain.Headers.ETag!);
        request.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("gzip"));

        using HttpResponseMessage packed = await _client.SendAsync(request);

        Assert.Equal(HttpStatusCode.OK, packed.StatusCode);
        Assert.NotEqual(plain.Headers.ETag, packed.Headers.ETag);
    }

    [Fact]
    public async Task Asset_Head_HasLengthAndNoBody()
    {
        using var request = new HttpRequestMessage(HttpMethod.Head, await ScriptAsync());

        using HttpResponseMessage answer = await _client.SendAsync(request);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.True(answer.Content.Headers.ContentLength > 10_000);
    }

    [Fact]
    public async Task Files_AllTogether_StayUnderTheBudgetOfAFastPage()
    {
        _client.DefaultRequestHeaders.AcceptEncoding.Add(new StringWithQualityHeaderValue("gzip"));
        using var plain = new HttpClient { BaseAddress = _client.BaseAddress };
        string html = await plain.GetStringAsync("/");
        long bytes = html.Length;
        foreach (Match match in Reference().Matches(html))
        {
            bytes += (await _client.GetByteArrayAsync(match.Groups["to"].Value)).Length;
        }

        Assert.InRange(bytes, 10_000, 120_000);
    }

    private async Task<string> ScriptAsync()
    {
        return Reference().Matches(await _client.GetStringAsync("/")).Select(match => match.Groups["to"].Value)
            .Single(file => file.StartsWith("/assets/app-", StringComparison.Ordinal) && file.EndsWith(".js", StringComparison.Ordinal));
    }

    private static WebApplication Build()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        WebApplication app = builder.Build();
        app.MapWebUi();
        return app;
    }

    [GeneratedRegex("""(?:href|src)="(?<to>[^"]+)""")]
    private static partial Regex Reference();
}
