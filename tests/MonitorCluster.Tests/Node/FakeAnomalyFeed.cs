using MonitorCluster.Alert;
using MonitorCluster.TimeSeries.Model;
using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Tests.Node;

/// <summary>Answers what it was told to, and writes down what it was asked.</summary>
internal sealed class FakeAnomalyFeed : IAnomalyFeed
{
    public static readonly LabelSet Load = LabelSet.Create("node_load1", ("host", "web-1"));

    public List<SeriesVerdict> Verdicts { get; } = [];

    public List<Mute> Mutes { get; } = [];

    public List<AlertRecord> Incidents { get; } = [];

    public List<AlertRecord> Timeline { get; } = [];

    /// <summary>What is missing when the asker takes part of the answer.</summary>
    public List<string> Missing { get; } = [];

    public FeedbackResult Result { get; set; } = new(true, 3, []);

    public FeedbackCommand? Given { get; private set; }

    public string Asked { get; private set; } = "";

    /// <summary>A verdict with every field set.</summary>
    public static SeriesVerdict Unusual(string? incident = "1-1") => new()
    {
        Labels = Load,
        Phase = SeriesPhase.Unusual,
        StepSeconds = 5,
        Steps = 900,
        YoungSecondsLeft = 30,
        SinceMs = 1_700_000_000_000,
        Value = 8.5,
        Expected = 1,
        BandLow = 0.5,
        BandHigh = 1.5,
        Score = 7.25,
        SignalAt = 4,
        WarningAt = 6,
        Offset = 0.5,
        Channel = "jump",
        IsMuted = true,
        Incident = incident,
        Reason = "load on web-1 is 8.5, expected 0.5 to 1.5",
    };

    public static SeriesVerdict Learning() => new()
    {
        Labels = Load,
        Phase = SeriesPhase.Learning,
        StepSeconds = 5,
        Steps = 3,
        LearningSecondsLeft = 180,
        SignalAt = 4,
        WarningAt = 6,
        Reason = "too young",
    };

    /// <summary>An incident with one member.</summary>
    public static AlertRecord Incident(string id = "1-1", AlertStatus status = AlertStatus.Firing, long seq = 5) =>
        Tests.Alert.Alerts.Make(LabelSet.Create(new Label("host", "web-1")), status, id, seq, "incident") with
        {
            Kind = AlertKind.Incident,
            Summary = "web-1: load is unusual, with 1 more",
            MemberCount = 2,
            Members = [new IncidentMember(Load, "jump", 1_700_000_000_000, true, 7.25, 7.25, 8.5, 1, 0.5, 1.5, "load is 8.5, expected 0.5 to 1.5")],
        };

    public Task<SeriesVerdicts> VerdictsAsync(
        IReadOnlyList<IReadOnlyList<LabelMatcher>> selectors, bool all, int max, bool takesPart, CancellationToken cancellationToken)
    {
        Asked = $"{string.Join(";", selectors.Select(s => string.Join(",", s)))} all={all} max={max}";
        return Task.FromResult(new SeriesVerdicts([.. Verdicts.Take(max)], Verdicts.Count > max, takesPart ? Missing : []));
    }

    public Task<Mutes> MutesAsync(bool takesPart, CancellationToken cancellationToken) =>
        Task.FromResult(new Mutes(Mutes, takesPart ? Missing : []));

    public Task<FeedbackResult> GiveAsync(FeedbackCommand command, CancellationToken cancellationToken)
    {
        Given = command;
        return Task.FromResult(Result);
    }

    public Task<Incidents> IncidentsAsync(IncidentStatus status, long? before, int limit, bool takesPart, CancellationToken cancellationToken)
    {
        Asked = $"{status} before={before} limit={limit}";
        return Task.FromResult(new Incidents([.. Incidents.Take(limit)], Incidents.Count > limit, takesPart ? Missing : []));
    }

    public Task<IncidentHistory?> IncidentAsync(string id, CancellationToken cancellationToken) =>
        Task.FromResult(Incidents.FirstOrDefault(a => a.Id == id) is { } found ? new IncidentHistory(found, Timeline, false, []) : null);
}
