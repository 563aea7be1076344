using System.Net;

namespace MonitorCluster.Node.Configuration;

/// <summary>Who may reach the node: listeners on loopback need no token, all others need TLS and a token.</summary>
internal static class ListenerTrust
{
    /// <summary>Refuses listeners that anybody could use.</summary>
    public static void Check(NodeSettings settings, OptionsReader reader)
    {
        if (settings.Http.Urls.Length == 0)
        {
            reader.Refuse("Http:Urls is empty; give at least one address, as http://127.0.0.1:9600");
        }

        foreach (string url in settings.Http.Urls)
        {
            if (!Uri.TryCreate(url, UriKind.Absolute, out Uri? address) || address.Scheme is not ("http" or "https") || address.AbsolutePath != "/")
            {
                reader.Refuse($"Http:Urls ({url}) must be http://ADDRESS:PORT or https://ADDRESS:PORT");
            }
            else if (!IsLoopback(address.Host) && !settings.Node.AllowInsecure)
            {
                RefuseOpen(reader, "Http:Urls", url, address.Scheme == "https", settings.Http.Token);
            }
        }

        if (!IsLoopback(settings.Cmd.Host) && !settings.Node.AllowInsecure)
        {
            RefuseOpen(reader, "Cmd:Host", settings.Cmd.Host, isEncrypted: false, settings.Cmd.Token);
        }
    }

    /// <summary>Whether an address is this host's own.</summary>
    public static bool IsLoopback(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? ip) && IPAddress.IsLoopback(ip));

    private static void RefuseOpen(OptionsReader reader, string option, string value, bool isEncrypted, string token)
    {
        if (!isEncrypted)
        {
            reader.Refuse($"{option} ({value}) is not on loopback and has no TLS; use https, listen on loopback, or set Node:AllowInsecure=true");
        }

        if (token.Length == 0)
        {
            reader.Refuse($"{option} ({value}) is not on loopback and has no token; set {option.Split(':')[0]}:Token, or Node:AllowInsecure=true");
        }
    }
}
