using System.Globalization;
using System.Text;

namespace MonitorCluster.Query;

/// <summary>Writes shards for people: <c>0-6, 9</c>.</summary>
internal static class ShardRanges
{
    private const int RangesMax = 20;

    /// <summary>The numbers as ranges, at most twenty of them; more are counted.</summary>
    public static string Format(IEnumerable<int> shardIds)
    {
        var text = new StringBuilder();
        int ranges = 0, rest = 0, first = -1, last = -2;
        foreach (int id in shardIds.Distinct().Order().Append(-1))
        {
            if (id == last + 1 && id >= 0)
            {
                last = id;
                continue;
            }

            if (first >= 0)
            {
                rest += ranges < RangesMax ? 0 : last - first + 1;
                if (ranges++ < RangesMax)
                {
                    text.Append(text.Length > 0 ? ", " : string.Empty).Append(CultureInfo.InvariantCulture, $"{first}");
                    text.Append(last > first ? string.Create(CultureInfo.InvariantCulture, $"-{last}") : string.Empty);
                }
            }

            (first, last) = (id, id);
        }

        return rest > 0 ? text.Append(CultureInfo.InvariantCulture, $" and {rest} more").ToString() : text.ToString();
    }
}
