using System.Net;
using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Node.Configuration;

/// <summary>Who may reach the node: listeners on loopback need no token, all others need TLS and a token.</summary>
internal static class ListenerTrust
{
    /// <summary>Refuses listeners that anybody could use, and those that cannot be made.</summary>
    public static void Check(NodeSettings settings, OptionsReader reader)
    {
        if (settings.Http.Urls.Length == 0)
        {
            reader.Refuse("Http:Urls is empty; give at least one address, as http://127.0.0.1:9600");
        }

        foreach (string url in settings.Http.Urls)
        {
            if (!ListenAddress.TryParse(url, out ListenAddress address, out string reason))
            {
                reader.Refuse($"Http:Urls ({url}) {reason}");
                continue;
            }

            if (address.IsHttps)
            {
                CheckCertificate(settings.Http, url, reader);
            }

            if (!address.IsLoopback && !settings.Node.AllowInsecure)
            {
                RefuseOpen(reader, url, address.IsHttps, settings.Http.Token);
            }
        }

        if (!IsLoopback(settings.Cmd.Host) && !settings.Node.AllowInsecure)
        {
            reader.Refuse(
                $"Cmd:Host ({settings.Cmd.Host}) is not on loopback, and this listener has no TLS; "
                + "listen on loopback, or set Node:AllowInsecure=true with Cmd:Token");
        }

        CheckPeers(settings.Node, settings.Cluster, reader);
    }

    /// <summary>Whether an address is this host's own.</summary>
    public static bool IsLoopback(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? ip) && IPAddress.IsLoopback(ip));

    private static void CheckCertificate(HttpOptions http, string url, OptionsReader reader)
    {
        if (http.CertificateFile.Length == 0)
        {
            reader.Refuse($"Http:Urls ({url}) needs a certificate; set Http:CertificateFile, and Http:KeyFile when the key is in a file of its own");
        }
        else if (!ServerCertificate.TryLoad(http, out ServerCertificate loaded, out string reason))
        {
            reader.Refuse(reason);
        }
        else
        {
            loaded.Certificate.Dispose();
        }
    }

    // A node that only collects has no listener for others; it may need the authorities to open links.
    private static void CheckPeers(NodeOptions node, ClusterOptions cluster, OptionsReader reader)
    {
        bool listens = node.RoleFlags != NodeRoles.Collector;
        if (!PeerCertificates.TryLoad(node, out _, out string reason))
        {
            reader.Refuse(reason);
        }

        if (!listens || node.AllowInsecure || !HostPort.TryParse(node.Bind, out string host, out _) || IsLoopback(host))
        {
            return;
        }

        if (node.CertificateFile.Length == 0)
        {
            reader.Refuse(
                $"Node:Bind ({node.Bind}) is not on loopback and has no TLS; "
                + "set Node:CertificateFile, listen on loopback, or set Node:AllowInsecure=true");
        }

        if (cluster.JoinToken.Length == 0 && cluster.JoinTokenFile.Length == 0)
        {
            reader.Refuse(
                $"Node:Bind ({node.Bind}) is not on loopback and has no join token; "
                + "set Cluster:JoinToken or Cluster:JoinTokenFile, or Node:AllowInsecure=true");
        }
    }

    private static void RefuseOpen(OptionsReader reader, string url, bool isEncrypted, string token)
    {
        if (!isEncrypted)
        {
            reader.Refuse($"Http:Urls ({url}) is not on loopback and has no TLS; use https, listen on loopback, or set Node:AllowInsecure=true");
        }

        if (token.Length == 0)
        {
            reader.Refuse($"Http:Urls ({url}) is not on loopback and has no token; set Http:Token, or Node:AllowInsecure=true");
        }
    }
}
