using System.Globalization;

namespace MonitorCluster.Cluster.Storage.Postgres;

/// <summary>PostgreSQL's side of the store's statements.</summary>
/// <remarks>
/// <para>
/// Transactions that write run at READ COMMITTED and lock what they judge: after a lock was waited for, the next statement sees what its holder committed.
/// Reads take one snapshot.
/// </para>
/// <para>
/// <b>Nobody holds a lock for long.</b> The server itself ends a session that waits for the next statement of a transaction (its node is stopped, or cut off
/// without a reset) and a wait for a lock; without that one frozen node would hold the cluster's rows until its connection dies, which can take hours.
/// Neither bound counts while the server waits for the rest of a batch of statements. A node that the network lost there is found by keep-alives; one that is
/// stopped still answers those, and its session is ended by the next one of ours that opens, which every one does that a lock has kept waiting too long.
/// </para>
/// </remarks>
public static class PostgresDialect
{
    // "monitor" in ASCII: one number for all stores of a database, as only creation takes it.
    private const long CreationLockKey = 0x6D_6F_6E_69_74_6F_72;

    /// <summary>The dialect with its default bounds.</summary>
    /// <remarks>Waiting for a lock ends before the client gives up (4 s), so that it is the server that says why.</remarks>
    public static StoreDialect Default { get; } = Create(lockTimeoutMs: 3_000, idleTimeoutMs: 5_000, frozenAfterMs: 12_000);

    /// <summary>A dialect with other bounds.</summary>
    /// <param name="lockTimeoutMs">How long a statement waits for a lock.</param>
    /// <param name="idleTimeoutMs">How long a transaction may wait for its next statement.</param>
    /// <param name="frozenAfterMs">How long it may wait for the rest of a batch; over what a client waits for the server to take bytes.</param>
    public static StoreDialect Create(int lockTimeoutMs, int idleTimeoutMs, int frozenAfterMs = 12_000) => new()
    {
        Name = "postgresql",
        Macros = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["share"] = "FOR SHARE",
            ["update"] = "FOR UPDATE",
            ["now"] = "now()",
            ["ms"] = "interval '1 millisecond'",
            ["age_ms"] = AgeMs("at"),
            ["created_age_ms"] = AgeMs("created_at"),
            ["ended_age_ms"] = AgeMs("ended_at"),
            ["paused_age_ms"] = AgeMs("paused_at"),
            ["never"] = "'-infinity'",
            ["bigint"] = "bigint",
            ["int"] = "integer",
            ["smallint"] = "smallint",
            ["double"] = "double precision",
            ["bytea"] = "bytea",
            ["uuid"] = "uuid",
            ["json"] = "json", // not jsonb, which would reorder and reformat: both databases give back the bytes that were written
            ["time"] = "timestamptz",
            ["identity"] = "bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY",

            // The fence rewrites these rows' headers with every flush, so they are vacuumed by count and not by a share of a small table.
            ["hot"] = " WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500)",
            ["unlogged"] = "UNLOGGED ",
        },
        OpeningStatements = [Settings(lockTimeoutMs, idleTimeoutMs), EndFrozen(frozenAfterMs)],

        // The bodies are compressed already, and reading the first bytes of one must not read it all.
        AfterCreate =
        [
            "ALTER TABLE journal ALTER body SET STORAGE EXTERNAL",
            "ALTER TABLE snapshot ALTER body SET STORAGE EXTERNAL",
            "ALTER TABLE block ALTER body SET STORAGE EXTERNAL",
        ],
        CountClusterTables = "SELECT count(*) FROM pg_class WHERE oid = to_regclass('cluster') AND relkind IN ('r', 'p')",
        CreationLock = $"SELECT pg_advisory_xact_lock({CreationLockKey})",
        BeginWrite = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE",
        BeginRead = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        Classify = PostgresFailure.Classify,
    };

    private static string AgeMs(string column) => $"CAST(extract(epoch FROM now() - {column}) * 1000 AS bigint)";

    // Durable means on the disk: a role or database set to synchronous_commit = off is overruled, a stronger setting is kept. The statement timeout is for
    // zombies only: a client that is alive gives up after 4 s without a byte.
    private static string Settings(int lockTimeoutMs, int idleTimeoutMs) => string.Create(
        CultureInfo.InvariantCulture,
        $"""
        SELECT set_config('lock_timeout', '{lockTimeoutMs}', false),
          set_config('idle_in_transaction_session_timeout', '{idleTimeoutMs}', false),
          set_config('statement_timeout', '60000', false),
          set_config('tcp_keepalives_idle', '5', false),
          set_config('tcp_keepalives_interval', '2', false),
          set_config('tcp_keepalives_count', '3', false),
          set_config('synchronous_commit', replace(current_setting('synchronous_commit'), 'off', 'on'), false)
        """);

    // Sessions of this program's, of the same role, which may end its own: in the middle of a batch and without a byte from the client for so long. Should one
    // be only slow, its client sees a lost connection and repeats, which is safe for every write.
    private static string EndFrozen(int frozenAfterMs) => string.Create(
        CultureInfo.InvariantCulture,
        $"""
        SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
        WHERE pid <> pg_backend_pid() AND datname = current_database() AND usename = current_user
          AND application_name = current_setting('application_name') AND state = 'active' AND wait_event = 'ClientRead'
          AND query_start < clock_timestamp() - {frozenAfterMs} * interval '1 millisecond'
        """);
}
