using Microsoft.Extensions.Logging;
using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Cluster.Membership;

/// <summary>What a <see cref="MembershipActor"/> needs.</summary>
/// <param name="Store">The store actor that only membership uses, so that no flush delays a heartbeat.</param>
/// <param name="Peers">The peers actor.</param>
/// <param name="Identity">What the store must be.</param>
/// <param name="Node">This node; its data directory is locked. <see cref="AdmitRequest.Alone"/> is decided by <paramref name="Seeds"/>.</param>
/// <param name="Seeds"><c>Cluster:Seeds</c>, in order.</param>
/// <param name="Random">For waiting times and the choice of witnesses.</param>
/// <param name="Logger">The log.</param>
public sealed record MembershipSetup(
    IActorRef Store,
    IActorRef Peers,
    StoreIdentity Identity,
    AdmitRequest Node,
    IReadOnlyList<string> Seeds,
    Random Random,
    ILogger<MembershipActor> Logger)
{
    internal MembershipTiming Timing { get; init; } = new();
}
