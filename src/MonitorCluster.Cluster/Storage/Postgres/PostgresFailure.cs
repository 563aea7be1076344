using System.Net.Sockets;
using Npgsql;

namespace MonitorCluster.Cluster.Storage.Postgres;

/// <summary>Says what Npgsql's exceptions mean, by https://www.postgresql.org/docs/current/errcodes-appendix.html.</summary>
internal static class PostgresFailure
{
    private const string IdleInTransaction = "25P03"; // our own bound: this node was stopped in the middle of a transaction

    internal static StoreFailure Classify(Exception e) => e switch
    {
        PostgresException postgres => Classify(postgres.SqlState),
        NpgsqlException { IsTransient: true } => StoreFailure.Unavailable,
        NpgsqlException { InnerException: SocketException or IOException or TimeoutException } => StoreFailure.Unavailable,

        // The server was reached and it did not come to a session: TLS or authentication that one side wants and the other has not.
        NpgsqlException => StoreFailure.Denied,
        SocketException or IOException or TimeoutException => StoreFailure.Unavailable,
        _ => StoreFailure.Program,
    };

    private static StoreFailure Classify(string sqlState) => sqlState switch
    {
        // Wrong login, no such database, no such schema or none to create in, no right.
        PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification or PostgresErrorCodes.InvalidCatalogName
            or PostgresErrorCodes.InvalidSchemaName or PostgresErrorCodes.InsufficientPrivilege => StoreFailure.Denied,

        // A standby, or a primary that was demoted under us: some node is the primary, or becomes it.
        PostgresErrorCodes.ReadOnlySqlTransaction or PostgresErrorCodes.LockNotAvailable or IdleInTransaction => StoreFailure.Unavailable,
        _ => sqlState[..2] switch
        {
            "08" // connection
                or "40" // serialisation, deadlock: rolled back
                or "53" // too many connections, memory, disk full
                or "57" // shutting down, starting up, cancelled
                or "58" // I/O error
                or "XX" // damage inside; the database's administrators see it too
                => StoreFailure.Unavailable,
            _ => StoreFailure.Program,
        },
    };
}
