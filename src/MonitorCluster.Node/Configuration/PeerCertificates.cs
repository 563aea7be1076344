using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Cluster.Transport.Http;

namespace MonitorCluster.Node.Configuration;

/// <summary>Reads the certificates of the links between nodes.</summary>
internal static class PeerCertificates
{
    /// <summary>Reads the files that the options name.</summary>
    /// <param name="node">The options.</param>
    /// <param name="tls">The certificates; null when the links are not encrypted.</param>
    /// <param name="reason">Why they cannot be used, with the option.</param>
    public static bool TryLoad(NodeOptions node, out LinkTls? tls, out string reason)
    {
        (tls, reason) = (null, string.Empty);
        if (node.CertificateFile.Length == 0)
        {
            if (node.KeyFile.Length > 0)
            {
                reason = $"Node:KeyFile ({node.KeyFile}) has no certificate; set Node:CertificateFile";
            }
            else if (node.CaFile.Length > 0 && node.RoleFlags != NodeRoles.Collector)
            {
                reason = $"Node:CaFile ({node.CaFile}) is for encrypted links, and this node's listener has no certificate; set Node:CertificateFile";
            }

            if (reason.Length > 0 || node.CaFile.Length == 0)
            {
                return reason.Length == 0;
            }
        }

        ServerCertificate? own = null;
        if (node.CertificateFile.Length > 0
            && !ServerCertificate.TryLoad(NodeOptions.Section, node.CertificateFile, node.KeyFile, string.Empty, out own, out reason))
        {
            return false;
        }

        if (!TryLoadAuthorities(node.CaFile, out X509Certificate2Collection authorities, out reason))
        {
            return false;
        }

        tls = new LinkTls(own?.Certificate, own?.Chain ?? [], authorities);
        return true;
    }

    private static bool TryLoadAuthorities(string file, out X509Certificate2Collection authorities, out string reason)
    {
        (authorities, reason) = ([], string.Empty);
        if (file.Length == 0)
        {
            return true;
        }

        try
        {
            authorities.ImportFromPemFile(file);
            reason = authorities.Count > 0 ? string.Empty : $"Node:CaFile ({file}) holds no certificate";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            reason = $"Node:CaFile ({file}) cannot be used: {e.Message}";
        }

        return reason.Length == 0;
    }
}
