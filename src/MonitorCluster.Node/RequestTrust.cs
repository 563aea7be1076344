namespace MonitorCluster.Node;

/// <summary>What <see cref="RequestGuard"/> goes by.</summary>
/// <param name="Token">The token that requests must carry; empty for none.</param>
/// <param name="TokenOption">The option that sets it, for messages.</param>
/// <param name="Hosts">Hosts under which the listener may be asked, besides localhost and the loopback addresses.</param>
internal sealed record RequestTrust(string Token, string TokenOption, IReadOnlyList<string> Hosts);
