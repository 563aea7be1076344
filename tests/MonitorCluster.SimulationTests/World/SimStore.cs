using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace MonitorCluster.SimulationTests.World;

/// <summary>The world's database: a real SQLite in memory, which outlives every node, and what the judge adds to it.</summary>
/// <remarks>
/// All connections of a world are one: a store actor runs a transaction within one message, so no two are ever open at once. Its clock is the
/// world's. <see cref="StoreRules"/> keeps every journal row that was ever committed, and who owned which shard when.
/// </remarks>
internal sealed class SimStore : IDisposable
{
    public const string Now = "(mc_now())";

    private readonly SqliteConnection database = new("Data Source=:memory:");
    private readonly List<SqliteCommand> rules = [];
    private readonly Dictionary<string, Stack<DbCommand>> idle = new(StringComparer.Ordinal);
    private bool isWatched;

    // SQLite counts its memory under one lock for the whole process: worlds on two threads spent a fifth of their time waiting for it.
    static SimStore()
    {
        SQLitePCL.Batteries_V2.Init();
        const int MemoryStatistics = 9;
        _ = SQLitePCL.raw.sqlite3_config(MemoryStatistics, 0);
    }

    public SimStore(VirtualTimeProvider time)
    {
        database.Open();
        database.CreateFunction("mc_now", () => time.GetUtcNow().ToUnixTimeMilliseconds());
        database.CreateFunction("mc_transaction", () => Transactions);
    }

    /// <summary>How many transactions were begun.</summary>
    public long Transactions { get; set; }

    /// <summary>Whether the settings of a connection were made: there is only one.</summary>
    public bool IsOpened { get; set; }

    public DbCommand CreateCommand() => database.CreateCommand();

    /// <summary>A prepared statement that nobody uses; null when there is none. To prepare those of each new process took a sixth of a run.</summary>
    public DbCommand? Rent(string sql) => idle.TryGetValue(sql, out Stack<DbCommand>? some) && some.TryPop(out DbCommand? one) ? one : null;

    /// <summary>Keeps a prepared statement for the next who needs it.</summary>
    public void Return(DbCommand prepared)
    {
        if (!idle.TryGetValue(prepared.CommandText, out Stack<DbCommand>? some))
        {
            idle.Add(prepared.CommandText, some = new Stack<DbCommand>());
        }

        some.Push(prepared);
    }

    public void Execute(string sql)
    {
        using SqliteCommand command = database.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    public List<T> Query<T>(string sql, Func<DbDataReader, T> map)
    {
        using SqliteCommand command = database.CreateCommand();
        command.CommandText = sql;
        using SqliteDataReader reader = command.ExecuteReader();
        var rows = new List<T>();
        while (reader.Read())
        {
            rows.Add(map(reader));
        }

        return rows;
    }

    /// <summary>Called after each commit: once the program has made its schema, the judge adds its own.</summary>
    public void Watch()
    {
        if (!isWatched && Query("SELECT count(*) FROM sqlite_master WHERE name = 'shard'", r => r.GetInt32(0))[0] > 0)
        {
            Execute(StoreRules.Tables);
            rules.AddRange(StoreRules.Often.Select(NewCommand));
            isWatched = true;
        }
    }

    /// <summary>What is wrong in the store now; null when nothing is.</summary>
    public string? Breach()
    {
        foreach (SqliteCommand rule in rules)
        {
            if (rule.ExecuteScalar() is string what)
            {
                return what;
            }
        }

        return null;
    }

    public void Dispose()
    {
        rules.ForEach(r => r.Dispose());
        foreach (DbCommand one in idle.Values.SelectMany(some => some))
        {
            one.Dispose();
        }

        database.Dispose();
    }

    private SqliteCommand NewCommand(string sql)
    {
        SqliteCommand command = database.CreateCommand();
#pragma warning disable CA2100 // the judge's own constants
        command.CommandText = sql;
#pragma warning restore CA2100
        command.Prepare();
        return command;
    }
}
