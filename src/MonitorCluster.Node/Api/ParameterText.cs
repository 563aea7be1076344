using System.Globalization;
using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Node.Api;

/// <summary>Reads times and durations as Prometheus clients write them.</summary>
internal static class ParameterText
{
    // What client libraries send for "since ever" and "for ever"; no calendar library parses years like these.
    private const string EarliestTime = "-292273086-05-16T16:47:06Z";
    private const string LatestTime = "292277025-08-18T07:12:54.999999999Z";

    private static readonly string[] Rfc3339 =
        ["yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd'T'HH:mm:sszzz", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFzzz"];

    /// <summary>Float seconds since 1970, or RFC 3339 with a zone.</summary>
    public static bool TryTimeMs(string text, out long ms)
    {
        ms = text == EarliestTime ? -QueryTimes.TimeMsMax : QueryTimes.TimeMsMax;
        if (text is EarliestTime or LatestTime)
        {
            return true;
        }

        if (TrySeconds(text, out double seconds))
        {
            return TryMs(seconds, out ms);
        }

        // More than seven digits of a second are cut: nothing here is finer than a millisecond.
        int dot = text.IndexOf('.', StringComparison.Ordinal), digits = 0;
        while (dot >= 0 && dot + 1 + digits < text.Length && char.IsAsciiDigit(text[dot + 1 + digits]))
        {
            digits++;
        }

        string shortened = digits > 7 ? text.Remove(dot + 8, digits - 7) : text;
        bool hasZone = text.EndsWith('Z') || text.EndsWith('z') || (text.Length > 6 && text[^6] is '+' or '-' && text[^3] == ':');
        bool isTime = DateTimeOffset.TryParseExact(
            shortened.ToUpperInvariant(), Rfc3339, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time);
        ms = time.ToUnixTimeMilliseconds();
        return isTime && hasZone;
    }

    /// <summary>Float seconds, or a duration such as <c>1h30m</c>. May be 0 or negative.</summary>
    public static bool TryDurationMs(string text, out long ms)
    {
        if (TrySeconds(text, out double seconds))
        {
            return TryMs(seconds, out ms);
        }

        // A duration is an expression of PromQL, so that its parser reads this one too.
        ms = 0;
        return char.IsAsciiDigit(text[0]) && PromQlDuration.TryParseMs(text, out ms);
    }

    private static bool TrySeconds(string text, out double seconds) =>
        double.TryParse(
            text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out seconds)
        && double.IsFinite(seconds);

    private static bool TryMs(double seconds, out long ms)
    {
        double rounded = Math.Round(seconds * 1000);
        bool isInside = Math.Abs(rounded) <= QueryTimes.TimeMsMax;
        ms = isInside ? (long)rounded : 0;
        return isInside;
    }
}
