using System.ComponentModel.DataAnnotations;
using MonitorCluster.Cluster.Storage.Postgres;
using MonitorCluster.Cluster.Storage.Sqlite;

namespace MonitorCluster.Cluster.Storage;

/// <summary>Where the cluster's state is kept.</summary>
public sealed class StoreOptions : IValidatableObject
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Store";

    /// <summary>The provider of a SQLite file.</summary>
    public const string Sqlite = "sqlite";

    private const string Postgresql = "postgresql";

    /// <summary>Which database: a SQLite file for the nodes of one host, or a PostgreSQL database for many hosts.</summary>
    /// <value>Default <c>sqlite</c>; or <c>postgresql</c>.</value>
    [Required]
    [AllowedValues(Sqlite, Postgresql, ErrorMessage = "Store:Provider must be 'sqlite' or 'postgresql'.")]
    public string Provider { get; set; } = Sqlite;

    /// <summary>The path of the SQLite file, relative to the working directory; or Npgsql's keywords for a PostgreSQL database.</summary>
    /// <value>Default empty: <c>{Node:DataDir}/monitorcluster.db</c>. PostgreSQL needs at least Host and Database.</value>
    public string ConnectionString { get; set; } = string.Empty;

    /// <summary>The write-ahead log's size from which it is emptied into the database.</summary>
    /// <value>Default 64 MiB; 1 MiB to 16 GiB.</value>
    [Range(1L << 20, 1L << 34)]
    public long CheckpointBytes { get; set; } = 64L << 20;

    /// <summary>How long entries of the alert log are kept.</summary>
    /// <value>Default 30 d; 1 h to 3650 d.</value>
    [Range(typeof(TimeSpan), "01:00:00", "3650.00:00:00")]
    public TimeSpan AlertLogRetention { get; set; } = TimeSpan.FromDays(30);

    /// <summary>The database file of a node.</summary>
    /// <param name="dataDirectory">The node's data directory.</param>
    public string SqlitePath(string dataDirectory) =>
        ConnectionString.Length > 0 ? Path.GetFullPath(ConnectionString) : Path.Combine(Path.GetFullPath(dataDirectory), "monitorcluster.db");

    /// <summary>The way to the database; opens nothing yet.</summary>
    /// <param name="dataDirectory">The node's data directory, where a SQLite file is by default.</param>
    public IStoreConnections CreateConnections(string dataDirectory) =>
        Provider == Postgresql ? new PostgresConnections(ConnectionString) : new SqliteConnections(SqlitePath(dataDirectory));

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Provider == Sqlite && ConnectionString.Contains('=', StringComparison.Ordinal))
        {
            // Not shown: whoever wrote keywords may have written a password.
            yield return new ValidationResult(
                "Store:ConnectionString must be the path of a file for provider sqlite, without keywords.", [nameof(ConnectionString)]);
        }
        else if (Provider == Postgresql && PostgresConnections.Problem(ConnectionString) is { } problem)
        {
            yield return new ValidationResult($"Store:ConnectionString cannot be used for provider postgresql: {problem}", [nameof(ConnectionString)]);
        }
    }
}
