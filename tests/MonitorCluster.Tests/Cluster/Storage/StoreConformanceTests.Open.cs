using System.Data.Common;
using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Tests.Cluster.Storage;

public abstract partial class StoreConformanceTests
{
    [ConformanceFact]
    public void Open_EmptyDatabase_CreatesTheStoreOnce()
    {
        StoreInfo first = NewStore().Open(Identity());
        StoreInfo second = NewStore().Open(Identity() with { NewClusterUuid = DataDir(99) });

        Assert.True(first.Created);
        Assert.False(second.Created);
        Assert.Equal(first.ClusterUuid, second.ClusterUuid);
        Assert.Equal(16, second.ShardCount);
    }

    [ConformanceFact]
    public void Open_SeveralAtOnce_OneCreatesIt()
    {
        SqlStore[] stores = [NewStore(), NewStore(), NewStore(), NewStore()];
        StoreInfo[] infos = new StoreInfo[stores.Length];

        RunAtOnce(
        [
            .. stores.Select((store, i) => (Action)(() =>
            {
                for (int tries = 0; infos[i] is null; tries++)
                {
                    try
                    {
                        infos[i] = store.Open(Identity() with { NewClusterUuid = DataDir(i) });
                    }
                    catch (StoreUnavailableException) when (tries < 100)
                    {
                        // as a node does that starts while another creates the store
                    }
                }
            })),
        ]);

        Assert.Single(infos, info => info.Created);
        Assert.Single(infos.Select(info => info.ClusterUuid).Distinct());
    }

    [ConformanceFact]
    public void Session_ParameterNullThenValueThenNull_AreEachKept()
    {
        OpenStore();
        using StoreSession session = new(Connections);
        string?[] errors = [null, "refused", null, "reset"];

        session.Write(() => errors.Select((error, i) => session.Execute(
            "INSERT INTO outbox(seq, sink, state, error) VALUES (@seq, @sink, @state, @error)",
            ("seq", (long)i),
            ("sink", "hook"),
            ("state", 1),
            ("error", error))).Sum());

        Assert.Equal(errors, session.Read(() => session.Query("SELECT error FROM outbox ORDER BY seq", row => row.IsDBNull(0) ? null : row.GetString(0))));
    }

    [ConformanceFact]
    public void Open_OtherSettings_RefusedWithEveryDifference()
    {
        OpenStore();
        StoreIdentity other = Identity(shards: 32, groups: 4, id: "other", hash: "crc") with
        {
            Others = new Dictionary<string, string> { ["retention"] = "30d" },
        };

        StoreRefusedException e = Assert.Throws<StoreRefusedException>(() => NewStore().Open(other));

        Assert.Equal(5, e.Reasons.Count);
        Assert.Contains(e.Reasons, reason => reason.Contains("Cluster:Id is 'other'") && reason.Contains("'test'"));
        Assert.Contains(e.Reasons, reason => reason.Contains("shard_count is '32' here, but '16' in the store"));
        Assert.Contains(e.Reasons, reason => reason.Contains("metric_groups is '4' here, but '1' in the store"));
        Assert.Contains(e.Reasons, reason => reason.Contains("hash_id is 'crc' here, but 'xxh64-v1' in the store"));
        Assert.Contains(e.Reasons, reason => reason.Contains("retention is '30d' here, but absent in the store"));
    }

    [ConformanceTheory]
    [InlineData(99, 1)]
    [InlineData(99, 99)]
    public void Open_NewerStore_RefusedWithBothVersions(int schema, int minReader)
    {
        OpenStore();
        Sql($"UPDATE cluster SET schema_version = {schema}, min_reader = {minReader}");

        StoreRefusedException e = Assert.Throws<StoreRefusedException>(() => NewStore().Open(Identity()));

        Assert.Contains("schema version 99", Assert.Single(e.Reasons));
        Assert.Contains($"up to version {StoreSchema.Version}", e.Reasons[0]);
    }

    [ConformanceFact]
    public void Open_ConnectionFails_IsUnavailableAndTheNextCallOpensAnother()
    {
        HookedConnections hooks = new(Connections);
        SqlStore store = NewStore(hooks);
        store.Open(Identity());
        hooks.Before = sql => throw new IOException("disk gone: " + sql);

        Assert.Throws<StoreUnavailableException>(() => store.Members());
        hooks.Before = _ => { };

        Assert.Empty(store.Members());
        Assert.Equal(2, hooks.Opened);
    }

    [ConformanceFact]
    public void Expand_UnknownMacro_Throws() => Assert.Throws<InvalidOperationException>(() => Connections.Dialect.Expand("SELECT {nothing}"));

    /// <summary>A hand in the database, beside the program.</summary>
    private protected long Sql(string statement)
    {
        using DbConnection connection = Connections.Open();
        using DbCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // the tests' own text
        command.CommandText = statement;
#pragma warning restore CA2100
        return Convert.ToInt64(command.ExecuteScalar(), System.Globalization.CultureInfo.InvariantCulture);
    }
}
