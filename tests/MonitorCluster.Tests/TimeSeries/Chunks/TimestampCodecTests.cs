using MonitorCluster.TimeSeries.Chunks;

namespace MonitorCluster.Tests.TimeSeries.Chunks;

public class TimestampCodecTests
{
    private const long Start = 1_700_000_000_000;

    public static TheoryData<string, long[], int> Columns => new()
    {
        { "one", [Start], 7 },
        { "regular", [.. Enumerable.Range(0, 64).Select(i => Start + (i * 1_000L))], 10 },
        { "jitter", [.. Enumerable.Range(0, 64).Select(i => Start + (i * 1_000L) + (i * 7 % 3))], 26 },
        { "gap", [.. Enumerable.Range(0, 64).Select(i => Start + (i * 1_000L) + (i > 30 ? 86_400_000 : 0))], 80 },
        { "negative", [-5, -4, 0, 9], 12 },
        { "whole range", [long.MinValue, 0, long.MaxValue], 40 },
    };

    [Theory]
    [MemberData(nameof(Columns))]
    public void Encode_Ascending_ComesBackAndIsSmall(string name, long[] times, int bytesMax)
    {
        byte[] encoded = Encode(times);
        long[] back = new long[times.Length];

        Assert.True(TimestampCodec.TryDecode(encoded, back), name);
        Assert.Equal(times, back);
        Assert.InRange(encoded.Length, 1, bytesMax);
    }

    [Theory]
    [InlineData(5, 5)]
    [InlineData(5, 4)]
    public void Encode_NotAscending_Throws(long first, long second) => Assert.Throws<ArgumentException>(() => Encode([first, second]));

    [Theory]
    [MemberData(nameof(Columns))]
    public void TryDecode_TruncatedOrLengthened_IsRefused(string name, long[] times, int bytesMax)
    {
        byte[] encoded = Encode(times);

        Assert.True(encoded.Length <= bytesMax, name);
        for (int length = 0; length < encoded.Length; length++)
        {
            Assert.False(TimestampCodec.TryDecode(encoded.AsSpan(0, length), new long[times.Length]), $"{name} cut to {length}");
        }

        Assert.False(TimestampCodec.TryDecode([.. encoded, 0], new long[times.Length]), name);
    }

    [Fact]
    public void TryDecode_AnyBytes_GivesAscendingTimesOrNothing()
    {
        var random = new Random(3);
        int accepted = 0;
        for (int round = 0; round < 100_000; round++)
        {
            byte[] bytes = new byte[random.Next(0, 24)];
            random.NextBytes(bytes);
            if (bytes.Length > 0)
            {
                bytes[0] = (byte)(1 + (round % 2));
            }

            long[] times = new long[random.Next(0, 5)];
            if (TimestampCodec.TryDecode(bytes, times))
            {
                accepted++;
                Assert.Equal(times.Order().Distinct(), times);
            }
        }

        Assert.NotEqual(0, accepted);
    }

    private static byte[] Encode(long[] times)
    {
        byte[] room = new byte[TimestampCodec.EncodeBytesMax(times.Length)];
        return room[..TimestampCodec.Encode(times, room)];
    }
}
