using System.Globalization;
using MonitorCluster.Alert;
using MonitorCluster.Node.Api;

namespace MonitorCluster.Node.Admin.Palettes;

/// <summary>Verdicts in words, as people read them at a prompt.</summary>
internal static class AnomalyWords
{
    /// <summary>Where a series stands, with the time that is left of it: <c>learning, 3 min left</c>.</summary>
    public static string Phase(SeriesVerdict verdict)
    {
        string name = AnomalyJson.Name(verdict.Phase);
        return verdict switch
        {
            { Phase: SeriesPhase.Learning, LearningSecondsLeft: { } left } => $"{name}, {Span(left)} left",
            { Phase: SeriesPhase.Unusual, SinceMs: { } since } => $"{name} since {AlertJson.Time(since)}{Young(verdict)}",
            { Phase: SeriesPhase.Unjudged } => name,
            _ => name + Young(verdict),
        };
    }

    /// <summary>A score beside its thresholds: <c>7.25 decades, over 4 (signal) and 6 (warning)</c>.</summary>
    public static string Score(SeriesVerdict verdict)
    {
        string beside = verdict.Score >= verdict.WarningAt ? "over {1} (signal) and {2} (warning)"
            : verdict.Score >= verdict.SignalAt ? "over {1} (signal), under {2} (warning)"
            : "under {1} (signal) and {2} (warning)";
        return string.Format(
            CultureInfo.InvariantCulture, "{0} decades, " + beside, Rounded(verdict.Score), Rounded(verdict.SignalAt), Rounded(verdict.WarningAt));
    }

    /// <summary>What was expected: <c>1, from 0.5 to 1.5</c>; null when nothing was.</summary>
    public static string? Expected(double? expected, double? bandLow, double? bandHigh)
    {
        string? band = bandLow is { } low && bandHigh is { } high
            ? string.Create(CultureInfo.InvariantCulture, $"from {Rounded(low)} to {Rounded(high)}")
            : null;
        return expected is not { } value ? band
            : band is null ? Rounded(value).ToString(CultureInfo.InvariantCulture)
            : string.Create(CultureInfo.InvariantCulture, $"{Rounded(value)}, {band}");
    }

    /// <summary>What a channel or a rule means.</summary>
    public static string Channel(string channel) => channel switch
    {
        "" => "nothing",
        "jump" => "jump: away from the last few steps",
        "season" => "season: unlike this hour of other days",
        "level" => "level: it has been elsewhere for a while",
        "restless" => "restless: it varies more than it used to",
        "range" => "range: beyond everything seen so far",
        "down" => "down: it says that something does not run",
        "saturated" => "saturated: nothing is left of it",
        "filling" => "filling: it will be full soon",
        "stale" => "stale: the host sends nothing",
        _ => channel,
    };

    /// <summary>A time span in its one best unit: <c>45 s</c>, <c>3 min</c>, <c>2 h</c>, <c>5 d</c>; rounded up, for it is what is left.</summary>
    public static string Span(double seconds) => seconds switch
    {
        < 90 => Whole(seconds, "s"),
        < 90 * 60 => Whole(seconds / 60, "min"),
        < 48 * 3_600 => Whole(seconds / 3_600, "h"),
        _ => Whole(seconds / 86_400, "d"),
    };

    /// <summary>Four digits: more say nothing to a person.</summary>
    public static double Rounded(double value) =>
        double.IsFinite(value) ? double.Parse(value.ToString("G4", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture) : value;

    /// <inheritdoc cref="Rounded(double)"/>
    public static double? Rounded(double? value) => value is { } number ? Rounded(number) : null;

    private static string Whole(double number, string unit) => string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(number)} {unit}");

    private static string Young(SeriesVerdict verdict) => verdict.YoungSecondsLeft is { } left ? $", young for {Span(left)} more" : string.Empty;
}
