using Microsoft.Data.Sqlite;

namespace MonitorCluster.Cluster.Storage.Sqlite;

/// <summary>SQLite's side of the store's statements.</summary>
/// <remarks>
/// Every write transaction is <c>BEGIN IMMEDIATE</c>: it is exclusive among all connections and processes, so the row locks are left out.
/// Times are whole milliseconds since 1970.
/// </remarks>
public static class SqliteDialect
{
    /// <summary>How long a statement waits for another writer before the store counts as unavailable, in milliseconds.</summary>
    public const int BusyTimeoutMs = 5_000;

    private const int NotADatabase = 26;
    private const string Now = "(CAST((julianday('now')-2440587.5)*86400000 AS INTEGER))";

    // ERROR, TOOBIG, CONSTRAINT, MISMATCH, MISUSE, RANGE
    private static readonly int[] s_mistakes = [1, 18, 19, 20, 21, 25];

    /// <summary>The dialect of a SQLite file with the database's own clock.</summary>
    public static StoreDialect Default { get; } = Create(Now, BusyTimeoutMs);

    /// <summary>A dialect whose <c>{now}</c> is another expression, for instance a function that a simulation registered.</summary>
    /// <param name="nowExpression">An SQL expression giving milliseconds since 1970.</param>
    /// <param name="busyTimeoutMs">How long to wait for another writer; 0 not at all.</param>
    public static StoreDialect Create(string nowExpression, int busyTimeoutMs) => new()
    {
        Name = "sqlite",
        Macros = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["share"] = "",
            ["update"] = "",
            ["now"] = nowExpression,
            ["ms"] = "1",
            ["age_ms"] = $"({nowExpression} - at)",
            ["created_age_ms"] = $"({nowExpression} - created_at)",
            ["ended_age_ms"] = $"({nowExpression} - ended_at)",
            ["paused_age_ms"] = $"({nowExpression} - paused_at)",
            ["never"] = "0",
            ["bigint"] = "INTEGER",
            ["int"] = "INTEGER",
            ["smallint"] = "INTEGER",
            ["double"] = "REAL",
            ["bytea"] = "BLOB",
            ["uuid"] = "TEXT",
            ["json"] = "TEXT",
            ["time"] = "INTEGER",
            ["identity"] = "INTEGER PRIMARY KEY AUTOINCREMENT",
            ["hot"] = "",
            ["unlogged"] = "",
        },

        // The first two only take effect before the first table exists; without auto_vacuum retention would never shrink the file.
        OpeningStatements =
        [
            $"PRAGMA busy_timeout = {busyTimeoutMs}",
            "PRAGMA page_size = 8192",
            "PRAGMA auto_vacuum = INCREMENTAL",
            "PRAGMA journal_mode = WAL",
            "PRAGMA synchronous = FULL",
            "PRAGMA foreign_keys = ON",
        ],
        AfterCreate = [],
        CountClusterTables = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'cluster'",
        BeginWrite = "BEGIN IMMEDIATE",
        BeginRead = "BEGIN",
        BackupTo = "VACUUM INTO @path",
        ReclaimPages = "PRAGMA incremental_vacuum({pages})",
        TruncateLog = "PRAGMA wal_checkpoint(TRUNCATE)",
        Classify = Classify,
    };

    /// <summary>Result codes by https://www.sqlite.org/rescode.html; whatever is not plainly our mistake counts as an outage.</summary>
    private static StoreFailure Classify(Exception e) => e switch
    {
        SqliteException { SqliteErrorCode: NotADatabase } => StoreFailure.NotAStore,
        SqliteException sqlite when s_mistakes.Contains(sqlite.SqliteErrorCode) => StoreFailure.Program,
        SqliteException => StoreFailure.Unavailable,
        IOException or UnauthorizedAccessException or TimeoutException => StoreFailure.Unavailable,
        _ => StoreFailure.Program,
    };
}
