namespace MonitorCluster.Cluster.Storage;

/// <summary>One of several statements that run together and return nothing.</summary>
/// <param name="Sql">Its text, macros not filled in.</param>
/// <param name="Values">Its parameters.</param>
internal readonly record struct StoreStatement(string Sql, params (string Name, object? Value)[] Values);
