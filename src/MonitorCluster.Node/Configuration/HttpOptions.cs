using System.ComponentModel.DataAnnotations;

namespace MonitorCluster.Node.Configuration;

/// <summary>The listener for people and API.</summary>
internal sealed class HttpOptions
{
    public const string Section = "Http";

    /// <summary>Where it listens; several are separated by commas; port 0 takes a free one.</summary>
    /// <value>Default http://127.0.0.1:9600.</value>
    public string[] Urls { get; set; } = ["http://127.0.0.1:9600"];

    /// <summary>Bearer token that every request must carry, but health and readiness. Needed when a listener is not on loopback.</summary>
    /// <value>Default none.</value>
    public string Token { get; set; } = string.Empty;

    /// <summary>Certificate for https: a PEM file, which may hold its intermediates and its key, or a .pfx/.p12 file.</summary>
    /// <value>Default none.</value>
    public string CertificateFile { get; set; } = string.Empty;

    /// <summary>The certificate's private key, a PEM file, when it is not in the certificate's own file.</summary>
    /// <value>Default none.</value>
    public string KeyFile { get; set; } = string.Empty;

    /// <summary>Password of the key or of the .pfx file.</summary>
    /// <value>Default none.</value>
    public string CertificatePassword { get; set; } = string.Empty;

    /// <summary>Largest request body, compressed or not.</summary>
    /// <value>Default 32 MiB; 1 KiB to 1 GiB.</value>
    [Range(1024, 1024 * 1024 * 1024)]
    public int BodyBytesMax { get; set; } = 32 * 1024 * 1024;

    /// <summary>Queries evaluated at once; further ones wait for their turn until they time out.</summary>
    /// <value>Default 20; 1 to 1,000.</value>
    [Range(1, 1000)]
    public int QueriesMax { get; set; } = 20;

    /// <summary>Time after which a query is ended with 503.</summary>
    /// <value>Default 30 s; 100 ms to 10 m.</value>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:10:00")]
    public TimeSpan QueryTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Where it listens, of URLs that <see cref="ListenerTrust"/> has let pass.</summary>
    public IEnumerable<ListenAddress> Addresses => Urls.Select(
        url => ListenAddress.TryParse(url, out ListenAddress address, out string reason) ? address : throw new InvalidOperationException($"{url} {reason}"));
}

/// <summary>The listener for <c>pbm</c>.</summary>
internal sealed class CmdOptions
{
    public const string Section = "Cmd";

    /// <summary>Address it listens on.</summary>
    /// <value>Default 127.0.0.1.</value>
    public string Host { get; set; } = "127.0.0.1";

    /// <summary>Port; 0 takes a free one. When it is taken, the node warns and goes on without.</summary>
    /// <value>Default 9110; 0 to 65,535.</value>
    [Range(0, 65_535)]
    public int Port { get; set; } = 9110;

    /// <summary>Token that <c>pbm --token</c> must give. Needed when the address is not loopback.</summary>
    /// <value>Default none.</value>
    public string Token { get; set; } = string.Empty;
}
