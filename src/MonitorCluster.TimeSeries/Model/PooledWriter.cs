using System.Buffers;

namespace MonitorCluster.TimeSeries.Model;

/// <summary>Bytes of unknown length gathered in an array of the shared pool: for megabytes that are made again and again.</summary>
/// <remarks>
/// One owner, and every writer of bytes writes here, also a stream. Disposing gives the array back; the written bytes are not to be used after.
/// <see cref="Chunks.PooledBuffer"/> is the struct for what is sealed on the way of every sample.
/// </remarks>
/// <param name="bytesAtFirst">Room at first, at least 1.</param>
public sealed class PooledWriter(int bytesAtFirst = 64 * 1024) : IBufferWriter<byte>, IDisposable
{
    private byte[] array = ArrayPool<byte>.Shared.Rent(bytesAtFirst);

    /// <summary>The number of bytes written.</summary>
    public int Length { get; private set; }

    /// <summary>The memory held, in bytes; 0 after disposal.</summary>
    public int Capacity => array.Length;

    /// <summary>The bytes written.</summary>
    public ReadOnlySpan<byte> Written => array.AsSpan(0, Length);

    /// <summary>Forgets what is written and keeps the room.</summary>
    public void Clear() => Length = 0;

    /// <inheritdoc/>
    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, array.Length - Length);
        Length += count;
    }

    /// <inheritdoc/>
    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    /// <inheritdoc/>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        ObjectDisposedException.ThrowIf(array.Length == 0, this);
        int least = Math.Max(1, sizeHint);
        if (array.Length - Length < least)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(checked(Length + least), (int)Math.Min(2L * array.Length, Array.MaxLength)));
            Written.CopyTo(larger);
            ArrayPool<byte>.Shared.Return(array);
            array = larger;
        }

        return array.AsMemory(Length);
    }

    /// <summary>A stream that writes here, for whoever knows only streams. Disposing it does not dispose this.</summary>
    public Stream AsStream() => new Appender(this);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (array.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(array);
            (array, Length) = ([], 0);
        }
    }

    private sealed class Appender(PooledWriter writer) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Write(ReadOnlySpan<byte> buffer) => writer.Write(buffer);

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Flush()
        {
            // Nothing is held back.
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
