using System.Collections;

namespace MonitorCluster.Node.Configuration;

/// <summary>The options among the environment's variables: <c>MC_SECTION__OPTION</c>.</summary>
internal static class EnvironmentOptions
{
    private const string Prefix = "MC_";

    /// <summary>Options by path. Variables of that prefix without <c>__</c> belong to others, as Midnight Commander's <c>MC_SID</c>.</summary>
    public static Dictionary<string, string?> Read(IDictionary variables)
    {
        var options = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        foreach (DictionaryEntry variable in variables)
        {
            string name = (string)variable.Key;
            if (name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) && name[Prefix.Length..].Contains("__", StringComparison.Ordinal))
            {
                options[name[Prefix.Length..].Replace("__", ":", StringComparison.Ordinal)] = (string?)variable.Value;
            }
        }

        return options;
    }
}
