using System.Data.Common;
using Npgsql;

namespace MonitorCluster.Cluster.Storage.Postgres;

/// <summary>Opens connections to one PostgreSQL database.</summary>
/// <remarks>
/// A database that hangs must look like one that is away: unless the connection string says otherwise, connecting and each wait for bytes end after four
/// seconds, and then the connection is closed without asking the server, which may hang too, to cancel. Thread-safe; the connections are not.
/// </remarks>
public sealed class PostgresConnections : IStoreConnections
{
    /// <summary>How long connecting, and each wait for bytes of an answer, may last; in seconds.</summary>
    internal const int TimeoutSeconds = 4;

    private readonly string _connectionString;

    /// <summary>For the database that <paramref name="connectionString"/> names in Npgsql's keywords.</summary>
    /// <exception cref="ArgumentException">It cannot be used; says why, never with a value that may be secret.</exception>
    public PostgresConnections(string connectionString, StoreDialect? dialect = null)
    {
        if (Problem(connectionString) is { } problem)
        {
            throw new ArgumentException(problem, nameof(connectionString));
        }

        NpgsqlConnectionStringBuilder settings = new(connectionString);
        Dialect = dialect ?? PostgresDialect.Default;
        Description = string.Join(',', settings.Host!.Split(',').Select(host => WithPort(host.Trim(), settings.Port))) + "/" + settings.Database;
        SetUnlessGiven(settings, "Timeout", TimeoutSeconds);
        SetUnlessGiven(settings, "Command Timeout", TimeoutSeconds);
        SetUnlessGiven(settings, "Cancellation Timeout", -1);
        if (!settings.Host.Split(',').Any(host => host.Trim().StartsWith('/')))
        {
            // Connections that rest must not be forgotten by what lies between. A Unix socket has nothing in between, and refuses the option.
            SetUnlessGiven(settings, "TCP Keepalive", value: true);
            SetUnlessGiven(settings, "TCP Keepalive Time", 15);
            SetUnlessGiven(settings, "TCP Keepalive Interval", 5);
        }

        SetUnlessGiven(settings, "Application Name", "monitorcluster");
        if (settings.Host.Contains(',', StringComparison.Ordinal))
        {
            SetUnlessGiven(settings, "Target Session Attributes", "primary");
        }

        // One store actor holds one connection. A dropped one must really close, or its transaction would go on holding locks.
        settings.Pooling = false;
        settings.Multiplexing = false;
        settings.Enlist = false;
        settings.PersistSecurityInfo = false;
        _connectionString = settings.ToString();
    }

    /// <inheritdoc/>
    public StoreDialect Dialect { get; }

    /// <summary>Host, port and database.</summary>
    public string Description { get; }

    /// <inheritdoc/>
    public long WriteAheadLogBytes => 0;

    /// <summary>Why a connection string cannot be used; null when it can.</summary>
    public static string? Problem(string connectionString)
    {
        ArgumentNullException.ThrowIfNull(connectionString);
        const string Form = "Write it as 'Host=db.example;Port=5432;Database=monitorcluster;Username=monitorcluster;Password=...'.";
        if (connectionString.Contains("://", StringComparison.Ordinal))
        {
            return $"it is an address; Npgsql takes keywords. {Form}";
        }

        NpgsqlConnectionStringBuilder settings;
        try
        {
            settings = new NpgsqlConnectionStringBuilder(connectionString);
        }
        catch (Exception e) when (e is ArgumentException or FormatException or InvalidCastException or OverflowException)
        {
            return $"it must be 'keyword=value;...' in Npgsql's keywords{Detail(e, connectionString)}. {Form}";
        }

        return string.IsNullOrWhiteSpace(settings.Host) ? $"it names no Host. {Form}"
            : string.IsNullOrWhiteSpace(settings.Database) ? $"it names no Database. {Form}"
            : null;
    }

    /// <inheritdoc/>
    public DbConnection Open()
    {
        NpgsqlConnection connection = new(_connectionString);
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

    /// <summary>What Npgsql said, unless it repeats something that may be a password.</summary>
    private static string Detail(Exception e, string connectionString)
    {
        try
        {
            DbConnectionStringBuilder given = new() { ConnectionString = connectionString };
            bool isSafe = given.Values!.Cast<string>().All(value => !e.Message.Contains(value, StringComparison.OrdinalIgnoreCase));
            return isSafe ? $" ({e.Message})" : string.Empty;
        }
        catch (ArgumentException)
        {
            return string.Empty; // not even pairs
        }
    }

    // A path is the folder of a Unix socket.
    private static string WithPort(string host, int port) =>
        host.StartsWith('/') || (host.Contains(':', StringComparison.Ordinal) && !host.Contains("::", StringComparison.Ordinal)) ? host : $"{host}:{port}";

    private static void SetUnlessGiven(NpgsqlConnectionStringBuilder settings, string keyword, object value)
    {
        if (!settings.Keys.Cast<string>().Contains(keyword, StringComparer.OrdinalIgnoreCase))
        {
            settings[keyword] = value;
        }
    }
}
