using System.Reflection;
using System.Text.RegularExpressions;

namespace MonitorCluster.Cluster.Storage;

/// <summary>The schema texts built into this program, one per version.</summary>
internal static partial class StoreSchema
{
    /// <summary>The schema that this program creates and migrates to.</summary>
    internal const int Version = 3;

    /// <summary>The oldest program schema that can still read a store of <see cref="Version"/>.</summary>
    internal const int MinReader = 1;

    /// <summary>The statements that lead from <paramref name="version"/> - 1 to <paramref name="version"/>, macros not filled in, without comments.</summary>
    internal static IReadOnlyList<string> StatementsOf(int version)
    {
        string name = $"MonitorCluster.Cluster.Storage.Schema.{version:D3}.sql";
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"Schema text {name} is not in the program.");
        using StreamReader reader = new(stream);
        string text = Comment().Replace(reader.ReadToEnd(), "");
        return text.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
    }

    [GeneratedRegex("--[^\n]*")]
    private static partial Regex Comment();
}
