namespace MonitorCluster.Cluster.Storage;

/// <summary>A node asks to become a member.</summary>
/// <param name="NodeName"><c>Node:Name</c>; unique among the living.</param>
/// <param name="Address">Where other nodes reach it, host:port; unique among the living.</param>
/// <param name="Zone">Failure zone; may be empty.</param>
/// <param name="Roles">What it does.</param>
/// <param name="Build">The program's version.</param>
/// <param name="ProtoMin">The oldest node protocol it speaks.</param>
/// <param name="ProtoMax">The newest node protocol it speaks.</param>
/// <param name="CpuMilli">Processor capacity in thousandths of a core.</param>
/// <param name="MemoryBytes">Memory limit in bytes.</param>
/// <param name="DataDirId">Its data directory, whose lock it holds: a member row with the same id is proven dead.</param>
/// <param name="Alone">True for a node without seeds: it may only join when no other member lives.</param>
/// <param name="StoodStill">Members that were watched and whose heartbeat did not advance; replaced if it still has not.</param>
public sealed record AdmitRequest(
    string NodeName,
    string Address,
    string Zone,
    NodeRoles Roles,
    string Build,
    int ProtoMin,
    int ProtoMax,
    int CpuMilli,
    long MemoryBytes,
    Guid DataDirId,
    bool Alone,
    IReadOnlyList<ObservedMember> StoodStill);
