using MonitorCluster.Cluster.Transport;
using MonitorCluster.Stream;

namespace MonitorCluster.Tests.Stream;

public sealed class StreamCodecTests
{
    private static readonly Guid Id = Guid.Parse("00112233-4455-6677-8899-aabbccddeeff");

    public static TheoryData<int> Samples => [.. Enumerable.Range(0, All().Length)];

    [Theory]
    [MemberData(nameof(Samples))]
    public void Encode_EveryRecord_ReadsTheSame(int index)
    {
        object said = All()[index];

        Assert.True(StreamCodec.TryDecode(StreamCodec.Encode(said), out object? read));

        if (said is BatchSection section)
        {
            var found = Assert.IsType<BatchSection>(read);
            Assert.Equal(section with { Definitions = default, Runs = default }, found with { Definitions = default, Runs = default });
            Assert.True(section.Definitions.Span.SequenceEqual(found.Definitions.Span) && section.Runs.Span.SequenceEqual(found.Runs.Span));
        }
        else
        {
            Assert.Equal(said, read);
        }
    }

    [Fact]
    public void Encode_Section_IsTheBytesOfThePage() => Assert.Equal(
        "AC02" + "00112233445566778899AABBCCDDEEFF" + "05" + "06" + "07" + "02" + "0102" + "030405",
        Convert.ToHexString(StreamCodec.Encode(new BatchSection(300, Id, 5, 6, 7, new byte[] { 1, 2 }, new byte[] { 3, 4, 5 })).Body.Span));

    [Fact]
    public void Encode_LongName_IsCut()
    {
        Assert.True(StreamCodec.TryDecode(StreamCodec.Encode(new HelloCollector(Id, new string('n', 1_000))), out object? read));

        Assert.Equal(new HelloCollector(Id, new string('n', StreamCodec.NameBytesMax)), read);
    }

    [Theory]
    [MemberData(nameof(Samples))]
    public void TryDecode_EveryCutFlipAndAddition_NeverThrows(int index)
    {
        PeerMessage good = StreamCodec.Encode(All()[index]);
        bool isSection = good.Type == FrameType.Section;
        var random = new Random(index);
        for (int length = 0; length < good.Body.Length; length++)
        {
            bool isRead = StreamCodec.TryDecode(good with { Body = good.Body[..length] }, out _);
            Assert.True(!isRead || isSection, $"{length} of {good.Body.Length} bytes are read");
        }

        Assert.Equal(isSection, StreamCodec.TryDecode(good with { Body = (byte[])[.. good.Body.Span, 0] }, out _));
        for (int round = 0; round < 2_000; round++)
        {
            byte[] bytes = good.Body.ToArray();
            for (int flips = random.Next(1, 4); flips > 0; flips--)
            {
                bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
            }

            CheckBounds(new PeerMessage((FrameType)random.Next(16, 26), bytes));
        }
    }

    [Fact]
    public void TryDecode_RandomBytes_NeverThrowsAndKeepsBounds()
    {
        var random = new Random(3);
        for (int round = 0; round < 50_000; round++)
        {
            byte[] bytes = new byte[random.Next(60)];
            random.NextBytes(bytes);
            CheckBounds(new PeerMessage((FrameType)random.Next(256), bytes));
        }
    }

    [Theory]
    [InlineData("8080 04", "shard 65,536")]
    [InlineData("FFFFFFFFFFFFFFFFFF01", "a shard of 64 bits")]
    public void TryDecode_ShardOutOfRange_IsRefused(string shard, string why)
    {
        byte[] rest = StreamCodec.Encode(new BatchesDurable(1, Id, 5)).Body[1..].ToArray();

        bool isRead = StreamCodec.TryDecode(
            new PeerMessage(FrameType.Durable, (byte[])[.. Convert.FromHexString(shard.Replace(" ", string.Empty, StringComparison.Ordinal)), .. rest]), out _);

        Assert.False(isRead, why);
    }

    [Fact]
    public void TryDecode_DefinitionsLongerThanTheMessage_IsRefused()
    {
        byte[] bytes = StreamCodec.Encode(new BatchSection(1, Id, 5, 6, 7, new byte[] { 1, 2 }, new byte[] { 3 })).Body.ToArray();
        bytes[^4] = 4; // says four bytes, three are there

        Assert.False(StreamCodec.TryDecode(new PeerMessage(FrameType.Section, bytes), out _));
    }

    [Fact]
    public void TryDecode_SectionNumberZero_IsRefused()
    {
        PeerMessage message = StreamCodec.Encode(new BatchSection(1, Id, 5, 0, 7, default, default));

        Assert.False(StreamCodec.TryDecode(message, out _));
    }

    private static object[] All() =>
    [
        new HelloCollector(Id, "n1"),
        new HelloCollector(Id, string.Empty),
        new CollectorWelcome(7, 4 << 20),
        new OpenShard(65_535, Id, 1L << 62, 1),
        new ShardOpened(3, Id, 5, 6, 7, long.MaxValue),
        new BatchSection(3, Id, 5, 6, 7, new byte[] { 1, 2, 3 }, new byte[] { 4, 5 }),
        new BatchSection(3, Id, 5, 6, 7, default, default),
        new BatchesReceived(3, Id, 5, 6, int.MaxValue),
        new BatchesDurable(3, Id, 5),
        new BatchRefused(3, Id, 5, 6, RefusalReason.Malformed),
        new NotOwner(3, Id, 5, 6, TimeSpan.FromMilliseconds(250)),
    ];

    private static void CheckBounds(PeerMessage message)
    {
        if (!StreamCodec.TryDecode(message, out object? said))
        {
            return;
        }

        switch (said)
        {
            case BatchSection section:
                Assert.InRange(section.ShardId, 0, StreamCodec.ShardMax);
                Assert.True(section.Seq > 0 && section.Session >= 0 && section.Definitions.Length + section.Runs.Length <= message.Body.Length);
                break;
            case BatchRefused refused:
                Assert.True(Enum.IsDefined(refused.Reason));
                break;
            case NotOwner answer:
                Assert.InRange(answer.RetryAfter.TotalMilliseconds, 0, StreamCodec.RetryMsMax);
                break;
        }
    }
}
