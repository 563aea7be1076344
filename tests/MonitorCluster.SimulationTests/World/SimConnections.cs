using System.Data.Common;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Cluster.Storage.Sqlite;

namespace MonitorCluster.SimulationTests.World;

/// <summary>One process's way to the store: faults between statement and database, and the mutations that a rewritten statement can make.</summary>
internal sealed class SimConnections(Simulation world, SimMachine machine) : IStoreConnections
{
    private const string InsertJournal = "INSERT INTO journal(";
    private static readonly StoreDialect SimDialect = SqliteDialect.Create(SimStore.Now, busyTimeoutMs: 0);
    private readonly SimStore store = world.Store;
    private readonly SimFaults faults = world.Faults;
    private readonly Mutation mutation = world.Mutation;
    private bool isHandOver;
    private readonly List<(object? Shard, object? Jseq, object? Marks)> marksOfThis = [];
    private readonly List<(object? Shard, object? Jseq, object? Marks)> marksOfLast = [];

    public StoreDialect Dialect => SimDialect;

    public string Description => "the simulated store";

    public long WriteAheadLogBytes => 0;

    public SimStore Store => store;

    public DbConnection Open()
    {
        faults.BeforeStatement(machine.StoreCutUntil);
        return new SimConnection(this);
    }

    /// <summary>The statement as the database gets it.</summary>
    public string Rewrite(string sql) => mutation switch
    {
        Mutation.MarksNotLoaded when sql.Contains("FROM journal WHERE", StringComparison.Ordinal) || sql.Contains("FROM snapshot", StringComparison.Ordinal) =>
            sql.Replace(", marks,", ", x'' AS marks,", StringComparison.Ordinal),
        Mutation.MarksInAnotherTransaction when sql.StartsWith(InsertJournal, StringComparison.Ordinal) =>
            sql.Replace("@marks", "x''", StringComparison.Ordinal),
        Mutation.BlindRetry when sql.StartsWith("SELECT 1 FROM journal WHERE", StringComparison.Ordinal) => sql + " AND 1 = 0",
        Mutation.BlindRetry when sql.StartsWith("INSERT INTO series(", StringComparison.Ordinal) =>
            sql.Replace("INSERT INTO", "INSERT OR IGNORE INTO", StringComparison.Ordinal),
        Mutation.BlindRetry when sql.StartsWith(InsertJournal, StringComparison.Ordinal) => sql.Replace(
            "@jseq",
            "max(@jseq, (SELECT coalesce(max(jseq), 0) + 1 FROM journal_kept WHERE shard_id = @shard))",
            StringComparison.Ordinal),
        Mutation.NoFence when sql.StartsWith("SELECT shard_id", StringComparison.Ordinal)
            && (sql.Contains("shard_id IN (", StringComparison.Ordinal) || sql.Contains("shard_id = @shard", StringComparison.Ordinal)) =>
            sql.Replace("FROM shard WHERE", "FROM shard_history WHERE", StringComparison.Ordinal),
        _ => sql,
    };

    /// <summary>Runs a statement of a connection.</summary>
    public T Run<T>(SimConnection connection, DbCommand command, Func<T> execute)
    {
        string sql = command.CommandText;
        if (store.IsOpened && Dialect.OpeningStatements.Contains(sql))
        {
            return default!; // settings of a connection: they are made
        }

        faults.BeforeStatement(machine.StoreCutUntil);
        if (sql == Dialect.Commit)
        {
            return faults.Commit(() => Commit(connection, execute));
        }

        T result = execute();
        if (sql == Dialect.BeginWrite || sql == Dialect.BeginRead)
        {
            connection.IsInTransaction = true;
            store.IsOpened = true;
            store.Transactions++;
            marksOfThis.Clear();
            isHandOver = false;
            if (sql == Dialect.BeginWrite)
            {
                WriteLateMarks();
            }
        }
        else if (mutation == Mutation.MarksInAnotherTransaction && sql.StartsWith(InsertJournal, StringComparison.Ordinal))
        {
            marksOfThis.Add((command.Parameters["@shard"].Value, command.Parameters["@jseq"].Value, command.Parameters["@marks"].Value));
        }

        else if (sql.StartsWith("UPDATE move SET", StringComparison.Ordinal) && command.Parameters["@state"].Value is (int)MoveState.Done)
        {
            isHandOver = true;
        }
        else if (mutation == Mutation.HandOverWithoutLastRow && isHandOver && sql.StartsWith(InsertJournal, StringComparison.Ordinal))
        {
            store.Execute($"DELETE FROM journal WHERE shard_id = {command.Parameters["@shard"].Value} AND jseq = {command.Parameters["@jseq"].Value}");
            store.Execute("DELETE FROM journal_kept WHERE id = (SELECT max(id) FROM journal_kept)");
        }

        return result;
    }

    private T Commit<T>(SimConnection connection, Func<T> execute)
    {
        if (mutation == Mutation.HandOverBeforeCommit && isHandOver && faults.IsOneOf(3))
        {
            connection.Close();
            return default!;
        }

        T result = execute();
        connection.IsInTransaction = false;
        marksOfLast.AddRange(marksOfThis);
        marksOfThis.Clear();
        store.Watch();
        return result;
    }

    private void WriteLateMarks()
    {
        foreach ((object? shard, object? jseq, object? marks) in marksOfLast)
        {
            using DbCommand command = store.CreateCommand();
            command.CommandText = "UPDATE journal SET marks = @marks WHERE shard_id = @shard AND jseq = @jseq";
            foreach ((string name, object? value) in (ReadOnlySpan<(string, object?)>)[("@marks", marks), ("@shard", shard), ("@jseq", jseq)])
            {
                DbParameter parameter = command.CreateParameter();
                (parameter.ParameterName, parameter.Value) = (name, value);
                command.Parameters.Add(parameter);
            }

            command.ExecuteNonQuery();
        }

        marksOfLast.Clear();
    }
}
