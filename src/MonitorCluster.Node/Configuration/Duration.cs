using System.Globalization;

namespace MonitorCluster.Node.Configuration;

/// <summary>Durations as people write them everywhere in the product: <c>500ms 1s 5m 2h 30d</c> or <c>hh:mm:ss</c>.</summary>
internal static class Duration
{
    private static readonly (string Unit, double Milliseconds)[] Units = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

    /// <summary>Reads one duration. A bare number is refused: it would mean days to .NET and seconds to everyone else.</summary>
    public static bool TryParse(string text, out TimeSpan duration, out string reason)
    {
        duration = default;
        reason = string.Empty;
        text = text.Trim();
        if (text.Contains(':', StringComparison.Ordinal))
        {
            if (TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out duration))
            {
                return true;
            }
        }
        else
        {
            string number = text.TrimEnd("msdhMSDH".ToCharArray());
            string unit = text[number.Length..];
            bool isNumber = double.TryParse(
                number, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out double value);
            if (isNumber && unit.Length == 0)
            {
                reason = $"\"{text}\" has no unit; write 500ms, 1s, 5m, 2h, 30d or hh:mm:ss";
                return false;
            }

            double factor = Units.FirstOrDefault(u => u.Unit == unit).Milliseconds;
            if (isNumber && factor > 0 && Math.Abs(value * factor) < TimeSpan.MaxValue.TotalMilliseconds)
            {
                duration = TimeSpan.FromMilliseconds(value * factor);
                return true;
            }
        }

        reason = $"\"{text}\" is no duration; write 500ms, 1s, 5m, 2h, 30d or hh:mm:ss";
        return false;
    }

    /// <summary>The shortest form that reads back: <c>5m</c>, <c>1500ms</c>.</summary>
    public static string Format(TimeSpan duration)
    {
        (string unit, double factor) = Units.Last(u => u.Milliseconds == 1 || (duration != TimeSpan.Zero && duration.TotalMilliseconds % u.Milliseconds == 0));
        return (duration.TotalMilliseconds / factor).ToString(CultureInfo.InvariantCulture) + unit;
    }
}
