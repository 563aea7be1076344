using System.Globalization;
using System.Net;
using Npgsql;

namespace MonitorCluster.Tests.Cluster.Storage.Postgres;

/// <summary>A private PostgreSQL on a free port of 127.0.0.1 in a temporary folder, which ends with this object.</summary>
/// <remarks>Started at the first use, so that a fixture of skipped tests starts nothing.</remarks>
public sealed class PostgresServer : IDisposable
{
    // Nothing here outlives the tests, so that nobody need wait for the disk.
    private const string Settings = "-c fsync=off";

    private readonly Lazy<PrivatePostgres> _running = new(() => Wait(() => PrivatePostgres.StartAsync([IPAddress.Loopback], Settings)));
    private int _databases;

    /// <summary>The port it listens on.</summary>
    public int Port => _running.Value.PortNumber;

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_running.IsValueCreated)
        {
            Wait(() => _running.Value.DisposeAsync().AsTask());
        }
    }

    /// <summary>Makes an empty place for a store: a schema of its own, which costs a tenth of a database and goes with the server.</summary>
    /// <returns>Its connection string.</returns>
    public string CreateDatabase()
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"store{Interlocked.Increment(ref _databases)}");
        Run($"CREATE SCHEMA {name}");
        return $"{ConnectionString("postgres")};Search Path={name}";
    }

    /// <summary>Names a database of this server.</summary>
    public string ConnectionString(string database) => _running.Value.ConnectionString(database: database);

    /// <summary>Runs a statement as its superuser.</summary>
    public void Run(string sql)
    {
        using NpgsqlConnection connection = new(ConnectionString("postgres") + ";Pooling=false");
        connection.Open();
#pragma warning disable CA2100 // the tests' own text
        using NpgsqlCommand command = new(sql, connection);
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }

    /// <summary>Freezes the server and all its sessions: it hangs, it does not refuse.</summary>
    public void Freeze() => Wait(_running.Value.PauseAsync);

    /// <summary>Lets it go on.</summary>
    public void Thaw() => Wait(_running.Value.ContinueAsync);

    // On the thread pool: the test runner's own threads are few, and this one waits.
#pragma warning disable VSTHRD002 // tests of a store that blocks its caller block, too
    private static T Wait<T>(Func<Task<T>> work) => Task.Run(work).GetAwaiter().GetResult();

    private static void Wait(Func<Task> work) => Task.Run(work).GetAwaiter().GetResult();
#pragma warning restore VSTHRD002
}
