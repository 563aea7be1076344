namespace MonitorCluster.Cluster.Storage;

/// <summary>What became of an <see cref="AdmitRequest"/>.</summary>
/// <param name="Incarnation">The new member's number; 0 when it was not admitted.</param>
/// <param name="InTheWay">The living members that hold the name or address, or that keep a lone node out; empty when admitted.</param>
public sealed record AdmitResult(long Incarnation, IReadOnlyList<MemberRow> InTheWay)
{
    /// <summary>True when the member row was written.</summary>
    public bool IsAdmitted => Incarnation > 0;
}
