using System.Globalization;
using MonitorCluster.Alert;
using MonitorCluster.TimeSeries.Detectors;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Detect;

/// <summary>Turns what the rules found into alerts with a sentence that a tired person understands.</summary>
internal static class DetectionAlerts
{
    public const string LevelChannel = "level";
    public const string StuckChannel = "stuck";
    public const string StaleChannel = "stale";

    // Labels that every series of a node has: they tell two series of a host apart no better than the host does.
    private static readonly string[] Common = [LabelSet.NameLabel, LabelSet.HostLabel, "instance", "job"];

    public static void Apply(
        AlertBook book, LabelSet labels, in MetricClass metric, in StepOutcome outcome, in SeriesDetector detector, DetectorSettings settings)
    {
        if (outcome.Before != outcome.After)
        {
            ApplyLevel(book, labels, metric, outcome, settings);
        }

        if (outcome.StuckAfter && !outcome.StuckBefore)
        {
            book.Raise(Stuck(labels, metric, outcome, detector.StuckSteps * settings.StepMs), outcome.EndMs);
        }
        else if (outcome.StuckBefore && !outcome.StuckAfter)
        {
            book.Resolve(labels, StuckChannel, $"{Subject(labels, metric)} moves again: {Number(outcome.Value)}", outcome.Value, outcome.EndMs);
        }
    }

    public static AlertRecord Stale(LabelSet labels, in StaleRule rule, long nowMs) => new()
    {
        Id = string.Empty,
        Status = AlertStatus.Firing,
        Severity = AlertSeverity.Warning,
        Kind = AlertKind.Stale,
        Labels = labels,
        Channel = StaleChannel,
        StartsAtMs = rule.NewestMs,
        Value = (nowMs - rule.NewestMs) / 1000.0,
        Expected = rule.LimitMs / 1000.0,
        Notify = true,
        Summary = $"{Host(labels)} has sent nothing for {Seconds(nowMs - rule.NewestMs)} s, expected within {Seconds((long)rule.LimitMs)} s",
    };

    private static void ApplyLevel(AlertBook book, LabelSet labels, in MetricClass metric, in StepOutcome outcome, DetectorSettings settings)
    {
        string subject = Subject(labels, metric);
        switch (outcome.After)
        {
            // Firing may fall back only to Normal; a step that is no longer pending ends the pending alert the same way.
            case DetectionState.Normal:
                string end = outcome.Before == DetectionState.Firing && outcome.Score >= settings.CloseScore
                    ? $"{subject} stays at {Number(outcome.Value)}: taken as the new expected level"
                    : $"{subject} is back at {Number(outcome.Value)}";
                book.Resolve(labels, LevelChannel, end, outcome.Value, outcome.EndMs);
                break;
            default:
                bool firing = outcome.After == DetectionState.Firing;
                long lastingMs = (firing ? 3 : 2) * settings.StepMs;
                book.Raise(
                    new AlertRecord
                    {
                        Id = string.Empty,
                        Status = firing ? AlertStatus.Firing : AlertStatus.Pending,
                        Severity = !firing ? AlertSeverity.Info : labels.Metric == "up" ? AlertSeverity.Critical : AlertSeverity.Warning,
                        Kind = AlertKind.Anomaly,
                        Labels = labels,
                        Channel = LevelChannel,
                        StartsAtMs = outcome.EndMs - lastingMs,
                        Value = outcome.Value,
                        Expected = outcome.Expected,
                        BandLow = outcome.Low,
                        BandHigh = outcome.High,
                        Score = outcome.Score,
                        Summary = $"{subject} is {Number(outcome.Value)}{(metric.IsCounter ? "/s" : string.Empty)}, "
                            + $"expected {Number(outcome.Low)} to {Number(outcome.High)}, for {Seconds(lastingMs)} s",
                    },
                    outcome.EndMs);
                break;
        }
    }

    private static AlertRecord Stuck(LabelSet labels, in MetricClass metric, in StepOutcome outcome, long lastingMs) => new()
    {
        Id = string.Empty,
        Status = AlertStatus.Firing,
        Severity = AlertSeverity.Info,
        Kind = AlertKind.Anomaly,
        Labels = labels,
        Channel = StuckChannel,
        StartsAtMs = outcome.EndMs - lastingMs,
        Value = outcome.Value,
        Summary = $"{Subject(labels, metric)} stands at {Number(outcome.Value)} for {Seconds(lastingMs)} s, though it used to change all the time",
    };

    private const int LabelCharactersMax = 200;

    private static string Subject(LabelSet labels, in MetricClass metric)
    {
        string name = metric.Name.Length > 0 ? metric.Name : labels.Metric;
        string rest = string.Join(", ", labels.Labels.Where(l => !Common.Contains(l.Name)).Select(l => $"{l.Name} {l.Value}"));
        rest = rest.Length > LabelCharactersMax ? rest[..LabelCharactersMax] + "…" : rest; // the labels themselves are in the alert
        return rest.Length > 0 ? $"{name} ({rest}) on {Host(labels)}" : $"{name} on {Host(labels)}";
    }

    private static string Host(LabelSet labels) => labels.Host.Length > 0 ? labels.Host : "an unnamed host";

    private static string Seconds(long ms) => (ms / 1000.0).ToString("0.#", CultureInfo.InvariantCulture);

    private static string Number(double value) => Math.Abs(value) switch
    {
        >= 1e15 => value.ToString("0.##e0", CultureInfo.InvariantCulture),
        >= 100 => value.ToString("#,0", CultureInfo.InvariantCulture),
        >= 0.01 or 0 => value.ToString("0.##", CultureInfo.InvariantCulture),
        _ => value.ToString("0.##e0", CultureInfo.InvariantCulture),
    };
}
