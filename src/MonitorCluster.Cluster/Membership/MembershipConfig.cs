using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Cluster.Membership;

/// <summary>What the machines of membership know from the start.</summary>
/// <param name="Identity">What the store must be.</param>
/// <param name="Node">This node.</param>
/// <param name="Seeds">Addresses of nodes that let others join, in order; this node's own may be among them.</param>
/// <param name="Timing">Times and limits.</param>
/// <param name="Random">For waiting times and the choice of witnesses.</param>
/// <param name="Time">Only handed on to transactions, which ask on the store's thread whether they come too late; no machine looks at it.</param>
internal sealed record MembershipConfig(
    StoreIdentity Identity,
    AdmitRequest Node,
    IReadOnlyList<string> Seeds,
    MembershipTiming Timing,
    Random Random,
    TimeProvider Time);
