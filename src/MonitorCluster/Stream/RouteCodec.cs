using System.Diagnostics.CodeAnalysis;
using System.Text;
using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Stream;

/// <summary>What agents ask members for and what they are told: <c>RequestKind.Route</c>. Format: docs/formats/stream.md.</summary>
internal static class RouteCodec
{
    private const int ShardsMax = 65_536;
    private const int MembersMax = 65_536;
    private const int TextBytesMax = 1_024;

    /// <summary>Asks for all that is newer than a version; 0 asks for all.</summary>
    public static ReadOnlyMemory<byte> EncodeRequest(long knownVersion) => new FrameWriter(16).Number(knownVersion).Written;

    public static bool TryDecodeRequest(ReadOnlyMemory<byte> body, out long knownVersion)
    {
        var reader = new FrameReader(body);
        knownVersion = reader.Number();
        return reader.IsGood && reader.IsAtEnd;
    }

    /// <summary>Encodes an answer: the living members when there is anything new, and the shards that changed after the version asked from.</summary>
    public static ReadOnlyMemory<byte> EncodeAnswer(ClusterShape shape, ClusterViewChanged view, long knownVersion)
    {
        bool isNew = view.Version != knownVersion;
        long from = knownVersion <= view.Version ? knownVersion : 0; // who knows more has asked another cluster's member: it gets all there is
        MemberRow[] members = isNew ? [.. view.Members.Where(m => m.Status != MemberStatus.Dead)] : [];
        ShardOwner[] shards = isNew ? [.. view.ShardOwners.Where(s => s.Version > from || from == 0)] : [];
        FrameWriter writer = new FrameWriter(256 + (members.Length * 96) + (shards.Length * 16))
            .Number(view.Version).Number(from).Number(shape.ShardCount).Number(shape.MetricGroups).Bytes(Encoding.UTF8.GetBytes(shape.HashId))
            .Number(members.Length);
        foreach (MemberRow member in members)
        {
            writer.Number(member.Incarnation).Bytes(Encoding.UTF8.GetBytes(member.NodeName)).Bytes(Encoding.UTF8.GetBytes(member.Address))
                .Bytes(Encoding.UTF8.GetBytes(member.Zone)).Number((long)member.Roles).Bytes(Encoding.UTF8.GetBytes(member.Build))
                .Number((long)member.Status).Number(member.Version);
        }

        writer.Number(shards.Length);
        foreach (ShardOwner shard in shards)
        {
            // Optional numbers are one more than they are, 0 = none.
            writer.Number(shard.ShardId).Number(shard.Epoch).Number((shard.Owner ?? -1) + 1).Number((shard.Target ?? -1) + 1)
                .Number(shard.Version).Number((shard.MoveId ?? -1) + 1);
        }

        return writer.Written;
    }

    public static bool TryDecodeAnswer(ReadOnlyMemory<byte> body, [NotNullWhen(true)] out RouteAnswer? answer)
    {
        var reader = new FrameReader(body);
        (long version, long from) = (reader.Number(), reader.Number());
        var shape = new ClusterShape(reader.Number(ShardsMax), reader.Number(ShardsMax), Text(ref reader));
        int memberCount = reader.Number(MembersMax);
        var members = new List<MemberRow>(Math.Min(memberCount, 1_024)); // a count is only a claim
        for (int i = 0; i < memberCount && reader.IsGood; i++)
        {
            members.Add(ReadMember(ref reader));
        }

        int shardCount = reader.Number(ShardsMax);
        var shards = new List<ShardOwner>(Math.Min(shardCount, 1_024));
        for (int i = 0; i < shardCount && reader.IsGood; i++)
        {
            shards.Add(ReadShard(ref reader));
        }

        answer = reader.IsGood && reader.IsAtEnd ? new RouteAnswer(version, from, shape, members, shards) : null;
        return answer is not null;
    }

    private static MemberRow ReadMember(ref FrameReader reader)
    {
        (long incarnation, string name, string address, string zone) = (reader.Number(), Text(ref reader), Text(ref reader), Text(ref reader));
        var roles = (NodeRoles)reader.Number(int.MaxValue);
        string build = Text(ref reader);
        int status = reader.Number((int)MemberStatus.Dead);
        reader.Check(status >= (int)MemberStatus.Joining);
        return new MemberRow(incarnation, name, address, zone, roles, build, Guid.Empty, (MemberStatus)status, null, 0, reader.Number());
    }

    private static ShardOwner ReadShard(ref FrameReader reader) =>
        new(reader.Number(ShardsMax - 1), reader.Number(), Optional(ref reader), Optional(ref reader), reader.Number(), Optional(ref reader));

    private static long? Optional(ref FrameReader reader) => reader.Number() is > 0 and var more ? more - 1 : null;

    private static string Text(ref FrameReader reader) => Encoding.UTF8.GetString(reader.Bytes(TextBytesMax).Span);
}

/// <summary>What a cluster and those who send to it must agree on.</summary>
/// <param name="ShardCount">Into how many shards the series are divided.</param>
/// <param name="MetricGroups">Over how many shards the metrics of one host are spread.</param>
/// <param name="HashId">The placement's name.</param>
public sealed record ClusterShape(int ShardCount, int MetricGroups, string HashId);

/// <summary>What a member told an agent.</summary>
/// <param name="Version">The version of the member's view.</param>
/// <param name="FromVersion">The shards below are those that changed after it; 0 = all.</param>
/// <param name="Shape">What the agent's settings must say, too.</param>
/// <param name="Members">The living members; empty when the version is the one asked from.</param>
/// <param name="Shards">The shards.</param>
internal sealed record RouteAnswer(
    long Version, long FromVersion, ClusterShape Shape, IReadOnlyList<MemberRow> Members, IReadOnlyList<ShardOwner> Shards);
