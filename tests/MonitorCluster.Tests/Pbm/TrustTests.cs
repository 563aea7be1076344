using System.Net;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using MonitorCluster.Node.Admin;
using MonitorCluster.Node.Configuration;
using MonitorCluster.Pbm;

namespace MonitorCluster.Tests.Pbm;

/// <summary>Tokens, foreign pages, taken ports, and requests that no pbm would send.</summary>
public sealed class TrustTests
{
    [Fact]
    public async Task Token_GivenOrInTheEnvironment_IsAccepted()
    {
        await using ClientFixture client = await ClientFixture.StartAsync(token: "s3cret");

        Assert.Equal(ExitCode.CommandFailed, await client.RunAsync("test", "silent"));
        Assert.Equal(ExitCode.CommandFailed, await client.RunAsync("test", "silent", "--token", "wrong"));
        Assert.Equal(ExitCode.CommandFailed, await client.RunAsync());
        Assert.Equal(ExitCode.Ok, await client.RunAsync("test", "silent", "--token", "s3cret"));
        client.Environment["PBM_TOKEN"] = "s3cret";
        Assert.Equal(ExitCode.Ok, await client.RunAsync("test", "silent"));

        Assert.StartsWith($"pbm: {client.Address} refuses: this node asks for a token", client.Errors.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_FromAPageOfAnotherOrigin_IsForbidden()
    {
        await using ClientFixture client = await ClientFixture.StartAsync();
        using var http = new HttpClient { BaseAddress = new Uri($"http://{client.Address}") };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/pbm/v1/run") { Content = new StringContent("""{"line":"test silent"}""") };
        request.Headers.Add("Origin", "http://evil.example");

        using HttpResponseMessage response = await http.SendAsync(request);

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
    }

    [Theory]
    [InlineData("Host", "evil.example")]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    public async Task Get_FromAForeignPage_IsForbidden(string header, string value)
    {
        await using ClientFixture client = await ClientFixture.StartAsync();
        using var http = new HttpClient { BaseAddress = new Uri($"http://{client.Address}") };
        using var request = new HttpRequestMessage(HttpMethod.Get, "/pbm/v1/palettes");
        request.Headers.Add(header, value);

        using HttpResponseMessage response = await http.SendAsync(request);

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("""{"line":7}""")]
    [InlineData("""{"line":"\ud800"}""")]
    public async Task Run_BodyWithoutALine_IsABadRequest(string body)
    {
        await using ClientFixture client = await ClientFixture.StartAsync();
        using var http = new HttpClient { BaseAddress = new Uri($"http://{client.Address}") };

        using HttpResponseMessage response = await http.PostAsync("/pbm/v1/run", new StringContent(body, Encoding.UTF8, "application/json"));

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("""{"error":"the body must be {\"line\":\"PALETTE COMMAND ...\"}"}""", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Run_BodyOverTheLimit_IsRefused()
    {
        await using ClientFixture client = await ClientFixture.StartAsync();
        using var http = new HttpClient { BaseAddress = new Uri($"http://{client.Address}") };

        string line = new('x', PbmApi.BodyBytesMax);
        using HttpResponseMessage response = await http.PostAsync("/pbm/v1/run", new StringContent($$"""{"line":"{{line}}"}"""));

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
    }

    [Fact]
    public async Task Run_MoreThanTheLimitAtOnce_IsRefused()
    {
        await using ClientFixture client = await ClientFixture.StartAsync();
        using var http = new HttpClient { BaseAddress = new Uri($"http://{client.Address}") };
        var tails = new List<HttpResponseMessage>();
        for (int i = 0; i < CmdHost.CommandsMax; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/pbm/v1/run") { Content = new StringContent("""{"line":"test tail"}""") };
            tails.Add(await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead));
        }

        Assert.Equal(ExitCode.CommandFailed, await client.RunAsync("test", "silent"));

        Assert.Equal($"pbm: {client.Address} refuses: {CmdHost.CommandsMax} commands run already\n", client.Errors.ToString());
        tails.ForEach(t => t.Dispose());
    }

    [Fact]
    public async Task OtherServer_AtTheAddress_IsNoPbmHost()
    {
        await using ClientFixture client = await ClientFixture.StartAsync();
        using var listener = new HttpListener();
        int port = ClientFixture.DeadPort();
        listener.Prefixes.Add($"http://127.0.0.1:{port}/");
        listener.Start();
        Task<HttpListenerContext> asked = listener.GetContextAsync();

        Task<ExitCode> run = client.RunAsync(null, [$"127.0.0.1:{port}", "test", "silent"]);
        HttpListenerResponse answer = (await asked).Response;
        answer.ContentType = "text/html";
        answer.Close("<html></html>"u8.ToArray(), willBlock: false);

        Assert.Equal(ExitCode.CannotConnect, await run);
        Assert.Equal($"pbm: what answers at 127.0.0.1:{port} is no pbm host (HTTP 200)\n", client.Errors.ToString());
    }

    [Fact]
    public async Task Start_PortTaken_WarnsAndGoesOn()
    {
        await using ClientFixture first = await ClientFixture.StartAsync();
        var log = new ListLogger();

        await using CmdHost second = await CmdHost.StartAsync(
            new CmdOptions { Port = first.Host.EndPoint!.Port }, "n2", [new TestPalette()], NullLoggerFactory.Instance, log, CancellationToken.None);

        Assert.Null(second.EndPoint);
        string line = Assert.Single(log.Lines);
        Assert.StartsWith($"Warning pbm host not bound: Cmd:Host 127.0.0.1, Cmd:Port {first.Host.EndPoint.Port}: ", line, StringComparison.Ordinal);
        Assert.EndsWith("; the node goes on without it", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("localhost", "127.0.0.1")]
    [InlineData("127.0.0.2", "127.0.0.2")]
    public async Task Start_FreePort_SaysWhichItTook(string host, string address)
    {
        var log = new ListLogger();

        await using CmdHost listening = await CmdHost.StartAsync(
            new CmdOptions { Host = host, Port = 0 }, "n1", [new TestPalette()], NullLoggerFactory.Instance, log, CancellationToken.None);

        Assert.Equal(address, listening.EndPoint!.Address.ToString());
        Assert.Equal($"Information pbm host bound to {address}:{listening.EndPoint.Port}", Assert.Single(log.Lines));
    }

    private sealed class ListLogger : ILogger
    {
        public List<string> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Add($"{logLevel} {formatter(state, exception)}");
    }
}
