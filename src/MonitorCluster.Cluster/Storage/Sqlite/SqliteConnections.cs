using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace MonitorCluster.Cluster.Storage.Sqlite;

/// <summary>Opens connections to one SQLite file, which may be shared by several processes of one host.</summary>
/// <remarks>Thread-safe; the connections are not.</remarks>
public sealed class SqliteConnections : IStoreConnections
{
    private readonly string _connectionString;

    /// <summary>For the file at <paramref name="path"/>; its folder must exist, the file need not.</summary>
    public SqliteConnections(string path, StoreDialect? dialect = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        Path = System.IO.Path.GetFullPath(path);
        Dialect = dialect ?? SqliteDialect.Default;
        _connectionString = new SqliteConnectionStringBuilder
        {
            DataSource = Path,
            Mode = SqliteOpenMode.ReadWriteCreate,
            Pooling = false, // a dropped connection must really close, or its transaction would go on holding the write lock
            DefaultTimeout = Math.Max(1, SqliteDialect.BusyTimeoutMs / 1000),
        }.ToString();
    }

    /// <summary>The full path of the database file.</summary>
    public string Path { get; }

    /// <inheritdoc/>
    public StoreDialect Dialect { get; }

    /// <inheritdoc/>
    public string Description => Path;

    /// <inheritdoc/>
    public long WriteAheadLogBytes
    {
        get
        {
            FileInfo log = new(Path + "-wal");
            return log.Exists ? log.Length : 0;
        }
    }

    /// <inheritdoc/>
    public DbConnection Open()
    {
        SqliteConnection connection = new(_connectionString);
        try
        {
            connection.Open();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }
}
