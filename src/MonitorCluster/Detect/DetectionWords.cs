using System.Globalization;
using MonitorCluster.Alert;
using MonitorCluster.TimeSeries.Detectors;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Detect;

/// <summary>What detection says, in sentences that a tired person understands.</summary>
internal static class DetectionWords
{
    public const string UnusualChannel = "unusual";
    public const string StuckChannel = "stuck";
    public const string StaleChannel = "stale";
    public const string IncidentChannel = "host";

    /// <summary>Steps by which a member must be later than the first one to rank half as high.</summary>
    public const double RankHalvesSteps = 10;

    /// <summary>Channels that an alert of one series may have.</summary>
    public static readonly string[] SeriesChannels = [UnusualChannel, StuckChannel, "down", "saturated", "filling"];

    private const int LabelCharactersMax = 200;
    private const int NamedMembers = 3;

    // Labels that every series of a node has: they tell two series of a host apart no better than the host does.
    private static readonly string[] Common = [LabelSet.NameLabel, LabelSet.HostLabel, "instance", "job"];

    /// <summary>Under which channel a member's own alert is kept.</summary>
    public static string AlertChannel(Cause cause) => cause switch
    {
        Cause.Down => "down",
        Cause.Saturated => "saturated",
        Cause.Filling => "filling",
        _ => UnusualChannel,
    };

    /// <summary>The word for what was unusual.</summary>
    public static string Channel(Cause cause, AnomalyChannel channel) => cause == Cause.Unusual ? Channel(channel) : AlertChannel(cause);

    /// <summary>The word for a channel of the model; empty for none.</summary>
    public static string Channel(AnomalyChannel channel) => channel switch
    {
        AnomalyChannel.Innovation => "jump",
        AnomalyChannel.Season or AnomalyChannel.SeasonLevel => "season",
        AnomalyChannel.Level => "level",
        AnomalyChannel.Variance => "restless",
        AnomalyChannel.Range => "range",
        _ => string.Empty,
    };

    /// <summary>Why a channel speaks, as the second half of a sentence.</summary>
    public static string Why(AnomalyChannel channel) => channel switch
    {
        AnomalyChannel.Innovation => "a jump away from the steps before it",
        AnomalyChannel.Season => "not what this hour is like",
        AnomalyChannel.SeasonLevel => "for dozens of steps not what these hours are like",
        AnomalyChannel.Level => "for dozens of steps on one side of its level",
        AnomalyChannel.Variance => "more restless than it used to be",
        AnomalyChannel.Range => "outside everything seen so far",
        _ => "as ever",
    };

    /// <summary>One member of an incident.</summary>
    public static string Member(in SignalMember member, LabelSet labels, in MetricClass metric)
    {
        string subject = Subject(labels, metric), unit = metric.IsCounter ? "/s" : string.Empty;
        return member.Cause switch
        {
            Cause.Down => $"{subject} does not answer",
            Cause.Saturated => $"{subject} stands at its bound: {Number(member.Value)}{unit} of {Number(member.Detail)}",
            Cause.Filling => $"{subject} runs out in {TimeWords.Left(member.Detail)}: {Number(member.Value)} left",
            _ => $"{subject} was {Number(member.Value)}{unit}, expected {Number(member.Low)} to {Number(member.High)}: {Why(member.Channel)}",
        };
    }

    /// <summary>An incident.</summary>
    /// <param name="host">The host's name.</param>
    /// <param name="ranked">Its members, most probable cause first.</param>
    /// <param name="scored">Series of the host that are scored.</param>
    public static string Incident(string host, IReadOnlyList<IncidentMember> ranked, int scored)
    {
        if (ranked.Count == 0)
        {
            return $"{Host(host)} is unusual";
        }

        string first = ranked[0].Reason;
        string[] others = [.. ranked.Skip(1).Select(Name).Where(n => n != Name(ranked[0])).Distinct().Take(NamedMembers)];
        string rest = others.Length == 0
            ? string.Empty
            : string.Create(CultureInfo.InvariantCulture, $"; also {string.Join(", ", others)} ({ranked.Count} of {scored} series)");
        return first + rest;
    }

    private static string Name(IncidentMember member) => MetricClass.Of(member.Labels.Metric, member.Labels["mode"]).NameOr(member.Labels.Metric);

    /// <summary>An incident that is over.</summary>
    public static string Over(string host, AlertRecord last, long nowMs) => string.Create(
        CultureInfo.InvariantCulture,
        $"{Host(host)} is as ever again after {Seconds(nowMs - last.StartsAtMs)} s ({last.MemberCount} series were unusual); it was: {last.Summary}");

    /// <summary>An incident whose host is silent.</summary>
    public static string Lost(string host, AlertRecord last) => $"{Host(host)} is silent, nothing more is known; it was: {last.Summary}";

    /// <summary>A series that stands still.</summary>
    public static AlertRecord Stuck(LabelSet labels, in MetricClass metric, double value, long endMs, long lastingMs) => new()
    {
        Id = string.Empty,
        Status = AlertStatus.Firing,
        Severity = AlertSeverity.Info,
        Kind = AlertKind.Anomaly,
        Labels = labels,
        Channel = StuckChannel,
        StartsAtMs = endMs - lastingMs,
        Value = value,
        Summary = $"{Subject(labels, metric)} stands at {Number(value)} for {Seconds(lastingMs)} s, though it used to change all the time",
    };

    /// <summary>A host that is silent.</summary>
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
        Summary = $"{Host(labels.Host)} has sent nothing for {Seconds(nowMs - rule.NewestMs)} s, expected within {Seconds((long)rule.LimitMs)} s",
    };

    /// <summary>How a sentence calls a series.</summary>
    public static string Subject(LabelSet labels, in MetricClass metric)
    {
        string rest = string.Join(", ", labels.Labels.Where(l => !Common.Contains(l.Name)).Select(l => $"{l.Name} {l.Value}"));
        rest = rest.Length > LabelCharactersMax ? rest[..LabelCharactersMax] + "…" : rest; // the labels themselves are in the alert
        string name = metric.NameOr(labels.Metric);
        return rest.Length > 0 ? $"{name} ({rest}) on {Host(labels.Host)}" : $"{name} on {Host(labels.Host)}";
    }

    /// <summary>A number for people.</summary>
    public static string Number(double value) => Math.Abs(value) switch
    {
        >= 1e15 => value.ToString("0.##e0", CultureInfo.InvariantCulture),
        >= 100 => value.ToString("#,0", CultureInfo.InvariantCulture),
        >= 0.01 or 0 => value.ToString("0.##", CultureInfo.InvariantCulture),
        _ => value.ToString("0.##e0", CultureInfo.InvariantCulture),
    };

    private static string Host(string host) => host.Length > 0 ? host : "an unnamed host";

    private static string Seconds(long ms) => (ms / 1000.0).ToString("0.#", CultureInfo.InvariantCulture);
}
