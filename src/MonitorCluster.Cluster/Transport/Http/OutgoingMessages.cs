using System.Buffers;
using System.Threading.Channels;

namespace MonitorCluster.Cluster.Transport.Http;

/// <summary>What waits to be sent over one link. Any thread adds; one pump takes, and writes what has gathered as one.</summary>
/// <param name="statistics">Where bytes are counted.</param>
internal sealed class OutgoingMessages(TransportStatistics statistics)
{
    /// <summary>The most bytes that may wait: one longest message, and half of another.</summary>
    public const long BytesMax = 96 << 20;

    // Small messages are gathered up to this; four frames of HTTP/2.
    private const int BufferBytes = 64 << 10;

    // What a waiting message costs besides its bytes, so that empty ones are bounded, too (guess).
    private const int MessageOverheadBytes = 64;

    private readonly Channel<(FrameType Type, ReadOnlyMemory<byte> Body)> messages =
        Channel.CreateUnbounded<(FrameType, ReadOnlyMemory<byte>)>(new UnboundedChannelOptions { SingleReader = true });

    private long waitingBytes;

    /// <summary>Adds a message.</summary>
    /// <returns>False when too much waits: the link is lost.</returns>
    public bool TryAdd(FrameType type, ReadOnlyMemory<byte> body) =>
        Interlocked.Add(ref waitingBytes, body.Length + MessageOverheadBytes) <= BytesMax && messages.Writer.TryWrite((type, body));

    /// <summary>Whether so many bytes more may wait.</summary>
    public bool HasRoomFor(int bytes) => Interlocked.Read(ref waitingBytes) + bytes + MessageOverheadBytes <= BytesMax;

    /// <summary>Nothing more comes: the pump ends when it has sent what waits.</summary>
    public void Complete() => messages.Writer.TryComplete();

    /// <summary>Writes messages until there are no more.</summary>
    public async Task PumpAsync(System.IO.Stream output, CancellationToken cancellationToken)
    {
        await output.FlushAsync(cancellationToken); // the head goes out before there is a message
        while (await messages.Reader.WaitToReadAsync(cancellationToken))
        {
            // Rented for as long as there is something to send: most links are silent most of the time.
            byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
            try
            {
                await WriteWaitingAsync(output, buffer, cancellationToken);
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }

    private async Task WriteWaitingAsync(System.IO.Stream output, byte[] buffer, CancellationToken cancellationToken)
    {
        int used = 0;
        while (messages.Reader.TryRead(out (FrameType Type, ReadOnlyMemory<byte> Body) message))
        {
            int frames = FrameWriter.FrameCount(message.Body.Length);
            for (int i = 0; i < frames; i++)
            {
                ReadOnlyMemory<byte> body = FrameWriter.Body(message.Body, i);
                if (used > 0 && buffer.Length - used < Frame.HeaderBytes + body.Length)
                {
                    await output.WriteAsync(buffer.AsMemory(0, used), cancellationToken);
                    used = 0;
                }

                FrameWriter.WriteHeader(buffer.AsSpan(used), message.Type, body.Span, i < frames - 1);
                used += Frame.HeaderBytes;
                if (buffer.Length - used >= body.Length)
                {
                    body.CopyTo(buffer.AsMemory(used));
                    used += body.Length;
                }
                else
                {
                    await output.WriteAsync(buffer.AsMemory(0, used), cancellationToken);
                    await output.WriteAsync(body, cancellationToken);
                    used = 0;
                }
            }

            statistics.AddBytesOut(FrameWriter.WireBytes(message.Body.Length));
            Interlocked.Add(ref waitingBytes, -(message.Body.Length + MessageOverheadBytes));
        }

        if (used > 0)
        {
            await output.WriteAsync(buffer.AsMemory(0, used), cancellationToken);
        }

        await output.FlushAsync(cancellationToken);
    }
}
