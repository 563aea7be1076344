using System.Data.Common;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Cluster.Storage.Postgres;
using MonitorCluster.EndToEndTests;
using Npgsql;

namespace MonitorCluster.Tests.Cluster.Storage.Postgres;

/// <summary>What only PostgreSQL does.</summary>
[Collection(PostgresCollection.Name)]
public sealed class PostgresStoreTests(PostgresServer server)
{
    private static readonly StoreIdentity s_identity = new("default", Guid.Empty, 4, 1, "xxh64-v1", new Dictionary<string, string>());

    [RequiresProgramFact("initdb", "pg_ctl", "createdb")]
    public void Open_NewStore_HasTheSettingsOfASession()
    {
        server.Run("ALTER ROLE mc SET synchronous_commit = off");
        PostgresConnections connections = new(server.CreateDatabase());
        using SqlStore store = new(connections);
        store.Open(s_identity);
        using StoreSession session = new(connections);
        string[] names = ["synchronous_commit", "lock_timeout", "idle_in_transaction_session_timeout", "statement_timeout", "tcp_keepalives_idle"];

        object?[] shown = session.Alone(() => names.Select(name => session.Scalar($"SHOW {name}")).ToArray());
        server.Run("ALTER ROLE mc RESET synchronous_commit");

        Assert.Equal(["on", "3s", "5s", "1min", "5"], shown);
        Assert.Equal("e", session.Alone(() => session.Scalar(
            "SELECT CAST(attstorage AS text) FROM pg_attribute WHERE attrelid = CAST('journal' AS regclass) AND attname = 'body'"))); // external
    }

    [RequiresProgramFact("initdb", "pg_ctl", "createdb")]
    public void Open_OperatorsTimeouts_AreKeptAndOursAreShort()
    {
        string database = server.CreateDatabase();
        using DbConnection ours = new PostgresConnections(database).Open();
        using DbConnection theirs = new PostgresConnections(database + ";Timeout=17;CommandTimeout=18").Open();

        Assert.Equal((4, 4), (ours.ConnectionTimeout, ((NpgsqlConnection)ours).CommandTimeout));
        Assert.Equal((17, 18), (theirs.ConnectionTimeout, ((NpgsqlConnection)theirs).CommandTimeout));
    }

    [RequiresProgramFact("initdb", "pg_ctl", "createdb")]
    public void Open_NoSuchDatabaseOrRoleOrRight_IsRefusedWithTheReason()
    {
        string database = server.CreateDatabase();
        server.Run($"CREATE ROLE stranger LOGIN; GRANT USAGE ON SCHEMA {new NpgsqlConnectionStringBuilder(database).SearchPath} TO stranger");

        Assert.Contains("\"nowhere\" does not exist", Refusal(server.ConnectionString("nowhere")));
        Assert.Contains("\"nobody\" does not exist", Refusal(database.Replace("Username=mc", "Username=nobody", StringComparison.Ordinal)));
        Assert.Contains("permission denied", Refusal(database.Replace("Username=mc", "Username=stranger", StringComparison.Ordinal)));
    }

    [RequiresProgramFact("initdb", "pg_ctl", "createdb")]
    public void Read_RightLostWhileRunning_IsUnavailable()
    {
        string database = server.CreateDatabase();
        string schema = new NpgsqlConnectionStringBuilder(database).SearchPath!;
        server.Run($"CREATE ROLE app LOGIN; GRANT ALL ON SCHEMA {schema} TO app");
        using SqlStore store = new(new PostgresConnections(database.Replace("Username=mc", "Username=app", StringComparison.Ordinal)));
        store.Open(s_identity);
        server.Run($"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM app");

        Assert.Throws<StoreUnavailableException>(store.Members);
        server.Run($"GRANT ALL ON ALL TABLES IN SCHEMA {schema} TO app");

        Assert.Empty(store.Members());
    }

    [RequiresProgramFact("initdb", "pg_ctl", "createdb")]
    public void Write_SessionEndedByTheServer_IsUnavailableAndTheNextCallWorks()
    {
        PostgresConnections connections = new(server.CreateDatabase() + ";Application Name=victim");
        using SqlStore store = new(connections);
        store.Open(s_identity);
        server.Run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'victim'");

        Assert.Throws<StoreUnavailableException>(() => store.Heartbeat(1));
        Assert.Null(store.Heartbeat(1));
    }

    [RequiresProgramFact("initdb", "pg_ctl", "createdb")]
    public void Write_AnotherHoldsTheRow_IsUnavailableAfterTheLockTimeout()
    {
        PostgresConnections connections = new(server.CreateDatabase(), PostgresDialect.Create(lockTimeoutMs: 50, idleTimeoutMs: 5_000));
        using SqlStore store = new(connections);
        store.Open(s_identity);
        using DbConnection other = connections.Open();
        Run(other, "BEGIN; SELECT 1 FROM cluster FOR UPDATE");

        Assert.Throws<StoreUnavailableException>(() => store.MarkDead(1, "test"));
        Run(other, "ROLLBACK");

        Assert.False(store.MarkDead(1, "test"));
    }

    [RequiresProgramFact("initdb", "pg_ctl", "createdb")]
    public void Write_NodeFrozenInTheMiddleOfABatch_HoldsNobodyUpForLong()
    {
        string database = server.CreateDatabase();
        PostgresConnections connections = new(database, PostgresDialect.Create(lockTimeoutMs: 200, idleTimeoutMs: 5_000, frozenAfterMs: 1_000));
        using SqlStore store = new(connections);
        store.Open(s_identity);
        using RawPostgresClient frozen = new(server.Port, database);
        frozen.Query("BEGIN");
        frozen.BeginBatch("SELECT 1 FROM cluster FOR UPDATE"); // and the rest never comes

        int waits = 0;
        bool? dead = null;
        while (dead is null && waits < 50)
        {
            try
            {
                dead = store.MarkDead(1, "test");
            }
            catch (StoreUnavailableException)
            {
                waits++; // each has waited for the lock
            }
        }

        Assert.False(dead);
        Assert.InRange(waits, 1, 49);
        Assert.True(frozen.IsEnded());
    }

    [RequiresProgramFact("initdb", "pg_ctl", "createdb")]
    public void Flush_NodeFrozenBehindTheFence_HoldsNobodyUp()
    {
        string database = server.CreateDatabase();
        using SqlStore controller = new(new PostgresConnections(database));
        controller.Open(s_identity);
        long me = JoinWithShard(controller);
        long other = controller.Admit(Node("n2", 2)).Incarnation;
        Assert.True(controller.Activate(other));
        HookedConnections hooks = new(new PostgresConnections(database, PostgresDialect.Create(lockTimeoutMs: 3_000, idleTimeoutMs: 100)));
        using SqlStore frozen = new(hooks);
        FlushRequest request = new(me, [new FlushShard(1, 1, 1, 1, [1], [2], [])], []);
        int? assigned = null;
        hooks.Before = sql =>
        {
            if (sql.StartsWith("INSERT INTO journal", StringComparison.Ordinal))
            {
                Assert.True(controller.MarkDead(me, "frozen"));
                assigned = controller.AssignShards(other, controller.AcquireLease(other)!.Value, [new ShardAssignment(1, 1, other)]);
            }
        };

        Assert.Throws<StoreUnavailableException>(() => frozen.Flush(request));

        Assert.Equal(1, assigned);
        Assert.Equal([1], frozen.FlushRetry(request).FencedShards);
        Assert.Empty(controller.LoadShard(1)!.Journal);
    }

    [RequiresProgramFact("initdb", "pg_ctl", "createdb")]
    public void FlushRetry_FirstAttemptStillCommitting_WaitsForIt()
    {
        PostgresConnections connections = new(server.CreateDatabase() + ";Application Name=retry");
        using SqlStore store = new(connections);
        store.Open(s_identity);
        long me = JoinWithShard(store);
        using DbConnection first = connections.Open(); // an attempt whose client has gone, before the server has done its commit
        Run(first, $"""
            BEGIN; SELECT 1 FROM shard WHERE shard_id = 1 FOR SHARE;
            INSERT INTO journal(shard_id, jseq, epoch, writer, samples, marks, body) VALUES (1, 1, 1, {me}, 1, '', '')
            """);
        FlushResult? result = null;
        Exception? error = null;
        Thread retry = new(() => error = Record.Exception(() => result = store.FlushRetry(new(me, [new FlushShard(1, 1, 1, 1, [], [], [])], []))));
        retry.Start();
        using StoreSession watch = new(new PostgresConnections(server.ConnectionString("postgres")));
        Assert.True(SpinWait.SpinUntil(
            () => !retry.IsAlive || watch.Alone(() => watch.Number(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'retry' AND wait_event_type = 'Lock'")) > 0,
            TimeSpan.FromSeconds(30)));
        Run(first, "COMMIT");
        retry.Join();

        Assert.Null(error);
        Assert.Empty(result!.FencedShards);
        Assert.Single(store.LoadShard(1)!.Journal);
    }

    private static long JoinWithShard(SqlStore store)
    {
        long me = store.Admit(Node("n1", 1)).Incarnation;
        Assert.True(store.Activate(me));
        Assert.Equal(1, store.AssignShards(me, store.AcquireLease(me)!.Value, [new ShardAssignment(1, 0, me)]));
        return me;
    }

    private static AdmitRequest Node(string name, int no) => new(
        name, $"127.0.0.1:{no}", "", NodeRoles.Aggregator, "b", 1, 1, 1, 1, new Guid(no, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), Alone: false, StoodStill: []);

    private static string Refusal(string connectionString)
    {
        using SqlStore store = new(new PostgresConnections(connectionString));
        return Assert.Single(Assert.Throws<StoreRefusedException>(() => store.Open(s_identity)).Reasons);
    }

    private static void Run(DbConnection connection, string sql)
    {
        using DbCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // the tests' own text
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }
}
