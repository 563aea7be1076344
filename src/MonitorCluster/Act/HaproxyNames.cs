using System.Text.RegularExpressions;

namespace MonitorCluster.Act;

/// <summary>What HAProxy allows as the name of a backend or a server. Nothing else ever stands in a command: no space, no separator, no end of line.</summary>
internal static partial class HaproxyNames
{
    private const int LengthMax = 128;

    /// <summary>Whether a name can stand in a command.</summary>
    public static bool IsValid(string name) => name.Length is > 0 and <= LengthMax && Name().IsMatch(name);

    [GeneratedRegex(@"\A[A-Za-z0-9_.:-]+\z")]
    private static partial Regex Name();
}
