using System.Globalization;
using System.Text;

namespace MonitorCluster.TimeSeries.PromQl;

/// <summary>Durations as PromQL writes them: <c>1h30m</c>, units from y to ms in falling order, each at most once.</summary>
public static class PromQlDuration
{
    /// <summary>Longest duration, as where durations are 64-bit nanoseconds: some 292 years.</summary>
    public const long MsMax = long.MaxValue / 1_000_000;

    // A year is 365 days and a week 7, as in Prometheus.
    private static readonly (string Name, long Ms)[] Units =
    [
        ("y", 365L * 86_400_000), ("w", 7L * 86_400_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1),
    ];

    /// <summary>Reads a duration such as <c>1h30m</c>; the units fall and none is there twice.</summary>
    public static bool TryParseMs(ReadOnlySpan<char> text, out long ms)
    {
        ms = 0;
        int nextUnit = 0;
        while (text.Length > 0)
        {
            int digits = text.IndexOfAnyExceptInRange('0', '9');
            if (digits is <= 0 or > 18)
            {
                return false;
            }

            long count = long.Parse(text[..digits], NumberStyles.None, CultureInfo.InvariantCulture);
            text = text[digits..];
            int letters = text.IndexOfAnyInRange('0', '9');
            ReadOnlySpan<char> unit = letters < 0 ? text : text[..letters];
            int index = nextUnit;
            while (index < Units.Length && !unit.SequenceEqual(Units[index].Name))
            {
                index++;
            }

            if (index == Units.Length || count > (MsMax - ms) / Units[index].Ms)
            {
                return false;
            }

            ms += count * Units[index].Ms;
            nextUnit = index + 1;
            text = text[unit.Length..];
        }

        return nextUnit > 0;
    }

    /// <summary>Writes a duration over 0 in whole units: <c>1h30m</c>.</summary>
    public static string Format(long ms)
    {
        var text = new StringBuilder();
        foreach ((string name, long unitMs) in Units)
        {
            if (ms >= unitMs)
            {
                text.Append(CultureInfo.InvariantCulture, $"{ms / unitMs}{name}");
                ms %= unitMs;
            }
        }

        return text.ToString();
    }
}
