using System.Buffers;
using System.Buffers.Binary;

namespace MonitorCluster.Cluster.Transport;

/// <summary>Reads messages out of the bytes of one link. Format: docs/formats/frame.md.</summary>
/// <remarks>
/// The bytes are hostile: lengths are compared with limits before anything is done with them, and memory is taken only for bytes that are there, never
/// for those that a head announces. After an outcome other than <see cref="FrameOutcome.Incomplete"/> and <see cref="FrameOutcome.Message"/> the reader
/// says the same for ever: there is no way back into step. For one thread at a time.
/// </remarks>
internal sealed class FrameReader
{
    private readonly List<byte[]> parts = []; // bodies of the frames so far of a message in several: all of BodyBytesMax
    private FrameType partsType;
    private FrameOutcome failed = FrameOutcome.Message;

    /// <summary>Whether a message has begun of which frames are missing.</summary>
    public bool IsInsideMessage => parts.Count > 0;

    /// <summary>Reads the next message.</summary>
    /// <param name="bytes">What has arrived; moved behind the frames that were read.</param>
    /// <param name="messageBytesMax">The longest message allowed.</param>
    /// <param name="type">The message's type.</param>
    /// <param name="body">The message's bytes, which nobody else has.</param>
    public FrameOutcome TryRead(ref ReadOnlySequence<byte> bytes, int messageBytesMax, out FrameType type, out ReadOnlyMemory<byte> body)
    {
        (type, body) = (default, default);
        if (failed != FrameOutcome.Message)
        {
            return failed;
        }

        Span<byte> header = stackalloc byte[Frame.HeaderBytes];
        while (bytes.Length >= Frame.HeaderBytes)
        {
            bytes.Slice(0, Frame.HeaderBytes).CopyTo(header);
            uint length = BinaryPrimitives.ReadUInt32LittleEndian(header);
            type = (FrameType)header[4];
            bool hasMore = header[5] == Frame.More;
            if (!IsWellFormed(header, length, type, hasMore))
            {
                return Fail(FrameOutcome.Malformed);
            }

            if (((long)parts.Count * Frame.BodyBytesMax) + length > messageBytesMax)
            {
                return Fail(FrameOutcome.TooLong);
            }

            if (bytes.Length < Frame.HeaderBytes + length)
            {
                return FrameOutcome.Incomplete;
            }

            ReadOnlySequence<byte> frame = bytes.Slice(Frame.HeaderBytes, length);
            if (Checksum(header, frame) != BinaryPrimitives.ReadUInt32LittleEndian(header[8..]))
            {
                return Fail(FrameOutcome.Corrupt);
            }

            bytes = bytes.Slice(frame.End);
            if (!hasMore)
            {
                body = Join(frame);
                return FrameOutcome.Message;
            }

            parts.Add(frame.ToArray());
            partsType = type;
        }

        return FrameOutcome.Incomplete;
    }

    // A message has one form only: were short frames allowed to have a follower, a message of a few bytes each would cost many times its length.
    private bool IsWellFormed(ReadOnlySpan<byte> header, uint length, FrameType type, bool hasMore) =>
        length <= Frame.BodyBytesMax
        && type != 0
        && (header[5] & ~Frame.More) == 0
        && header[6] == 0
        && header[7] == 0
        && (!hasMore || length == Frame.BodyBytesMax)
        && (parts.Count == 0 || (type == partsType && length > 0));

    private static uint Checksum(ReadOnlySpan<byte> header, ReadOnlySequence<byte> frame)
    {
        uint crc = Crc32C.Add(Crc32C.Start, BinaryPrimitives.ReadUInt64LittleEndian(header));
        foreach (ReadOnlyMemory<byte> segment in frame)
        {
            crc = Crc32C.Add(crc, segment.Span);
        }

        return Crc32C.Finish(crc);
    }

    private byte[] Join(ReadOnlySequence<byte> last)
    {
        if (parts.Count == 0)
        {
            return last.ToArray();
        }

        byte[] message = GC.AllocateUninitializedArray<byte>((parts.Count * Frame.BodyBytesMax) + (int)last.Length);
        for (int i = 0; i < parts.Count; i++)
        {
            parts[i].CopyTo(message, i * Frame.BodyBytesMax);
        }

        last.CopyTo(message.AsSpan(parts.Count * Frame.BodyBytesMax));
        parts.Clear();
        return message;
    }

    private FrameOutcome Fail(FrameOutcome outcome)
    {
        parts.Clear();
        return failed = outcome;
    }
}
