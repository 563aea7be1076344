using System.Buffers.Binary;
using System.Numerics;

namespace MonitorCluster.Cluster.Transport;

/// <summary>CRC-32C (Castagnoli), with the processor's instruction where there is one: the checksum of frames and of the log.</summary>
/// <remarks>Source: RFC 3720, appendix B.4. Start with <see cref="Start"/>, finish with <see cref="Finish"/>.</remarks>
public static class Crc32C
{
    /// <summary>The state before the first byte.</summary>
    public const uint Start = 0xffffffff;

    /// <summary>The checksum of what was added.</summary>
    public static uint Finish(uint crc) => ~crc;

    /// <summary>Adds bytes.</summary>
    public static uint Add(uint crc, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length >= sizeof(ulong))
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[sizeof(ulong)..];
        }

        foreach (byte value in bytes)
        {
            crc = BitOperations.Crc32C(crc, value);
        }

        return crc;
    }

    /// <summary>Adds the eight bytes of a number, the lowest first.</summary>
    public static uint Add(uint crc, ulong value) => BitOperations.Crc32C(crc, value);
}
