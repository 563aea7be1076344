using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using MonitorCluster.Node;
using MonitorCluster.Tests.Node.Admin;

namespace MonitorCluster.Tests.Node;

/// <summary>The whole listener, guard included, through a real Kestrel on loopback.</summary>
public sealed class WebHostTests : IDisposable
{
    // Known to nobody: 404 says that the guard let the request pass.
    private const string NoSuchApi = "/api/v1/nothing";

    private readonly VirtualNode node = new();
    private readonly string folder = Directory.CreateTempSubdirectory("mc-web-").FullName;

    public void Dispose()
    {
        node.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Https_OwnCertificate_IsServed(bool isPkcs12)
    {
        using RSA key = RSA.Create(2048);
        var request = new CertificateRequest("CN=node.test", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using X509Certificate2 made = request.CreateSelfSigned(
            new DateTimeOffset(2020, 1, 1, 0, 0, 0, default), new DateTimeOffset(2120, 1, 1, 0, 0, 0, default));
        MonitorCluster.Node.Configuration.HttpOptions http = node.Runtime.Settings.Http;
        if (isPkcs12)
        {
            (http.CertificateFile, http.CertificatePassword) = (Path.Combine(folder, "node.pfx"), "secret");
            await File.WriteAllBytesAsync(http.CertificateFile, made.Export(X509ContentType.Pkcs12, "secret"));
        }
        else
        {
            (http.CertificateFile, http.KeyFile) = (Path.Combine(folder, "node.pem"), Path.Combine(folder, "node.key"));
            await File.WriteAllTextAsync(http.CertificateFile, made.ExportCertificatePem());
            await File.WriteAllTextAsync(http.KeyFile, key.ExportPkcs8PrivateKeyPem());
        }

        await using WebApplication app = await StartAsync("https://127.0.0.1:0");
        using var handler = new HttpClientHandler { ServerCertificateCustomValidationCallback = (_, given, _, _) => given!.Thumbprint == made.Thumbprint };
        using var client = new HttpClient(handler) { BaseAddress = new Uri(app.Urls.Single()) };

        using HttpResponseMessage answer = await client.GetAsync("/healthz");

        Assert.Equal(Uri.UriSchemeHttps, client.BaseAddress.Scheme);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public async Task Localhost_AnyPort_Listens()
    {
        await using WebApplication app = await StartAsync("http://localhost:0");

        using HttpResponseMessage answer = await AskAsync(app, HttpMethod.Get, "/healthz");

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Theory]
    [InlineData("GET", NoSuchApi, "evil.example", null, 403)]
    [InlineData("GET", "/", "evil.example", null, 403)]
    [InlineData("POST", "/api/v1/write", "evil.example:9600", null, 403)]
    [InlineData("GET", "/healthz", "evil.example", null, 200)]
    [InlineData("GET", NoSuchApi, "localhost:1", null, 404)]
    [InlineData("GET", NoSuchApi, "127.0.0.2", null, 404)]
    [InlineData("GET", NoSuchApi, "[::1]:9600", null, 404)]
    [InlineData("GET", NoSuchApi, "127.0.0.1", "cross-site", 403)]
    [InlineData("GET", NoSuchApi, "127.0.0.1", "same-origin", 404)]
    [InlineData("GET", NoSuchApi, "127.0.0.1", "none", 404)]
    public async Task Guard_WithoutAToken_RefusesForeignHostsAndSites(string method, string path, string host, string? site, int status)
    {
        await using WebApplication app = await StartAsync("http://127.0.0.1:0");

        using HttpResponseMessage answer = await AskAsync(app, new HttpMethod(method), path, host, site);

        Assert.Equal(status, (int)answer.StatusCode);
    }

    [Fact]
    public async Task Guard_RefusedHost_SaysWhatToDo()
    {
        await using WebApplication app = await StartAsync("http://127.0.0.1:0");

        using HttpResponseMessage answer = await AskAsync(app, HttpMethod.Get, NoSuchApi, "evil.example");

        string text = await answer.Content.ReadAsStringAsync();
        Assert.Contains($"ask for http://localhost:{new Uri(app.Urls.Single()).Port}", text, StringComparison.Ordinal);
        Assert.Contains("or set Http:Token", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Guard_WithItsToken_TakesEveryHostName()
    {
        node.Runtime.Settings.Http.Token = "secret";
        await using WebApplication app = await StartAsync("http://127.0.0.1:0");

        using HttpResponseMessage without = await AskAsync(app, HttpMethod.Get, NoSuchApi, "monitor.example");
        using HttpResponseMessage with = await AskAsync(app, HttpMethod.Get, NoSuchApi, "monitor.example", token: "secret");

        Assert.Equal(HttpStatusCode.Unauthorized, without.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, with.StatusCode);
    }

    private async Task<WebApplication> StartAsync(string url)
    {
        node.Runtime.Settings.Http.Urls = [url];
        WebApplication app = WebHost.Create(node.Runtime, new ConfigurationBuilder().Build());
        await app.StartAsync();
        return app;
    }

    private static async Task<HttpResponseMessage> AskAsync(
        WebApplication app, HttpMethod method, string path, string? host = null, string? site = null, string? token = null)
    {
        using var client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
        using var request = new HttpRequestMessage(method, path);
        request.Headers.Host = host;
        if (site is not null)
        {
            request.Headers.Add("Sec-Fetch-Site", site);
        }

        if (token is not null)
        {
            request.Headers.Add("Authorization", $"Bearer {token}");
        }

        return await client.SendAsync(request);
    }
}
