using System.Buffers;
using System.Numerics;

namespace MonitorCluster.Node.Api;

/// <summary>How many bytes the bodies of all pushed requests may take at once, compressed and decoded together. Safe for any thread.</summary>
internal sealed class PushBudget(long bytesMax)
{
    private long used;

    /// <summary>Bytes taken now.</summary>
    public long Used => Interlocked.Read(ref used);

    /// <summary>Takes bytes unless that would pass the limit.</summary>
    public bool TryTake(long bytes)
    {
        if (Interlocked.Add(ref used, bytes) <= bytesMax)
        {
            return true;
        }

        Give(bytes);
        return false;
    }

    /// <summary>Gives taken bytes back.</summary>
    public void Give(long bytes) => Interlocked.Add(ref used, -bytes);
}

/// <summary>The two buffers of one pushed request, from the pool and within the budget. One owner; disposing gives both back.</summary>
/// <remarks>The body's grows with what has arrived: a Content-Length alone, or a length that a body declares, must not cost memory.</remarks>
internal sealed class PushBuffers(PushBudget budget, int bytesMax) : IDisposable
{
    private const int BodyBytesFirst = 64 * 1024;
    private const int PooledMin = 16; // the pool's smallest array; all others are powers of two

    private byte[] body = [];
    private byte[] decoded = [];

    /// <summary>Room behind the first bytes of the body, at least one byte; empty when the budget has none.</summary>
    public Memory<byte> Room(int length)
    {
        if (length >= bytesMax)
        {
            return new byte[1]; // only tells whether more comes than may
        }

        if (length == body.Length)
        {
            byte[]? larger = Rent(Math.Max(BodyBytesFirst, 2 * length));
            if (larger is null)
            {
                return Memory<byte>.Empty;
            }

            body.AsSpan(0, length).CopyTo(larger);
            (byte[] smaller, body) = (body, larger);
            Return(smaller);
        }

        return body.AsMemory(length);
    }

    /// <summary>The first bytes of the body.</summary>
    public ReadOnlySpan<byte> Body(int length) => body.AsSpan(0, length);

    /// <summary>Makes room for the decoded body; null when the budget has none.</summary>
    public Memory<byte>? RentDecoded(int length)
    {
        if (Rent(length) is not { } array)
        {
            return null;
        }

        decoded = array;
        return decoded.AsMemory(0, length);
    }

    public void Dispose()
    {
        Return(body);
        Return(decoded);
        (body, decoded) = ([], []);
    }

    private byte[]? Rent(int length)
    {
        int rounded = (int)Math.Max(PooledMin, BitOperations.RoundUpToPowerOf2((uint)length));
        return budget.TryTake(rounded) ? ArrayPool<byte>.Shared.Rent(rounded) : null;
    }

    private void Return(byte[] array)
    {
        if (array.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(array);
            budget.Give(array.Length);
        }
    }
}
