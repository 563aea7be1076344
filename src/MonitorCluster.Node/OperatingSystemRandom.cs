using System.Buffers.Binary;
using System.Security.Cryptography;

namespace MonitorCluster.Node;

/// <summary>Chance from the operating system, for identities that must differ between nodes and must not be guessed. Safe for any thread.</summary>
internal sealed class OperatingSystemRandom : Random
{
    public override void NextBytes(Span<byte> buffer) => RandomNumberGenerator.Fill(buffer);

    public override void NextBytes(byte[] buffer) => RandomNumberGenerator.Fill(buffer);

    public override int Next() => RandomNumberGenerator.GetInt32(int.MaxValue);

    public override int Next(int maxValue) => maxValue <= 1 ? 0 : RandomNumberGenerator.GetInt32(maxValue);

    public override int Next(int minValue, int maxValue) => maxValue - (long)minValue <= 1 ? minValue : RandomNumberGenerator.GetInt32(minValue, maxValue);

    public override long NextInt64() => (long)(NextUInt64() >> 1);

    public override double NextDouble() => Sample();

    protected override double Sample() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));

    private static ulong NextUInt64()
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        RandomNumberGenerator.Fill(bytes);
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }
}
