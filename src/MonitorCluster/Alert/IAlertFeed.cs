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

/// <summary>The alert log and the open alerts, as the API serves them. Safe for any thread.</summary>
public interface IAlertFeed
{
    /// <summary>The oldest number the log still holds; 1 more than the newest when the log is empty.</summary>
    long OldestSequence { get; }

    /// <summary>The newest number of the log; 0 when nothing was ever logged.</summary>
    long NewestSequence { get; }

    /// <summary>Whether the node has read what the log holds; before that the two numbers mean nothing.</summary>
    bool IsAnnounced { get; }

    /// <summary>Completes when the node has read what the log holds.</summary>
    Task WaitUntilAnnouncedAsync(CancellationToken cancellationToken);

    /// <summary>Logged transitions with a number above <paramref name="after"/>, ascending, at most <paramref name="limit"/>.</summary>
    Task<IReadOnlyList<AlertRecord>> ReadLogAsync(long after, int limit, CancellationToken cancellationToken);

    /// <summary>Completes when the log holds a number above <paramref name="after"/>, at once when it already does.</summary>
    Task WaitForNewAsync(long after, CancellationToken cancellationToken);

    /// <summary>All open alerts, pending ones and those not yet in the log (no number) among them.</summary>
    /// <exception cref="QueryException">Kind unavailable: the node is still loading what it holds.</exception>
    Task<IReadOnlyList<AlertRecord>> OpenAlertsAsync(CancellationToken cancellationToken);

    /// <summary>Acknowledges an open alert; completes when the transition is durable.</summary>
    /// <exception cref="QueryException">Kind unavailable: the node is still loading what it holds.</exception>
    Task<AcknowledgeOutcome> AcknowledgeAsync(string id, string by, string comment, CancellationToken cancellationToken);
}
