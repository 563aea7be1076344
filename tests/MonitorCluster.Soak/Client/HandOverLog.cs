using System.Globalization;
using System.Text.RegularExpressions;

namespace MonitorCluster.Soak.Client;

/// <summary>How long shards took no samples while they moved: from the old owner's last to the new owner's first, as the nodes' logs say.</summary>
/// <remarks>All nodes run on one machine and have one clock. What the store keeps of a move ends before its transaction does.</remarks>
internal static partial class HandOverLog
{
    /// <summary>The option that makes nodes say it.</summary>
    public const string Option = "--Logging:LogLevel:MonitorCluster.Aggregate.ShardActor=Debug";

    /// <summary>The pauses of the moves in a log that began after an instant, in milliseconds.</summary>
    public static IReadOnlyList<int> PausesMs(string log, DateTimeOffset since)
    {
        var frozen = new Dictionary<(int Shard, long Epoch), DateTimeOffset>();
        var served = new Dictionary<(int Shard, long Epoch), DateTimeOffset>();
        foreach (Match line in Line().Matches(log))
        {
            int shard = int.Parse(line.Groups["shard"].Value, CultureInfo.InvariantCulture);
            long epoch = long.Parse(line.Groups["epoch"].Value, CultureInfo.InvariantCulture);
            DateTimeOffset at = DateTimeOffset.Parse(line.Groups["at"].Value, CultureInfo.InvariantCulture);
            (line.Groups["end"].Success ? frozen : served)[(shard, epoch)] = at;
        }

        return
        [
            .. frozen.Where(f => f.Value >= since && served.ContainsKey((f.Key.Shard, f.Key.Epoch + 1)))
                .Select(f => (int)(served[(f.Key.Shard, f.Key.Epoch + 1)] - f.Value).TotalMilliseconds),
        ];
    }

    [GeneratedRegex(@"(?<at>\d{4}-\S+Z) \w+: \S+ShardActor\[400[67]\] Shard (?<shard>\d+) takes (?<end>no )?samples in epoch (?<epoch>\d+)")]
    private static partial Regex Line();
}
