using System.Numerics;
using System.Runtime.InteropServices;

namespace MonitorCluster.Stream;

/// <summary>CRC-32C (Castagnoli), with the processor's instruction where there is one.</summary>
/// <remarks>Source: RFC 3720, appendix B.4. Start with <see cref="Start"/>, finish with <see cref="Finish"/>.</remarks>
internal static class Crc32C
{
    public const uint Start = 0xffffffff;

    public static uint Finish(uint crc) => ~crc;

    public static uint Add(uint crc, ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (ulong word in words)
        {
            crc = BitOperations.Crc32C(crc, BitConverter.IsLittleEndian ? word : System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(word));
        }

        foreach (byte value in bytes[(words.Length * sizeof(ulong))..])
        {
            crc = BitOperations.Crc32C(crc, value);
        }

        return crc;
    }

    public static uint Add(uint crc, ulong value) => BitOperations.Crc32C(crc, value);
}
