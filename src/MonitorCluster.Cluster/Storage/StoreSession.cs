using System.Data.Common;
using System.Globalization;

namespace MonitorCluster.Cluster.Storage;

/// <summary>One connection with its prepared statements, opened at need and thrown away at the first failure.</summary>
/// <remarks>
/// Transactions are plain statements (<see cref="StoreDialect.BeginWrite"/>, <see cref="StoreDialect.Commit"/>), so that a wrapped connection sees
/// all that happens
/// in one place. A transaction that fails anywhere is ended by closing its connection: the database rolls it back. Not thread-safe.
/// </remarks>
internal sealed class StoreSession(IStoreConnections connections) : IDisposable
{
    // Both bounds are guesses: enough to make the round trip small beside the work, small enough that what is in flight stays in the sockets' buffers.
    private const int BatchStatementsMax = 256;
    private const long BatchBytesMax = 1 << 20;

    private readonly Dictionary<string, DbCommand> _prepared = new(StringComparer.Ordinal);
    private DbConnection? _connection;
    private bool _hasWorked;

    internal StoreDialect Dialect => connections.Dialect;

    private DbConnection Connection => _connection ?? throw new InvalidOperationException("A statement was run outside of Write, Read or Alone.");

    internal T Write<T>(Func<T> body) => Transact(Dialect.BeginWrite, body);

    internal T Read<T>(Func<T> body) => Transact(Dialect.BeginRead, body);

    /// <summary>Runs statements that must not stand in a transaction.</summary>
    internal T Alone<T>(Func<T> body) => Transact(begin: null, body);

    internal int Execute(string sql, params ReadOnlySpan<(string Name, object? Value)> values) => Bind(sql, values).ExecuteNonQuery();

    /// <summary>Runs statements in order, many in one round trip where the database can.</summary>
    internal void ExecuteAll(IEnumerable<StoreStatement> statements)
    {
        if (!Connection.CanCreateBatch)
        {
            foreach (StoreStatement statement in statements)
            {
                Execute(statement.Sql, statement.Values);
            }

            return;
        }

        DbBatch? batch = null;
        long bytes = 0;
        foreach (StoreStatement statement in statements)
        {
            batch ??= Connection.CreateBatch();
            DbBatchCommand command = batch.CreateBatchCommand();
            command.CommandText = Dialect.Expand(statement.Sql);
            foreach ((string name, object? value) in statement.Values)
            {
                AddParameter(command.CreateParameter(), command.Parameters, name, value);
                bytes += value is byte[] blob ? blob.Length : 0;
            }

            batch.BatchCommands.Add(command);
            if (batch.BatchCommands.Count == BatchStatementsMax || bytes >= BatchBytesMax)
            {
                Run(batch);
                (batch, bytes) = (null, 0);
            }
        }

        if (batch is not null)
        {
            Run(batch);
        }
    }

    /// <summary>The first column of the first row, null when there is no row or the value is null.</summary>
    internal object? Scalar(string sql, params ReadOnlySpan<(string Name, object? Value)> values)
    {
        object? value = Bind(sql, values).ExecuteScalar();
        return value is DBNull ? null : value;
    }

    internal long? Number(string sql, params ReadOnlySpan<(string Name, object? Value)> values) =>
        Scalar(sql, values) is { } value ? Convert.ToInt64(value, CultureInfo.InvariantCulture) : null;

    internal List<T> Query<T>(string sql, Func<DbDataReader, T> map, params ReadOnlySpan<(string Name, object? Value)> values)
    {
        using DbDataReader reader = Bind(sql, values).ExecuteReader();
        return ReadAll(reader, map);
    }

    /// <summary>Runs a statement whose text changes from call to call, without keeping it.</summary>
    internal List<T> QueryOnce<T>(string sql, Func<DbDataReader, T> map)
    {
        using DbCommand command = NewCommand(sql);
        using DbDataReader reader = command.ExecuteReader();
        return ReadAll(reader, map);
    }

    internal void ExecuteOnce(string sql, params ReadOnlySpan<(string Name, object? Value)> values)
    {
        using DbCommand command = NewCommand(sql);
        AddParameters(command, values);
        command.ExecuteNonQuery();
    }

    public void Dispose() => Drop();

    private T Transact<T>(string? begin, Func<T> body)
    {
        try
        {
            _connection ??= OpenConnection();
            if (begin is null)
            {
                return body();
            }

            Execute(begin);
            T result = body();
            Execute(Dialect.Commit);
            _hasWorked = true;
            return result;
        }
        catch (Exception e)
        {
            Drop();
            switch (Dialect.Classify(e))
            {
                case StoreFailure.Denied when !_hasWorked:
                    throw new StoreRefusedException($"The store at {connections.Description} cannot be used: {e.Message}", e);
                case StoreFailure.Unavailable or StoreFailure.Denied:
                    throw new StoreUnavailableException($"The store at {connections.Description} is unavailable: {e.Message}", e);
                case StoreFailure.NotAStore:
                    throw new StoreRefusedException($"The store at {connections.Description} is not a database of this program: {e.Message}", e);
                default:
                    throw;
            }
        }
    }

    private DbConnection OpenConnection()
    {
        DbConnection connection = connections.Open();
        try
        {
            foreach (string statement in Dialect.OpeningStatements)
            {
                using DbCommand command = connection.CreateCommand();
                command.CommandText = statement;
                command.ExecuteNonQuery();
            }

            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>The prepared command of a statement, with these values.</summary>
    /// <remarks>
    /// A parameter's type is fixed by the values at hand when the statement is prepared, so a value keeps its CLR type from call to call. Null has none: a
    /// statement is prepared once for each set of its parameters that are null.
    /// </remarks>
    private DbCommand Bind(string sql, ReadOnlySpan<(string Name, object? Value)> values)
    {
        string key = sql;
        foreach ((string name, object? value) in values)
        {
            key = value is null ? $"{key} -- {name} is null" : key;
        }

        if (!_prepared.TryGetValue(key, out DbCommand? command))
        {
            command = NewCommand(Dialect.Expand(sql));
            AddParameters(command, values);
            command.Prepare();
            _prepared.Add(key, command);
            return command;
        }

        for (int i = 0; i < values.Length; i++)
        {
            command.Parameters[i].Value = values[i].Value ?? DBNull.Value;
        }

        return command;
    }

    private DbCommand NewCommand(string sql)
    {
        DbCommand command = Connection.CreateCommand();
        command.CommandText = sql;
        return command;
    }

    private static void Run(DbBatch batch)
    {
        using (batch)
        {
            batch.Prepare(); // statements that this connection has prepared before cost no round trip
            batch.ExecuteNonQuery();
        }
    }

    private static void AddParameters(DbCommand command, ReadOnlySpan<(string Name, object? Value)> values)
    {
        foreach ((string name, object? value) in values)
        {
            AddParameter(command.CreateParameter(), command.Parameters, name, value);
        }
    }

    private static void AddParameter(DbParameter parameter, DbParameterCollection parameters, string name, object? value)
    {
        parameter.ParameterName = "@" + name;
        parameter.Value = value ?? DBNull.Value;
        parameters.Add(parameter);
    }

    private static List<T> ReadAll<T>(DbDataReader reader, Func<DbDataReader, T> map)
    {
        List<T> rows = [];
        while (reader.Read())
        {
            rows.Add(map(reader));
        }

        return rows;
    }

    private void Drop()
    {
        try
        {
            foreach (DbCommand command in _prepared.Values)
            {
                command.Dispose();
            }

            _connection?.Dispose();
        }
#pragma warning disable CA1031 // the connection is already lost; how closing it fails tells nothing new, and the first error is on its way up
        catch (Exception)
#pragma warning restore CA1031
        {
        }
        finally
        {
            _prepared.Clear();
            _connection = null;
        }
    }
}
