using System.Text.Json;

namespace MonitorCluster.Cluster.Storage;

/// <content>Creating and checking the store.</content>
public sealed partial class SqlStore
{
    /// <summary>Creates the store when there is none, else checks that it fits this program and its configuration.</summary>
    /// <exception cref="StoreRefusedException">It does not fit; lists every reason.</exception>
    /// <exception cref="StoreUnavailableException">The database cannot be reached now.</exception>
    public StoreInfo Open(StoreIdentity identity)
    {
        ArgumentNullException.ThrowIfNull(identity);
        return _session.Write(() =>
        {
            if (_session.Dialect.CreationLock is { } statement)
            {
                _session.Execute(statement);
            }

            bool created = _session.Number(_session.Dialect.CountClusterTables) == 0;
            if (created)
            {
                CreateSchema(identity);
            }

            return Check(identity, created);
        });
    }

    private void CreateSchema(StoreIdentity identity)
    {
        Migrate(from: 0);
        foreach (string statement in _session.Dialect.AfterCreate)
        {
            _session.ExecuteOnce(statement);
        }

        (string json, string hash) = identity.Serialize();
        _session.Execute(
            """
            INSERT INTO cluster(cluster_id, cluster_uuid, schema_version, min_reader, shard_count, hash_id, config_hash, config_json)
            VALUES (@id, CAST(@uuid AS {uuid}), @schema, @reader, @shards, @hash_id, @hash, @json)
            """,
            ("id", identity.ClusterId),
            ("uuid", identity.NewClusterUuid.ToString()),
            ("schema", StoreSchema.Version),
            ("reader", StoreSchema.MinReader),
            ("shards", identity.ShardCount),
            ("hash_id", identity.HashId),
            ("hash", hash),
            ("json", json));
        _session.Execute("INSERT INTO lease(name) VALUES ('controller')");
        _session.Execute("INSERT INTO alert_seq(n) VALUES (0)");
        _session.Execute(
            """
            WITH RECURSIVE ids(id) AS (SELECT 0 UNION ALL SELECT id + 1 FROM ids WHERE id + 1 < @count)
            INSERT INTO shard(shard_id) SELECT id FROM ids
            """,
            ("count", identity.ShardCount));
    }

    private void Migrate(int from)
    {
        for (int version = from + 1; version <= StoreSchema.Version; version++)
        {
            foreach (string statement in StoreSchema.StatementsOf(version))
            {
                _session.ExecuteOnce(_session.Dialect.Expand(statement));
            }
        }
    }

    // Each version only adds, so members of the version before go on with a store that a newer one has opened.
    private void Upgrade(int from)
    {
        Migrate(from);
        _session.Execute(
            "UPDATE cluster SET schema_version = @schema, min_reader = @reader", ("schema", StoreSchema.Version), ("reader", StoreSchema.MinReader));
    }

    private StoreInfo Check(StoreIdentity identity, bool created)
    {
        List<string> reasons = [];
        var rows = _session.Query(
            "SELECT cluster_id, CAST(cluster_uuid AS text), schema_version, min_reader, shard_count, config_json FROM cluster {update}",
            row => new
            {
                Id = row.GetString(0),
                Uuid = row.GetString(1),
                Schema = row.GetInt32(2),
                MinReader = row.GetInt32(3),
                ShardCount = row.GetInt32(4),
                Config = row.GetString(5),
            });
        if (rows is not [var cluster])
        {
            throw new StoreRefusedException($"The store at {_connections.Description} has {rows.Count} rows in table cluster; it must have one.");
        }

        // A newer schema may mean anything, so nothing else of such a store is judged.
        if (cluster.Schema > StoreSchema.Version || cluster.MinReader > StoreSchema.Version)
        {
            throw new StoreRefusedException(
                $"The store at {_connections.Description} has schema version {cluster.Schema} (readable from version {cluster.MinReader} on), "
                + $"but this program knows only up to version {StoreSchema.Version}. Start the newer program, or name another store.");
        }

        if (cluster.Id != identity.ClusterId)
        {
            reasons.Add($"Cluster:Id is '{identity.ClusterId}', but the store at {_connections.Description} belongs to cluster '{cluster.Id}'.");
        }

        reasons.AddRange(Differences(identity.MustMatch, cluster.Config));
        if (reasons.Count > 0)
        {
            throw new StoreRefusedException(reasons);
        }

        if (cluster.Schema < StoreSchema.Version)
        {
            Upgrade(cluster.Schema);
        }

        return new StoreInfo(Guid.Parse(cluster.Uuid), StoreSchema.Version, cluster.ShardCount, created);
    }

    private static IEnumerable<string> Differences(IReadOnlyDictionary<string, string> ours, string storedJson)
    {
        Dictionary<string, string> stored = JsonSerializer.Deserialize<Dictionary<string, string>>(storedJson) ?? [];
        foreach (string key in ours.Keys.Union(stored.Keys).Order(StringComparer.Ordinal))
        {
            string? our = ours.GetValueOrDefault(key);
            string? their = stored.GetValueOrDefault(key);
            if (our != their)
            {
                yield return $"Setting {key} is {Show(our)} here, but {Show(their)} in the store; it was fixed when the store was created.";
            }
        }

        static string Show(string? value) => value is null ? "absent" : $"'{value}'";
    }
}
