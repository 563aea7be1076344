using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace MonitorCluster.Tests.Cluster.Transport.Http;

/// <summary>An authority, and certificates that it signs.</summary>
internal sealed class TestCertificates : IDisposable
{
    private static readonly DateTimeOffset From = DateTimeOffset.UtcNow.AddDays(-1);

    private readonly ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public TestCertificates(string name = "test authority")
    {
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        Authority = request.CreateSelfSigned(From, From.AddDays(30));
    }

    public X509Certificate2 Authority { get; }

    /// <summary>A certificate for an address.</summary>
    public X509Certificate2 For(IPAddress address)
    {
        using ECDsa own = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=node", own, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(address);
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 signed = request.Create(Authority, From, From.AddDays(20), RandomNumberGenerator.GetBytes(16));
        return signed.CopyWithPrivateKey(own);
    }

    public void Dispose()
    {
        Authority.Dispose();
        key.Dispose();
    }
}
