using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace MonitorCluster.Cluster.Transport.Http;

/// <summary>The certificates of the links between nodes.</summary>
/// <param name="Certificate">The listener's own, with its private key; null for a node that only opens links.</param>
/// <param name="Chain">Certificates that lead from it to its root.</param>
/// <param name="Authorities">Whose certificates are trusted when a link is opened; empty: those the system trusts.</param>
public sealed record LinkTls(X509Certificate2? Certificate, X509Certificate2Collection Chain, X509Certificate2Collection Authorities)
{
    /// <summary>How the other side's certificate is checked. Its name is compared with the address by the handler of the connection.</summary>
    internal SslClientAuthenticationOptions ClientOptions()
    {
        var options = new SslClientAuthenticationOptions();
        if (Authorities.Count > 0)
        {
            options.CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,

                // Private authorities seldom publish lists of what they have revoked, and a node must start while they are away.
                RevocationMode = X509RevocationMode.NoCheck,
            };
            options.CertificateChainPolicy.CustomTrustStore.AddRange(Authorities);
        }

        return options;
    }
}
