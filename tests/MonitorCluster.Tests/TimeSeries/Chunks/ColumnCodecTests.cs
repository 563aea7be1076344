using FsCheck;
using FsCheck.Fluent;
using MonitorCluster.TimeSeries.Chunks;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Tests.TimeSeries.Chunks;

public class ColumnCodecTests
{
    public static TheoryData<string, double[]> Columns => new()
    {
        { "zero", new double[64] },
        { "one value", [3.25] },
        { "negative zeros", [-0.0, -0.0] },
        { "both zeros", [0.0, -0.0, 0.0] },
        { "nan payloads", [double.NaN, BitConverter.Int64BitsToDouble(0x7ff8000000000123), Sample.StaleMarker, MiniBlock.Absent, 1] },
        { "infinities", [double.PositiveInfinity, 1, double.NegativeInfinity] },
        { "extremes", [double.MaxValue, double.MinValue, double.Epsilon, -double.Epsilon, 1] },
        { "exact integer limit", [1L << 53, -(1L << 53), 0, 1L << 53, -(1L << 53)] },
        { "past the integer limit", [(1L << 53) + 2.0, 1, 1L << 62] },
        { "counter", [.. Enumerable.Range(0, 120).Select(i => 1e9 + (i * 1_500) + (i % 7))] },
        { "cpu seconds", [.. Enumerable.Range(0, 120).Select(i => (1_234_567 + (i * 97) + (i % 3)) / 100.0)] },
        { "pages", [.. Enumerable.Range(0, 120).Select(i => (300_000 + (i * 37 % 11)) * 4096.0)] },
        { "reset", [.. Enumerable.Range(0, 64).Select(i => i < 30 ? 5_000.0 + i : i)] },
        { "mantissas", [.. Enumerable.Range(1, 120).Select(i => Math.Sin(i))] },
        { "more places later", [1, 2, 3, 0.5, 0.25, 0.125, 1e-12] },
        { "three hundred zeros and a mantissa", [.. new double[300], Math.PI] },
    };

    [Theory]
    [MemberData(nameof(Columns))]
    public void Encode_AnyColumn_ComesBackBitForBit(string name, double[] values)
    {
        byte[] encoded = Encode(values);

        Assert.True(encoded.Length <= 1 + (8 * values.Length), name);
        Assert.Equal(Bits(values), Bits(Decode(encoded, values.Length)));
    }

    [Fact]
    public void Encode_RandomMixtures_ComeBackBitForBit()
    {
        Gen<double> value = Gen.OneOf(
            Gen.Choose(-5_000, 5_000).Select(i => i / 100.0),
            Gen.Choose(0, 1_000_000).Select(i => i * 4096.0),
            ArbMap.Default.GeneratorFor<double>(),
            ArbMap.Default.GeneratorFor<long>().Select(BitConverter.Int64BitsToDouble));
        Gen<double[]> columns = Gen.OneOf(
            value.NonEmptyListOf().Select(l => l.ToArray()),
            Gen.Choose(1, 1_024).SelectMany(n => Gen.Choose(0, 900).Select(i => i / 8.0).ArrayOf(n)));

        Prop.ForAll(columns.ToArbitrary(), values => Bits(values).SequenceEqual(Bits(Decode(Encode(values), values.Length))))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(2_000).WithReplay(20_261_122, 1));
    }

    [Fact]
    public void Encode_ManyTargetLengths_NeverWritesOverTheStatedRoom()
    {
        var random = new Random(7);
        for (int n = 1; n <= ColumnCodec.CountMax; n += 31)
        {
            double[] values = [.. Enumerable.Range(0, n).Select(_ => BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue)))];
            int length = ColumnCodec.Encode(values, new byte[ColumnCodec.EncodeBytesMax(n)]);

            Assert.InRange(length, 1, 1 + (8 * n));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(ColumnCodec.CountMax + 1)]
    public void Encode_CountOutsideTheRange_Throws(int count) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => ColumnCodec.Encode(new double[count], new byte[100_000]));

    [Fact]
    public void TryDecode_AnyBytes_EndsWithoutException()
    {
        var random = new Random(11);
        double[] room = new double[120];
        int refused = 0;
        for (int round = 0; round < 40_000; round++)
        {
            byte[] bytes = new byte[random.Next(0, 60)];
            random.NextBytes(bytes);
            if (bytes.Length > 0 && round % 2 == 0)
            {
                bytes[0] = (byte)(1 + random.Next(7));
            }

            refused += ColumnCodec.TryDecode(bytes, room.AsSpan(0, random.Next(0, 121))) ? 0 : 1;
        }

        Assert.InRange(refused, 20_000, 39_999);
    }

    [Theory]
    [MemberData(nameof(Columns))]
    public void TryDecode_TruncatedOrLengthened_IsRefused(string name, double[] values)
    {
        byte[] encoded = Encode(values);

        for (int length = 0; length < encoded.Length; length++)
        {
            Assert.False(ColumnCodec.TryDecode(encoded.AsSpan(0, length), new double[values.Length]), $"{name} cut to {length}");
        }

        Assert.False(ColumnCodec.TryDecode([.. encoded, 0], new double[values.Length]), name);
    }

    internal static byte[] Encode(double[] values)
    {
        byte[] room = new byte[ColumnCodec.EncodeBytesMax(values.Length)];
        return room[..ColumnCodec.Encode(values, room)];
    }

    internal static double[] Decode(byte[] encoded, int count)
    {
        double[] values = new double[count];
        Assert.True(ColumnCodec.TryDecode(encoded, values));
        return values;
    }

    private static long[] Bits(double[] values) => [.. values.Select(BitConverter.DoubleToInt64Bits)];
}
