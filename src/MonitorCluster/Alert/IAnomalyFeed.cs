using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Alert;

/// <summary>Which incidents are asked for.</summary>
public enum IncidentStatus
{
    /// <summary>Open ones first, then those that ended.</summary>
    All,

    /// <summary>Those that last.</summary>
    Open,

    /// <summary>Those that ended and are still in the alert log.</summary>
    Resolved,
}

/// <summary>What detection thinks of the whole cluster's series, its incidents, and what people say to it, for the API of any node.</summary>
/// <remarks>
/// Safe for any thread.
/// <c>takesPart</c>: whether what nobody serves now may be missing; else it ends the question with <see cref="QueryException"/> of kind unavailable.
/// </remarks>
public interface IAnomalyFeed
{
    /// <summary>The verdicts about matching series: unusual ones first, of these the largest scores first, then learning ones, then the rest.</summary>
    /// <param name="selectors">Series that match one of them; every series when there is none.</param>
    /// <param name="all">Also series that are not unusual.</param>
    /// <param name="max">Verdicts to give, the first in that order.</param>
    /// <param name="takesPart">See the remarks.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    Task<SeriesVerdicts> VerdictsAsync(
        IReadOnlyList<IReadOnlyList<LabelMatcher>> selectors, bool all, int max, bool takesPart, CancellationToken cancellationToken);

    /// <summary>The mutes that have not ended, the first to end first.</summary>
    Task<Mutes> MutesAsync(bool takesPart, CancellationToken cancellationToken);

    /// <summary>Says something about anomalies; completes when it is durable in every shard that it concerns and that somebody serves.</summary>
    /// <exception cref="QueryException">
    /// Kind bad_data: the selector is none; kind unavailable: nobody serves any shard that it concerns, or one may have what was not found elsewhere.
    /// </exception>
    Task<FeedbackResult> GiveAsync(FeedbackCommand command, CancellationToken cancellationToken);

    /// <summary>Incidents and stale hosts; open ones newest first and with members as they stand, resolved ones newest end first.</summary>
    /// <param name="status">Which.</param>
    /// <param name="before">Resolved ones with a lower number in the log than this; null for the newest.</param>
    /// <param name="limit">Most to give, at least 1.</param>
    /// <param name="takesPart">See the remarks.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    Task<Incidents> IncidentsAsync(IncidentStatus status, long? before, int limit, bool takesPart, CancellationToken cancellationToken);

    /// <summary>One incident or stale host and what the log says of it.</summary>
    /// <returns>Null when neither its shard nor the log has it.</returns>
    Task<IncidentHistory?> IncidentAsync(string id, CancellationToken cancellationToken);
}

/// <summary>What detection thinks.</summary>
/// <param name="Verdicts">The verdicts.</param>
/// <param name="IsCut">Whether there are more than were asked for.</param>
/// <param name="Warnings">What is missing and why; empty when nothing is.</param>
public sealed record SeriesVerdicts(IReadOnlyList<SeriesVerdict> Verdicts, bool IsCut, IReadOnlyList<string> Warnings);

/// <summary>The mutes.</summary>
/// <param name="All">Each once.</param>
/// <param name="Warnings">What is missing and why; empty when nothing is.</param>
public sealed record Mutes(IReadOnlyList<Mute> All, IReadOnlyList<string> Warnings);

/// <summary>What became of feedback.</summary>
/// <param name="IsFound">Whether anything that it names exists.</param>
/// <param name="Series">Series that it concerns now, in all shards.</param>
/// <param name="Warnings">Which shards did not hear it and why; empty when all did.</param>
public sealed record FeedbackResult(bool IsFound, int Series, IReadOnlyList<string> Warnings);

/// <summary>Incidents.</summary>
/// <param name="All">The incidents.</param>
/// <param name="IsCut">Whether there are, or may be, more than were asked for.</param>
/// <param name="Warnings">What is missing and why; empty when nothing is.</param>
public sealed record Incidents(IReadOnlyList<AlertRecord> All, bool IsCut, IReadOnlyList<string> Warnings);

/// <summary>One incident.</summary>
/// <param name="Incident">As it stands, or stood at its end.</param>
/// <param name="Timeline">Its transitions and those of its members, oldest first.</param>
/// <param name="IsCut">Whether the timeline lacks older entries.</param>
/// <param name="Warnings">What is missing and why; empty when nothing is.</param>
public sealed record IncidentHistory(AlertRecord Incident, IReadOnlyList<AlertRecord> Timeline, bool IsCut, IReadOnlyList<string> Warnings);
