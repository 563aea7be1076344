using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Alert;

/// <summary>What became of an acknowledgement.</summary>
public enum AcknowledgeOutcome
{
    /// <summary>The alert is now, or was already, acknowledged.</summary>
    Acknowledged,

    /// <summary>No alert with this id is open.</summary>
    NotOpen,

    /// <summary>The alert is pending: there is nothing yet that anybody was told of.</summary>
    Pending,
}

/// <summary>The alert log and the open alerts of the whole cluster, as the API of any node serves them. Safe for any thread.</summary>
public interface IAlertFeed
{
    /// <summary>The newest number of the log that this node has heard of; 0 when nothing was ever logged.</summary>
    long NewestSequence { get; }

    /// <summary>Whether the node has heard how far the log goes; before that the number means nothing.</summary>
    bool IsAnnounced { get; }

    /// <summary>Completes when the node has heard how far the log goes.</summary>
    Task WaitUntilAnnouncedAsync(CancellationToken cancellationToken);

    /// <summary>Logged transitions with a number above <paramref name="after"/>, ascending, at most <paramref name="limit"/>.</summary>
    Task<AlertLogPage> ReadLogAsync(long after, int limit, CancellationToken cancellationToken);

    /// <summary>Completes when the log holds a number above <paramref name="after"/>, at once when it already does.</summary>
    Task WaitForNewAsync(long after, CancellationToken cancellationToken);

    /// <summary>All open alerts, pending ones and those not yet in the log (no number) among them.</summary>
    /// <param name="takesPart">Whether the alerts of shards that nobody serves now may be missing.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="QueryException">Kind unavailable: nobody serves some shards.</exception>
    Task<OpenAlerts> OpenAlertsAsync(bool takesPart, CancellationToken cancellationToken);

    /// <summary>Acknowledges an open alert; completes when the transition is durable.</summary>
    /// <exception cref="QueryException">Kind unavailable: nobody serves the alert's shard.</exception>
    Task<AcknowledgeOutcome> AcknowledgeAsync(string id, string by, string comment, CancellationToken cancellationToken);
}

/// <summary>A piece of the alert log, as the store has it.</summary>
/// <param name="Rows">The transitions, ascending. Numbers have no holes: what is missing before the first one was deleted by retention.</param>
/// <param name="Newest">The newest number, read before the rows: when it is above what was asked from and there are no rows, retention took them all.</param>
public sealed record AlertLogPage(IReadOnlyList<AlertRecord> Rows, long Newest);

/// <summary>The open alerts.</summary>
/// <param name="Alerts">The alerts.</param>
/// <param name="Warnings">What is missing and why; empty when nothing is.</param>
public sealed record OpenAlerts(IReadOnlyList<AlertRecord> Alerts, IReadOnlyList<string> Warnings);
