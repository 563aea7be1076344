using System.Globalization;
using System.Net;
using MonitorCluster.Soak.Processes;

namespace MonitorCluster.Soak.Faults;

/// <summary>
/// Cuts between addresses by the packet filter of a network namespace that is this process's own: packets vanish, connections stay and hang.
/// </summary>
/// <remarks><c>scripts/soak</c> makes the namespace; anywhere else the rules would be the host's.</remarks>
internal static class NetworkCuts
{
    /// <summary>The variable by which <c>scripts/soak</c> says that the network is private.</summary>
    public const string PrivateNetworkVariable = "SOAK_PRIVATE_NETWORK";

    /// <summary>Whether cuts can be made here.</summary>
    public static bool IsPossible => Environment.GetEnvironmentVariable(PrivateNetworkVariable) == "1" && InstalledProgram.Find("iptables") is not null;

    /// <summary>Drops all that goes from one address to another; the other way goes on.</summary>
    public static Task CutAsync(IPAddress from, IPAddress to) => FilterAsync("-A", "INPUT", "-s", $"{from}", "-d", $"{to}", "-j", "DROP");

    /// <summary>Drops all that goes to an address and all that comes from it, whoever the other side is.</summary>
    public static async Task IsolateAsync(IPAddress address)
    {
        await FilterAsync("-A", "INPUT", "-d", $"{address}", "-j", "DROP");
        await FilterAsync("-A", "INPUT", "-s", $"{address}", "-j", "DROP");
    }

    /// <summary>Loses a share of all packets to an address.</summary>
    public static Task LoseAsync(IPAddress to, double share) => FilterAsync(
        "-A", "INPUT", "-d", $"{to}", "-m", "statistic", "--mode", "random", "--probability", share.ToString(CultureInfo.InvariantCulture), "-j", "DROP");

    /// <summary>Ends all cuts.</summary>
    public static Task HealAsync() => FilterAsync("-F", "INPUT");

    private static Task<string> FilterAsync(params string[] rule) => IsPossible
        ? Command.RunAsync("iptables", ["-w", "5", .. rule])
        : throw new InvalidOperationException("cuts need a network namespace of their own; start this by scripts/soak");
}
