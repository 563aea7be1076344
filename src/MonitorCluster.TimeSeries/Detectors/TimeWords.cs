using static System.FormattableString;

namespace MonitorCluster.TimeSeries.Detectors;

/// <summary>Times as people say them, in English whatever the culture.</summary>
public static class TimeWords
{
    private const long Minute = 60;
    private const long Hour = 60 * Minute;
    private const long Day = 24 * Hour;
    private const double Year = 365 * Day;

    /// <summary>A time that is left: "no time", "about 40 s", "about 3 min", "about 2 h 10 min", "about 30 h", "about 4 days".</summary>
    /// <remarks>
    /// Rounded to what an estimate is worth: seconds to 5, minutes to 1, from an hour on to 10 min, from 12 h to an hour, from two days to a day.
    /// A year and more is "more than a year".
    /// </remarks>
    /// <param name="seconds">Seconds; under a half, negative and NaN are no time.</param>
    public static string Left(double seconds)
    {
        if (!(seconds >= 0.5))
        {
            return "no time";
        }

        if (seconds >= Year)
        {
            return "more than a year";
        }

        // A value that rounds up to the next unit is said in that unit: 59 s is a minute.
        long fives = Round(seconds, 5), minutes = Round(seconds, Minute), tens = Round(seconds, 10 * Minute), hours = Round(seconds, Hour);
        return seconds < 10 ? About((long)Math.Round(seconds), "s")
            : fives < Minute ? About(fives, "s")
            : minutes < Hour ? About(minutes / Minute, "min")
            : tens < 12 * Hour ? About(tens / Hour, "h") + (tens % Hour == 0 ? string.Empty : Invariant($" {tens % Hour / Minute} min"))
            : hours < 2 * Day ? About(hours / Hour, "h")
            : About(Round(seconds, Day) / Day, "days");
    }

    private static long Round(double seconds, long unit) => (long)Math.Round(seconds / unit, MidpointRounding.AwayFromZero) * unit;

    private static string About(long count, string unit) => Invariant($"about {count} {unit}");
}
