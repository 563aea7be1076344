namespace MonitorCluster.Cluster.Storage;

/// <summary>The cluster's store: membership, shard ownership, journal, blocks and alerts in one SQL database.</summary>
/// <remarks>
/// <para>
/// <b>The database is the only arbiter.</b> Incarnations, lease epochs, shard epochs and alert numbers are handed out by it; no clock of ours decides anything.
/// </para>
/// <para>
/// <b>One fence.</b> Every durable write of a shard first locks the shard's ownership row (<c>owner = me AND epoch = e</c>) in the same transaction.
/// A take-over
/// updates that row, so it either comes after the whole write, and its reader sees it, or before, and the write leaves the shard out. Without the
/// lock, check and
/// insert are two snapshots, and a new owner can load the shard before the old owner's last row appears.
/// </para>
/// <para>
/// <b>Lock order</b> everywhere: lease, cluster, shard rows ascending, alert_seq last. A change of member status or shard ownership raises
/// <c>cluster.version</c> first, whose row lock makes the order of versions the order of commits: whoever reads <c>version &gt; known</c> misses nothing.
/// </para>
/// <para>
/// <b>Failures.</b> <see cref="StoreUnavailableException"/> means back off and repeat; the transaction may or may not have happened, and every method
/// here may be
/// repeated after it (<see cref="FlushRetry"/> instead of <see cref="Flush"/>). Fenced is an outcome and final. Anything else thrown is an error of
/// the program.
/// </para>
/// Synchronous and not thread-safe: one actor on a thread of its own. A second instance on a second connection may read meanwhile.
/// </remarks>
public sealed partial class SqlStore : IDisposable
{
    private const string BumpVersion = "UPDATE cluster SET version = version + 1 RETURNING version";

    private readonly StoreSession _session;
    private readonly IStoreConnections _connections;

    /// <summary>Nothing is opened before the first call.</summary>
    public SqlStore(IStoreConnections connections)
    {
        ArgumentNullException.ThrowIfNull(connections);
        _connections = connections;
        _session = new StoreSession(connections);
    }

    internal StoreDialect Dialect => _session.Dialect;

    /// <summary>Closes the connection, so that the next call opens a new one.</summary>
    public void Dispose() => _session.Dispose();

    /// <summary>Serialises this transaction with every other that changes members or shard owners, before it is known whether the version rises.</summary>
    private void LockCluster() => _session.Number("SELECT version FROM cluster {update}");

    private long Bump() => _session.Number(BumpVersion) ?? throw new InvalidOperationException("The store has no cluster row.");
}
