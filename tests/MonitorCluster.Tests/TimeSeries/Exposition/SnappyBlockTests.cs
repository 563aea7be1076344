using System.Text;
using IronSnappy;
using MonitorCluster.TimeSeries.Exposition;

namespace MonitorCluster.Tests.TimeSeries.Exposition;

public class SnappyBlockTests
{
    public static TheoryData<string, byte[]> Bodies => new()
    {
        { "empty", [] },
        { "one", [7] },
        { "zeros", new byte[100_000] },
        { "text", Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 4_000).Select(i => $"node_cpu_seconds_total{{cpu=\"{i % 16}\",mode=\"user\"}} "))) },
        { "noise", Noise(70_000) },
        { "short patterns", [.. Enumerable.Range(0, 10_000).Select(i => (byte)(i % (1 + (i / 500))))] },
    };

    [Theory]
    [MemberData(nameof(Bodies))]
    public void TryDecode_WhatAnotherEncoderMade_IsTheBody(string name, byte[] body)
    {
        byte[] compressed = Snappy.Encode(body);

        Assert.Equal(SnappyOutcome.Ok, SnappyBlock.TryGetDecodedLength(compressed, body.Length, out long length));
        Assert.Equal(body.Length, length);
        byte[] decoded = new byte[length];
        Assert.True(SnappyBlock.TryDecode(compressed, decoded), name);
        Assert.Equal(body, decoded);
    }

    // Elements that encoders seldom write: literal lengths in 1 to 4 bytes, a copy with 4 bytes of distance, a copy that overlaps itself.
    [Theory]
    [InlineData("03F00261626303", null)]
    [InlineData("03F002616263", "abc")]
    [InlineData("03F40200616263", "abc")]
    [InlineData("03F8020000616263", "abc")]
    [InlineData("03FC02000000616263", "abc")]
    [InlineData("0608616263" + "0B03000000", "abcabc")]
    [InlineData("06006116" + "0100", "aaaaaaa")]
    [InlineData("070061" + "160100", "aaaaaaa")]
    [InlineData("050061" + "0101", "aaaaa")]
    public void TryDecode_EachElement_IsRead(string hex, string? expected)
    {
        byte[] source = Convert.FromHexString(hex);
        byte[] decoded = new byte[source[0]];
        bool done = SnappyBlock.TryDecode(source, decoded);

        Assert.Equal(expected is not null && expected.Length == source[0], done);
        if (done)
        {
            Assert.Equal(expected, Encoding.ASCII.GetString(decoded));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("80")]
    [InlineData("FFFFFFFF1F")]
    [InlineData("FFFFFFFFFFFFFFFFFF01")]
    [InlineData("FFFFFF7F00")]
    public void TryGetDecodedLength_LieOrNonsense_IsCorrupt(string hex) =>
        Assert.Equal(SnappyOutcome.Corrupt, SnappyBlock.TryGetDecodedLength(Convert.FromHexString(hex), int.MaxValue, out _));

    [Fact]
    public void TryGetDecodedLength_OverTheLimit_IsTooLarge() =>
        Assert.Equal(SnappyOutcome.TooLarge, SnappyBlock.TryGetDecodedLength(Snappy.Encode(new byte[1_000]), 999, out _));

    [Theory]
    [MemberData(nameof(Bodies))]
    public void TryDecode_CutOrWrongTarget_IsRefused(string name, byte[] body)
    {
        byte[] compressed = Snappy.Encode(body);
        byte[] target = new byte[body.Length];

        for (int cut = 1; cut <= Math.Min(compressed.Length, 100); cut++)
        {
            Assert.False(SnappyBlock.TryDecode(compressed.AsSpan(0, compressed.Length - cut), target), name);
        }

        Assert.False(SnappyBlock.TryDecode(compressed, new byte[body.Length + 1]), name);
    }

    [Fact]
    public void TryDecode_MutatedBodies_NeverThrows()
    {
        byte[] body = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 60).Select(i => $"name_{i % 7}=value_{i % 5};")));
        byte[] compressed = Snappy.Encode(body);
        byte[] target = new byte[body.Length];
        var random = new Random(8);
        int refused = 0;
        for (int round = 0; round < 30_000; round++)
        {
            byte[] damaged = [.. compressed];
            for (int i = random.Next(1, 5); i > 0; i--)
            {
                damaged[random.Next(2, damaged.Length)] = (byte)random.Next(256);
            }

            refused += SnappyBlock.TryDecode(damaged, target) ? 0 : 1;
        }

        Assert.InRange(refused, 1, 29_999);
    }

    private static byte[] Noise(int length)
    {
        byte[] bytes = new byte[length];
        new Random(2).NextBytes(bytes);
        return bytes;
    }
}
