using System.Globalization;
using System.Text.Json;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Cluster.Transport;

namespace MonitorCluster.Cluster.Membership;

/// <summary>The body of <see cref="RequestKind.Join"/>, as JSON: it is rare, small, and the first thing that two builds of different age say to each
/// other.</summary>
internal sealed record JoinRequest(
    Guid ClusterUuid,
    IReadOnlyDictionary<string, string> MustMatch,
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
    IReadOnlyList<ObservedMember> StoodStill)
{
    internal const int BodyBytesMax = 64 << 10;

    private const int TextMax = 253;

    internal static JoinRequest From(AdmitRequest node, StoreIdentity identity, Guid clusterUuid) => new(
        clusterUuid, identity.MustMatch, node.NodeName, node.Address, node.Zone, node.Roles, node.Build, node.ProtoMin, node.ProtoMax, node.CpuMilli,
        node.MemoryBytes, node.DataDirId, node.StoodStill);

    /// <summary>Reads what came from outside.</summary>
    /// <returns>Null when it is no request at all.</returns>
    internal static JoinRequest? Read(ReadOnlySpan<byte> body)
    {
        if (body.Length > BodyBytesMax)
        {
            return null;
        }

        try
        {
            JoinRequest? request = JsonSerializer.Deserialize<JoinRequest>(body);
            return request is { MustMatch: not null, NodeName: not null, Address: not null, Zone: not null, Build: not null, StoodStill: not null }
                && request.MustMatch.Values.All(value => value is not null) ? request : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    internal AdmitRequest ToAdmission() => new(
        NodeName, Address, Zone, Roles, Build, ProtoMin, ProtoMax, CpuMilli, MemoryBytes, DataDirId, Alone: false, StoodStill);

    internal ReadOnlyMemory<byte> ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this);

    /// <summary>Everything that keeps this node out of a seed's cluster, in the words of the joining node.</summary>
    internal IReadOnlyList<string> Differences(AdmitRequest seed, StoreIdentity identity, Guid seedUuid)
    {
        string who = $"the seed '{seed.NodeName}' at {seed.Address}";
        List<string> reasons = [];
        IReadOnlyDictionary<string, string> theirs = identity.MustMatch;
        foreach (string key in MustMatch.Keys.Union(theirs.Keys).Order(StringComparer.Ordinal))
        {
            (string? our, string? their) = (MustMatch.GetValueOrDefault(key), theirs.GetValueOrDefault(key));
            if (our != their)
            {
                reasons.Add($"Setting {key} is {Show(our)} here, but {Show(their)} at {who}.");
            }
        }

        if (ClusterUuid != seedUuid)
        {
            reasons.Add($"The store of this node is cluster {ClusterUuid}, but that of {who} is cluster {seedUuid}: section Store names another database.");
        }

        if (ProtoMin > seed.ProtoMax || ProtoMax < seed.ProtoMin)
        {
            reasons.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"This build speaks node protocol {ProtoMin} to {ProtoMax}, but {who} speaks {seed.ProtoMin} to {seed.ProtoMax}."));
        }

        const NodeRoles All = NodeRoles.Aggregator | NodeRoles.Collector | NodeRoles.Api;
        if (Roles == NodeRoles.None || (Roles & ~All) != 0)
        {
            reasons.Add($"Node:Roles is {(int)Roles:X}, which {who} does not know.");
        }

        if (NodeName.Length is 0 or > TextMax || NodeName.Any(char.IsControl) || Zone.Length > TextMax || Build.Length > TextMax || !HostPort.IsValid(Address))
        {
            reasons.Add($"Node:Name, zone, build or address are not of the form that {who} takes.");
        }

        return reasons;

        static string Show(string? value) => value is null ? "absent" : $"'{value}'";
    }
}

/// <summary>What a seed says to a joining node.</summary>
internal enum JoinOutcome
{
    /// <summary>It is a member now, under the incarnation given.</summary>
    Admitted = 1,

    /// <summary>Living members hold its name or its address.</summary>
    InTheWay = 2,

    /// <summary>It may not join, for the reasons given.</summary>
    Refused = 3,

    /// <summary>The seed is no active member itself.</summary>
    NotMember = 4,

    /// <summary>The seed's store does not answer now.</summary>
    Busy = 5,
}

/// <summary>The answer to a <see cref="JoinRequest"/>.</summary>
internal sealed record JoinReply(JoinOutcome Outcome, long Incarnation, IReadOnlyList<JoinObstacle> InTheWay, IReadOnlyList<string> Reasons)
{
    internal static JoinReply Of(JoinOutcome outcome) => new(outcome, 0, [], []);

    internal static JoinReply Refused(IReadOnlyList<string> reasons) => new(JoinOutcome.Refused, 0, [], reasons);

    internal static JoinReply From(AdmitResult result) => result.IsAdmitted
        ? new JoinReply(JoinOutcome.Admitted, result.Incarnation, [], [])
        : new JoinReply(JoinOutcome.InTheWay, 0, [.. result.InTheWay.Select(JoinObstacle.From)], []);

    internal static JoinReply? Read(ReadOnlySpan<byte> body)
    {
        if (body.Length > JoinRequest.BodyBytesMax)
        {
            return null;
        }

        try
        {
            JoinReply? reply = JsonSerializer.Deserialize<JoinReply>(body);
            return reply is { InTheWay: not null, Reasons: not null } && (reply.Outcome != JoinOutcome.Admitted || reply.Incarnation > 0) ? reply : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    internal ReadOnlyMemory<byte> ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this);
}

/// <summary>A living member that holds a joining node's name or address.</summary>
internal sealed record JoinObstacle(long Incarnation, string NodeName, string Address, long HeartbeatSeq)
{
    internal static JoinObstacle From(MemberRow member) => new(member.Incarnation, member.NodeName, member.Address, member.HeartbeatSeq);
}
