namespace MonitorCluster.Stream;

/// <summary>
/// A source gives a batch to the collector. Exactly one of <see cref="SamplesLogged"/> and <see cref="SamplesRefused"/> is told to the sender.
/// </summary>
/// <param name="Batch">The samples; they belong to the collector from now on, also when it refuses them.</param>
/// <param name="Protocol">How they came (<c>native</c>, <c>remote_write</c>, <c>otlp</c> ...): the label of the ingest counters.</param>
/// <param name="WaitDurable">Answer after the journal commit of every section of the batch, and not already after the WAL's fsync.</param>
/// <param name="Tag">Comes back with the answer; null for a source that does not listen to it.</param>
public sealed record SubmitSamples(SampleBatch Batch, string Protocol, bool WaitDurable, object? Tag);

/// <summary>The batch is acknowledged: synced in this node's WAL, or journalled when the source asked to wait for that.</summary>
/// <param name="Tag">What the source gave.</param>
public sealed record SamplesLogged(object? Tag);

/// <summary>
/// Nothing of the batch was taken (but see <see cref="SubmitRefusal.Interrupted"/> and <see cref="SubmitRefusal.WalFailed"/>); the source may
/// offer the samples again later, in a new batch.
/// </summary>
/// <param name="Tag">What the source gave.</param>
/// <param name="Reason">Why.</param>
public sealed record SamplesRefused(object? Tag, SubmitRefusal Reason);

/// <summary>Why the collector took nothing of a batch.</summary>
public enum SubmitRefusal
{
    /// <summary>The WAL holds as much as it may (<c>wal_full</c>): owners or the store have been away for long.</summary>
    WalFull,

    /// <summary>
    /// The disk refuses writes or syncs (<c>wal_failed</c>); it is tried again without a restart. Should the node die before the disk works again,
    /// the batch may be in the log all the same: nobody can say what a disk kept that did not answer.
    /// </summary>
    WalFailed,

    /// <summary>The log is being opened (<c>starting</c>).</summary>
    Starting,

    /// <summary>More bytes wait for the next fsync than the collector may hold (<c>overloaded</c>).</summary>
    Overloaded,

    /// <summary>The batch alone is over the limit of one batch (<c>too_large</c>).</summary>
    TooLarge,

    /// <summary>The collector was restarted before it could answer (<c>interrupted</c>): the batch may be in the log all the same.</summary>
    Interrupted,
}
