using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Configuration;
using MonitorCluster.Cluster.Transport.Http;
using MonitorCluster.Node;
using MonitorCluster.Node.Configuration;
using MonitorCluster.Tests.Cluster.Transport.Http;

namespace MonitorCluster.Tests.Node.Configuration;

/// <summary>Which listeners for other nodes are refused, and with which certificates they start.</summary>
public sealed class PeerTrustTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("mc-trust-").FullName;
    private readonly TestCertificates certificates = new();

    public PeerTrustTests()
    {
        using X509Certificate2 node = certificates.For(IPAddress.Loopback);
        File.WriteAllText(At("node.pem"), node.ExportCertificatePem());
        using System.Security.Cryptography.ECDsa key = node.GetECDsaPrivateKey()!;
        File.WriteAllText(At("node.key"), key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(At("ca.pem"), certificates.Authority.ExportCertificatePem());
        File.WriteAllText(At("empty.pem"), "no certificate");
    }

    public void Dispose()
    {
        certificates.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void Bind_OpenWithoutAnything_IsRefusedWithAllReasons()
    {
        IReadOnlyList<string> errors = Errors(("Node:Bind", "192.0.2.1:9601"));

        Assert.Contains(errors, e => e.StartsWith("Node:Bind (192.0.2.1:9601) is not on loopback and has no TLS", StringComparison.Ordinal));
        Assert.Contains(errors, e => e.StartsWith("Node:Bind (192.0.2.1:9601) is not on loopback and has no join token", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Node:Bind", "127.0.7.1:9601")]
    [InlineData("Node:Bind", "[::1]:9601")]
    [InlineData("Node:Bind", "localhost:9601")]
    [InlineData("Node:AllowInsecure", "true")]
    [InlineData("Node:Roles", "collector")] // does not listen
    public void Bind_WithReason_IsNotRefusedAsOpen(string option, string value) =>
        Assert.DoesNotContain(Errors(("Node:Bind", "192.0.2.1:9601"), (option, value)), e => e.Contains("not on loopback", StringComparison.Ordinal));

    [Fact]
    public void Bind_OpenWithCertificateAndToken_IsNotRefusedAsOpen() =>
        Assert.DoesNotContain(
            Errors(
                ("Node:Bind", "192.0.2.1:9601"), ("Node:CertificateFile", At("node.pem")), ("Node:KeyFile", At("node.key")), ("Node:CaFile", At("ca.pem")),
                ("Cluster:JoinTokenFile", "token")),
            e => e.Contains("not on loopback", StringComparison.Ordinal)
                || (e.Contains("File", StringComparison.Ordinal) && e.StartsWith("Node:", StringComparison.Ordinal)));

    [Theory]
    [InlineData("0.0.0.0:9601", "which is every address of this machine; set Node:Advertise")]
    [InlineData("[::]:9601", "which is every address of this machine; set Node:Advertise")]
    [InlineData("node-1:9601", "a name, which other nodes may look up differently; set Node:Advertise")]
    public void Bind_ToWhatOthersCannotUse_NeedsAnAddressToTell(string bind, string reason)
    {
        Assert.Contains(Errors(("Node:Bind", bind)), e => e.Contains(reason, StringComparison.Ordinal));
        Assert.DoesNotContain(Errors(("Node:Bind", bind), ("Node:Advertise", "192.0.2.1:9601")), e => e.Contains("Node:Advertise", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Node:KeyFile", "node.key", "has no certificate; set Node:CertificateFile")]
    [InlineData("Node:CaFile", "ca.pem", "this node's listener has no certificate")]
    [InlineData("Node:CertificateFile", "missing.pem", "cannot be used")]
    [InlineData("Node:CertificateFile", "node.pem", "cannot be used")] // without its key
    public void Files_ThatDoNotFit_AreRefused(string option, string file, string reason) =>
        Assert.Contains(
            Errors((option, At(file))), e => e.StartsWith($"{option} ({At(file)})", StringComparison.Ordinal) && e.Contains(reason, StringComparison.Ordinal));

    [Theory]
    [InlineData("empty.pem", "holds no certificate")]
    [InlineData("missing.pem", "cannot be used")]
    public void CaFile_WithoutAuthorities_IsRefused(string file, string reason) =>
        Assert.Contains(
            Errors(("Node:CaFile", At(file)), ("Node:Roles", "collector")), e => e.StartsWith($"Node:CaFile ({At(file)}) {reason}", StringComparison.Ordinal));

    [Fact]
    public void Load_AllFiles_HasKeyAndAuthority()
    {
        NodeSettings settings = Read([("Node:CertificateFile", At("node.pem")), ("Node:KeyFile", At("node.key")), ("Node:CaFile", At("ca.pem"))], out _);

        Assert.True(PeerCertificates.TryLoad(settings.Node, out LinkTls? tls, out string reason), reason);
        Assert.True(tls!.Certificate!.HasPrivateKey);
        Assert.Equal(certificates.Authority.Thumbprint, Assert.Single(tls.Authorities).Thumbprint);
    }

    [Fact]
    public void Load_AuthoritiesAlone_IsForANodeThatDoesNotListen()
    {
        NodeSettings settings = Read([("Node:CaFile", At("ca.pem")), ("Node:Roles", "collector")], out _);

        Assert.True(PeerCertificates.TryLoad(settings.Node, out LinkTls? tls, out _));
        Assert.Null(tls!.Certificate);
    }

    [Fact]
    public void Load_Nothing_IsNoTls()
    {
        Assert.True(PeerCertificates.TryLoad(new(), out LinkTls? tls, out _));
        Assert.Null(tls);
    }

    private static IReadOnlyList<string> Errors(params (string Option, string Value)[] options)
    {
        Read(options, out IReadOnlyList<string> errors);
        return errors;
    }

    private static NodeSettings Read((string Option, string Value)[] options, out IReadOnlyList<string> errors)
    {
        var values = new Dictionary<string, string?>();
        Array.ForEach(options, o => values[o.Option] = o.Value);
        return NodeSettings.Read(new ConfigurationBuilder().AddInMemoryCollection(values).Build(), out errors);
    }

    private string At(string file) => Path.Combine(folder, file);
}
