using System.Buffers.Binary;
using System.Numerics;

namespace MonitorCluster.TimeSeries.Chunks;

/// <summary>CRC-32C (Castagnoli), the checksum of every byte format of the project.</summary>
/// <remarks>Source: RFC 3720, appendix B.4. It finds every flipped bit, and every burst of up to 32 bits.
/// Uses the processor's instruction where there is one.</remarks>
public static class Crc32C
{
    /// <summary>The checksum of bytes; 0 for none.</summary>
    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        while (bytes.Length >= sizeof(ulong))
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[sizeof(ulong)..];
        }

        foreach (byte b in bytes)
        {
            crc = BitOperations.Crc32C(crc, b);
        }

        return ~crc;
    }
}
