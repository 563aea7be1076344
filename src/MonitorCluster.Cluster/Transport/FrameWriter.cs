using System.Buffers;
using System.Buffers.Binary;

namespace MonitorCluster.Cluster.Transport;

/// <summary>Writes messages as frames. Format: docs/formats/frame.md. No allocation.</summary>
internal static class FrameWriter
{
    /// <summary>How many frames a message takes: at least one.</summary>
    public static int FrameCount(int messageBytes) => Math.Max(1, (messageBytes + Frame.BodyBytesMax - 1) / Frame.BodyBytesMax);

    /// <summary>The bytes a message takes on the wire.</summary>
    public static long WireBytes(int messageBytes) => messageBytes + ((long)FrameCount(messageBytes) * Frame.HeaderBytes);

    /// <summary>The body of one frame of a message.</summary>
    /// <param name="message">The whole message.</param>
    /// <param name="index">The frame's index, below <see cref="FrameCount"/>.</param>
    public static ReadOnlyMemory<byte> Body(ReadOnlyMemory<byte> message, int index) =>
        message.Slice(index * Frame.BodyBytesMax, Math.Min(Frame.BodyBytesMax, message.Length - (index * Frame.BodyBytesMax)));

    /// <summary>Writes a frame's head.</summary>
    /// <param name="header">At least <see cref="Frame.HeaderBytes"/>.</param>
    /// <param name="type">The message's type.</param>
    /// <param name="body">The frame's body.</param>
    /// <param name="hasMore">Whether the message goes on in the next frame.</param>
    public static void WriteHeader(Span<byte> header, FrameType type, ReadOnlySpan<byte> body, bool hasMore)
    {
        BinaryPrimitives.WriteInt32LittleEndian(header, body.Length);
        (header[4], header[5], header[6], header[7]) = ((byte)type, hasMore ? Frame.More : (byte)0, 0, 0);
        uint crc = Crc32C.Add(Crc32C.Start, BinaryPrimitives.ReadUInt64LittleEndian(header));
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], Crc32C.Finish(Crc32C.Add(crc, body)));
    }

    /// <summary>Writes a message.</summary>
    public static void Write(IBufferWriter<byte> output, FrameType type, ReadOnlyMemory<byte> message)
    {
        int frames = FrameCount(message.Length);
        for (int i = 0; i < frames; i++)
        {
            ReadOnlySpan<byte> body = Body(message, i).Span;
            WriteHeader(output.GetSpan(Frame.HeaderBytes), type, body, i < frames - 1);
            output.Advance(Frame.HeaderBytes);
            output.Write(body);
        }
    }
}
