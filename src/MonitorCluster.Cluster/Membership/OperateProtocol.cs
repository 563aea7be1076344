using System.Text.Json;
using MonitorCluster.Cluster.Transport;

namespace MonitorCluster.Cluster.Membership;

/// <summary>What an operator can wish of another node's membership.</summary>
internal enum OperateWish
{
    /// <summary>Move a shard; only the controller can.</summary>
    Move = 1,

    /// <summary>Leave the cluster.</summary>
    Leave = 2,

    /// <summary>Keep a shard where it is; only the controller can.</summary>
    Pin = 3,

    /// <summary>Let a shard go that was kept; only the controller can.</summary>
    Unpin = 4,
}

/// <summary>The body of a <see cref="RequestKind.Operate"/> that is membership's: <see cref="FirstByte"/>, then JSON.</summary>
/// <remarks>Other wishes of that kind begin with another byte, so that one server can hand each to its actor.</remarks>
internal sealed record OperateRequest(OperateWish Wish, int ShardId, string Member)
{
    /// <summary>The first byte of the body.</summary>
    internal const byte FirstByte = (byte)'m';

    private const int BodyBytesMax = 4 << 10;

    internal static OperateRequest? Read(ReadOnlySpan<byte> body)
    {
        if (body.Length is < 2 or > BodyBytesMax || body[0] != FirstByte)
        {
            return null;
        }

        try
        {
            OperateRequest? request = JsonSerializer.Deserialize<OperateRequest>(body[1..]);
            return request is { Member: not null } ? request : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    internal ReadOnlyMemory<byte> ToBytes() => (byte[])[FirstByte, .. JsonSerializer.SerializeToUtf8Bytes(this)];
}

/// <summary>The answer to an <see cref="OperateRequest"/>.</summary>
internal sealed record OperateReply(bool IsDone, string Text, long ElapsedMs, bool IsNotController = false)
{
    private const int BodyBytesMax = 16 << 10;

    internal static OperateReply? Read(ReadOnlySpan<byte> body)
    {
        try
        {
            return body.Length <= BodyBytesMax && JsonSerializer.Deserialize<OperateReply>(body) is { Text: not null } reply ? reply : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    internal ReadOnlyMemory<byte> ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this);
}
