using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace MonitorCluster.SimulationTests.World;

/// <summary>The world's database: a real SQLite in memory, which outlives every node, and what the judge adds to it.</summary>
/// <remarks>
/// All connections of a world are one: a store actor runs a transaction within one message, so no two are ever open at once. Its clock is the
/// world's. Triggers keep every journal row that was ever committed, and who owned which shard when.
/// </remarks>
internal sealed class SimStore : IDisposable
{
    public const string Now = "(mc_now())";

    private const string JudgesTables =
        """
        CREATE TABLE journal_kept(id INTEGER PRIMARY KEY, shard_id, jseq, epoch, writer, samples, marks, body);
        CREATE TABLE shard_history(shard_id, epoch, owner);
        CREATE TRIGGER keep_journal AFTER INSERT ON journal BEGIN
          INSERT INTO journal_kept VALUES (new.id, new.shard_id, new.jseq, new.epoch, new.writer, new.samples, new.marks, new.body);
        END;
        CREATE TABLE cut_history(shard_id, jseq);
        CREATE TRIGGER keep_cut AFTER INSERT ON snapshot WHEN new.part = 0 BEGIN
          INSERT INTO cut_history VALUES (new.shard_id, new.jseq);
        END;
        CREATE TRIGGER keep_owner AFTER UPDATE OF owner, epoch ON shard BEGIN
          INSERT INTO shard_history VALUES (new.shard_id, new.epoch, new.owner);
        END;
        """;

    private readonly SqliteConnection database = new("Data Source=:memory:");
    private bool isWatched;

    public SimStore(VirtualTimeProvider time)
    {
        database.Open();
        database.CreateFunction("mc_now", () => time.GetUtcNow().ToUnixTimeMilliseconds());
    }

    /// <summary>Whether the settings of a connection were made: there is only one.</summary>
    public bool IsOpened { get; set; }

    public DbCommand CreateCommand() => database.CreateCommand();

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
            Execute(JudgesTables);
            isWatched = true;
        }
    }

    public void Dispose() => database.Dispose();
}
