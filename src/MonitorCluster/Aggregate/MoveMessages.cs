using System.Buffers;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Aggregate;

/// <summary>"Load this shard, it will be yours." Answered with <see cref="WarmAnswer"/>.</summary>
/// <param name="ShardId">The shard.</param>
/// <param name="Epoch">The giver's epoch.</param>
/// <param name="MoveId">The move.</param>
/// <param name="Version">The cluster version in which the giver saw the move.</param>
internal sealed record WarmRequest(int ShardId, long Epoch, long MoveId, long Version)
{
    public byte[] ToBytes() => MoveMessages.Write(ShardId, Epoch, MoveId, Version);

    /// <summary>Reads bytes from another node; null when they are no such request.</summary>
    public static WarmRequest? Read(ReadOnlySpan<byte> bytes)
    {
        Span<long> numbers = stackalloc long[4];
        return MoveMessages.TryRead(bytes, numbers) && numbers[0] <= int.MaxValue
            ? new WarmRequest((int)numbers[0], numbers[1], numbers[2], numbers[3])
            : null;
    }
}

/// <summary>"Loaded up to this journal row", or "I cannot read this shard": then it stays where it is served.</summary>
/// <param name="Jseq">The row's number, 0 when there is none; null when the shard cannot be read.</param>
internal sealed record WarmAnswer(long? Jseq)
{
    public byte[] ToBytes() => MoveMessages.Write(Jseq is { } jseq ? jseq + 1 : 0);

    /// <summary>Reads bytes from another node; null when they are no such answer.</summary>
    public static WarmAnswer? Read(ReadOnlySpan<byte> bytes)
    {
        Span<long> numbers = stackalloc long[1];
        return MoveMessages.TryRead(bytes, numbers) ? new WarmAnswer(numbers[0] == 0 ? null : numbers[0] - 1) : null;
    }
}

/// <summary>"The shard is yours." Answered with nothing; whoever misses it sees the shard's row.</summary>
/// <param name="ShardId">The shard.</param>
/// <param name="Epoch">The new owner's epoch.</param>
/// <param name="MoveId">The move that is done.</param>
/// <param name="Jseq">The last journal row, for people.</param>
internal sealed record GrantRequest(int ShardId, long Epoch, long MoveId, long Jseq)
{
    public byte[] ToBytes() => MoveMessages.Write(ShardId, Epoch, MoveId, Jseq);

    /// <summary>Reads bytes from another node; null when they are no such request.</summary>
    public static GrantRequest? Read(ReadOnlySpan<byte> bytes)
    {
        Span<long> numbers = stackalloc long[4];
        return MoveMessages.TryRead(bytes, numbers) && numbers[0] <= int.MaxValue
            ? new GrantRequest((int)numbers[0], numbers[1], numbers[2], numbers[3])
            : null;
    }
}

/// <summary>The bodies of the requests and of the answer: a version byte, then each number of the record in its order as an unsigned varint.</summary>
/// <remarks>Numbers are below 2^63, a shard's below 2^31, and nothing follows the last one; other bytes are refused.</remarks>
internal static class MoveMessages
{
    private const byte Version = 1;

    public static byte[] Write(params ReadOnlySpan<long> numbers)
    {
        var writer = new ArrayBufferWriter<byte>(1 + (numbers.Length * Varint.BytesMax));
        writer.Write([Version]);
        foreach (long number in numbers)
        {
            Varint.Write(writer, (ulong)number);
        }

        return writer.WrittenSpan.ToArray();
    }

    public static bool TryRead(ReadOnlySpan<byte> bytes, Span<long> numbers)
    {
        int offset = 1;
        if (bytes.IsEmpty || bytes[0] != Version)
        {
            return false;
        }

        foreach (ref long number in numbers)
        {
            if (!Varint.TryRead(bytes, ref offset, out ulong read) || read > long.MaxValue)
            {
                return false;
            }

            number = (long)read;
        }

        return offset == bytes.Length;
    }
}
