namespace MonitorCluster.Cluster.Storage;

/// <summary>One member, living or dead, as the store has it.</summary>
/// <param name="Incarnation">The number that names this run of the node; never handed out twice.</param>
/// <param name="NodeName"><c>Node:Name</c>.</param>
/// <param name="Address">Where other nodes reach it, host:port.</param>
/// <param name="Zone">Failure zone; may be empty.</param>
/// <param name="Roles">What it does.</param>
/// <param name="Build">The program's version.</param>
/// <param name="DataDirId">The identity of its data directory.</param>
/// <param name="Status">Its status.</param>
/// <param name="Reason">Why it is dead; null otherwise.</param>
/// <param name="HeartbeatSeq">Rises with every heartbeat.</param>
/// <param name="Version">The cluster version of its last change of status.</param>
public sealed record MemberRow(
    long Incarnation,
    string NodeName,
    string Address,
    string Zone,
    NodeRoles Roles,
    string Build,
    Guid DataDirId,
    MemberStatus Status,
    string? Reason,
    long HeartbeatSeq,
    long Version);
