using System.Data.Common;
using Microsoft.Data.Sqlite;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Cluster.Storage.Sqlite;

namespace MonitorCluster.Tests.Cluster.Storage;

/// <summary>What only the SQLite file does.</summary>
public sealed class SqliteStoreTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mc-sqlite-").FullName;

    private string DatabasePath => Path.Combine(_folder, "store.db");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Open_NewFile_HasTheSettingsThatMustComeFirst()
    {
        using SqlStore store = new(new SqliteConnections(DatabasePath));
        store.Open(Identity());

        Assert.Equal(8192L, Scalar("PRAGMA page_size"));
        Assert.Equal(2L, Scalar("PRAGMA auto_vacuum"));
        Assert.Equal("wal", Scalar("PRAGMA journal_mode"));
    }

    [Fact]
    public void Open_FileIsNoDatabase_Refused()
    {
        File.WriteAllText(DatabasePath, new string('x', 10_000));
        using SqlStore store = new(new SqliteConnections(DatabasePath));

        StoreRefusedException e = Assert.Throws<StoreRefusedException>(() => store.Open(Identity()));

        Assert.Contains(DatabasePath, Assert.Single(e.Reasons));
    }

    [Fact]
    public void Write_AnotherWriterHoldsTheFile_IsUnavailable()
    {
        SqliteConnections connections = new(DatabasePath, SqliteDialect.Create("0", busyTimeoutMs: 20));
        using SqlStore store = new(connections);
        store.Open(Identity());
        using SqliteConnection other = (SqliteConnection)connections.Open();
        using SqliteCommand begin = other.CreateCommand();
        begin.CommandText = "BEGIN IMMEDIATE";
        begin.ExecuteNonQuery();

        Assert.Throws<StoreUnavailableException>(() => store.Heartbeat(1));
        other.Close();

        Assert.Null(store.Heartbeat(1));
    }

    [Fact]
    public void Backup_WhileInUse_OpensAsTheSameCluster()
    {
        string copy = Path.Combine(_folder, "copy.db");
        using SqlStore store = new(new SqliteConnections(DatabasePath));
        StoreInfo info = store.Open(Identity());

        store.Backup(copy);

        using SqlStore restored = new(new SqliteConnections(copy));
        Assert.Equal(info with { Created = false }, restored.Open(Identity()));
    }

    [Fact]
    public void ReclaimSpace_AfterDeletes_ShrinksTheFile()
    {
        SqliteConnections connections = new(DatabasePath);
        using SqlStore store = new(connections);
        store.Open(Identity());
        using DbConnection hand = connections.Open();
        Run(hand, "INSERT INTO block(shard_id, level, from_ms, to_ms, epoch, body) VALUES (0, 0, 0, 0, 1, randomblob(2000000))");
        Run(hand, "DELETE FROM block");
        Assert.True(store.CheckpointOver(0));
        long before = new FileInfo(DatabasePath).Length;

        store.ReclaimSpace(pagesMax: 100);
        store.CheckpointOver(0);
        long slice = new FileInfo(DatabasePath).Length;

        Assert.Equal(before - (100 * 8192), slice);
        Assert.Equal(0, connections.WriteAheadLogBytes);
        Assert.False(store.CheckpointOver(64 << 20));
    }

    private static StoreIdentity Identity() => new("default", new Guid(1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), 1024, 1, "xxh64-v1", new Dictionary<string, string>());

    private object? Scalar(string sql)
    {
        using DbConnection connection = new SqliteConnections(DatabasePath).Open();
        using DbCommand command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }

    private static void Run(DbConnection connection, string sql)
    {
        using DbCommand command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
