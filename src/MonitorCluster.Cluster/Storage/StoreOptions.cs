using System.ComponentModel.DataAnnotations;

namespace MonitorCluster.Cluster.Storage;

/// <summary>Where the cluster's state is kept.</summary>
public sealed class StoreOptions : IValidatableObject
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Store";

    /// <summary>Which database: a SQLite file for the nodes of one host, or a PostgreSQL database for many hosts.</summary>
    /// <value>Default <c>sqlite</c>; this version knows no other yet.</value>
    [Required]
    [AllowedValues("sqlite", ErrorMessage = "Store:Provider must be 'sqlite'.")]
    public string Provider { get; set; } = "sqlite";

    /// <summary>The path of the SQLite file, relative to the working directory.</summary>
    /// <value>Default empty: <c>{Node:DataDir}/monitorcluster.db</c>.</value>
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

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (ConnectionString.Contains('=', StringComparison.Ordinal) && Provider == "sqlite")
        {
            yield return new ValidationResult(
                $"Store:ConnectionString ('{ConnectionString}') must be the path of a file for provider sqlite, without keywords.",
                [nameof(ConnectionString)]);
        }
    }
}
