using System.Globalization;
using System.Text.RegularExpressions;

namespace MonitorCluster.Pbm;

/// <summary>Where a pbm host listens.</summary>
/// <param name="Host">Name or address; an IPv6 address in brackets.</param>
/// <param name="Port">1 to 65,535.</param>
internal sealed partial record HostAddress(string Host, int Port)
{
    /// <summary>Where a node listens unless it was told otherwise.</summary>
    public static readonly HostAddress Default = new("127.0.0.1", 9110);

    /// <summary>The base of all requests.</summary>
    public Uri Url => new($"http://{Host}:{Port.ToString(CultureInfo.InvariantCulture)}/");

    /// <summary>Whether a word is written like an address, <c>HOST:DIGITS</c> or <c>[V6]:DIGITS</c>; any other word begins a command.</summary>
    public static bool LooksLikeOne(string word) => Form().IsMatch(word);

    /// <summary>Reads an address.</summary>
    /// <returns>False when the port is out of bounds.</returns>
    public static bool TryParse(string word, out HostAddress address)
    {
        Match match = Form().Match(word);
        int port = match.Success && int.TryParse(match.Groups["port"].Value, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : 0;
        address = new HostAddress(match.Groups["host"].Value, port);
        return port is > 0 and <= 65_535 && Uri.TryCreate($"http://{word}/", UriKind.Absolute, out _);
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Host}:{Port.ToString(CultureInfo.InvariantCulture)}";

    [GeneratedRegex(@"^(?<host>\[[0-9A-Fa-f:.]+\]|[^\s:/\[\]]+):(?<port>[0-9]+)$", RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
