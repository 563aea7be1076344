using System.Security.Cryptography;

namespace MonitorCluster.Cluster.Transport;

/// <summary>Draws the numbers that make every handshake differ, and knows those of this process again.</summary>
/// <remarks>
/// A nonce is 16 random bytes and a tag that only this process can make from them. So a node notices, without keeping a list, when it talks to itself
/// (a seed's name that leads back here), and when a stranger mirrors a handshake to let the node answer its own question.
/// Drawing is for one thread at a time, recognising for any.
/// </remarks>
internal sealed class LinkNonces
{
    public const int NonceBytes = 32;

    private const int RandomBytes = 16;

    private readonly Random random;
    private readonly byte[] key = new byte[32];

    public LinkNonces(Random random)
    {
        this.random = random;
        random.NextBytes(key);
    }

    public byte[] Draw()
    {
        byte[] nonce = new byte[NonceBytes];
        random.NextBytes(nonce.AsSpan(0, RandomBytes));
        Tag(nonce, nonce.AsSpan(RandomBytes));
        return nonce;
    }

    public bool IsOwn(ReadOnlySpan<byte> nonce)
    {
        if (nonce.Length != NonceBytes)
        {
            return false;
        }

        Span<byte> tag = stackalloc byte[NonceBytes - RandomBytes];
        Tag(nonce, tag);
        return CryptographicOperations.FixedTimeEquals(nonce[RandomBytes..], tag);
    }

    private void Tag(ReadOnlySpan<byte> nonce, Span<byte> tag)
    {
        Span<byte> mac = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(key, nonce[..RandomBytes], mac);
        mac[..tag.Length].CopyTo(tag);
    }
}
