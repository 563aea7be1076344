namespace MonitorCluster.Cluster.Storage;

/// <summary>A standing complaint of one member about another.</summary>
/// <param name="Target">The member complained about.</param>
/// <param name="Voter">Who cannot reach it.</param>
/// <param name="Evidence">What the voter saw.</param>
/// <param name="AgeMs">Milliseconds of the database's clock since the voter last repeated it.</param>
public readonly record struct SuspicionRow(long Target, long Voter, string Evidence, long AgeMs);
