using System.Buffers;
using System.Buffers.Binary;
using FsCheck;
using FsCheck.Fluent;
using MonitorCluster.Cluster.Transport;

namespace MonitorCluster.Tests.Cluster.Transport;

public class FrameTests
{
    private const int Mebi = 1 << 20;

    [Fact]
    public void Write_OneMessage_HasTheBytesOfThePage()
    {
        byte[] frame = Write((FrameType.Request, [0x31, 0x32, 0x33]));

        Assert.Equal("03000000" + "06" + "00" + "0000", Convert.ToHexString(frame.AsSpan(0, 8)));
        uint crc = Crc32C.Finish(Crc32C.Add(Crc32C.Start, [3, 0, 0, 0, 6, 0, 0, 0, 0x31, 0x32, 0x33]));
        Assert.Equal(crc, BinaryPrimitives.ReadUInt32LittleEndian(frame.AsSpan(8)));
        Assert.Equal("123"u8.ToArray(), frame[12..]);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 1)]
    [InlineData(Mebi, 1)]
    [InlineData(Mebi + 1, 2)]
    [InlineData((3 * Mebi) + 5, 4)]
    public void Read_MessageOfAnyLength_ComesBackWhole(int length, int frames)
    {
        byte[] body = Noise(length);
        byte[] wire = Write((FrameType.Section, body));
        var bytes = new ReadOnlySequence<byte>(wire);

        FrameOutcome outcome = new FrameReader().TryRead(ref bytes, Frame.MessageBytesMax, out FrameType type, out ReadOnlyMemory<byte> read);

        Assert.Equal((FrameOutcome.Message, FrameType.Section, 0L), (outcome, type, bytes.Length));
        Assert.Equal(frames, FrameWriter.FrameCount(length));
        Assert.Equal(FrameWriter.WireBytes(length), wire.Length);
        Assert.True(read.Span.SequenceEqual(body));
    }

    [Fact]
    public void Read_RandomMessagesInRandomPieces_ComeBackInOrder()
    {
        Gen<(byte Type, int Length)> message = Gen.Zip(Gen.Choose(1, 255), Gen.Frequency((8, Gen.Choose(0, 300)), (1, Gen.Choose(Mebi - 2, (2 * Mebi) + 2))))
            .Select(m => ((byte)m.Item1, m.Item2));
        Gen<((byte Type, int Length)[], int[])> cases = Gen.Zip(message.ArrayOf().Resize(6), Gen.Choose(1, 70_000).ArrayOf().Resize(8));

        Prop.ForAll(cases.ToArbitrary(), c =>
        {
            (FrameType, byte[])[] sent = [.. c.Item1.Select(m => ((FrameType)m.Type, Noise(m.Length)))];
            var received = new List<(FrameType, byte[])>();
            var reader = new FrameReader();

            FrameOutcome last = ReadAll(reader, Write(sent), c.Item2, Frame.MessageBytesMax, received);

            return last == FrameOutcome.Incomplete && !reader.IsInsideMessage && sent.Length == received.Count
                && sent.Zip(received).All(p => p.First.Item1 == p.Second.Item1 && p.First.Item2.AsSpan().SequenceEqual(p.Second.Item2));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(150).WithReplay(20_261_122, 1));
    }

    [Fact]
    public void Read_AnyBitFlipped_GivesNoWrongMessage()
    {
        Gen<(int, int)> cases = Gen.Zip(Gen.Choose(0, 200), Gen.Choose(0, int.MaxValue - 1));

        Prop.ForAll(cases.ToArbitrary(), c =>
        {
            byte[] body = Noise(c.Item1);
            byte[] wire = Write((FrameType.Request, body));
            int bit = c.Item2 % (wire.Length * 8);
            wire[bit / 8] ^= (byte)(1 << (bit % 8));
            var received = new List<(FrameType, byte[])>();

            FrameOutcome outcome = ReadAll(new FrameReader(), wire, [], Frame.MessageBytesMax, received);

            // A longer length waits for bytes that do not come; everything else is noticed. Nothing is ever taken for a message.
            return received.Count == 0 && outcome != FrameOutcome.Message;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(5_000).WithReplay(20_261_122, 3));
    }

    [Fact]
    public void Read_CutAnywhere_IsIncomplete()
    {
        byte[] wire = Write((FrameType.Answer, Noise(50)));

        Assert.All(Enumerable.Range(0, wire.Length), length =>
        {
            var bytes = new ReadOnlySequence<byte>(wire, 0, length);
            Assert.Equal(FrameOutcome.Incomplete, new FrameReader().TryRead(ref bytes, Frame.MessageBytesMax, out _, out _));
            Assert.Equal(length, bytes.Length);
        });
    }

    [Fact]
    public void Read_RandomBytes_NeverThrowsAndTakesNoMoreThanIsThere()
    {
        Gen<(byte[], int[])> cases = Gen.Zip(ArbMap.Default.GeneratorFor<byte>().ArrayOf().Resize(400), Gen.Choose(1, 50).ArrayOf().Resize(5));

        Prop.ForAll(cases.ToArbitrary(), c =>
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            _ = ReadAll(new FrameReader(), c.Item1, c.Item2, Frame.MessageBytesMax, []);
            return GC.GetAllocatedBytesForCurrentThread() - before < 64 << 10; // what the test itself takes; a head can claim 1 MiB
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(5_000).WithReplay(20_261_122, 5));
    }

    [Theory]
    [InlineData(Frame.UnknownPeerBytesMax, Frame.UnknownPeerBytesMax, nameof(FrameOutcome.Message))]
    [InlineData(Frame.UnknownPeerBytesMax + 1, Frame.UnknownPeerBytesMax, nameof(FrameOutcome.TooLong))]
    [InlineData((2 * Mebi) + 1, 2 * Mebi, nameof(FrameOutcome.TooLong))]
    [InlineData(2 * Mebi, 2 * Mebi, nameof(FrameOutcome.Message))]
    public void Read_LongerThanAllowed_IsRefused(int length, int limit, string expected)
    {
        var bytes = new ReadOnlySequence<byte>(Write((FrameType.Section, new byte[length])));

        Assert.Equal(expected, new FrameReader().TryRead(ref bytes, limit, out _, out _).ToString());
    }

    [Fact]
    public void Read_HeadClaimsMoreThanAllowed_IsRefusedByTheHeadAlone()
    {
        byte[] head = Write((FrameType.Hello, new byte[Frame.UnknownPeerBytesMax + 1]))[..Frame.HeaderBytes];
        var bytes = new ReadOnlySequence<byte>(head);

        Assert.Equal(FrameOutcome.TooLong, new FrameReader().TryRead(ref bytes, Frame.UnknownPeerBytesMax, out _, out _));
    }

    [Theory]
    [InlineData("01001000" + "06000000", nameof(FrameOutcome.Malformed))] // 1 MiB and one byte
    [InlineData("ffffffff" + "06000000", nameof(FrameOutcome.Malformed))]
    [InlineData("00000000" + "00000000", nameof(FrameOutcome.Malformed))] // no type
    [InlineData("00000000" + "06020000", nameof(FrameOutcome.Malformed))] // a flag that is none
    [InlineData("00000000" + "06000100", nameof(FrameOutcome.Malformed))] // reserved bytes
    [InlineData("00000000" + "06000001", nameof(FrameOutcome.Malformed))]
    [InlineData("05000000" + "06010000", nameof(FrameOutcome.Malformed))] // a short frame that goes on
    [InlineData("00000000" + "06000000", nameof(FrameOutcome.Corrupt))]
    public void Read_BadHead_SaysSoForEver(string head, string expected)
    {
        var reader = new FrameReader();
        var bytes = new ReadOnlySequence<byte>([.. Convert.FromHexString(head), .. new byte[64]]);

        Assert.Equal(expected, reader.TryRead(ref bytes, Frame.MessageBytesMax, out _, out _).ToString());
        bytes = new ReadOnlySequence<byte>(Write((FrameType.Hello, [])));
        Assert.Equal(expected, reader.TryRead(ref bytes, Frame.MessageBytesMax, out _, out _).ToString());
    }

    [Fact]
    public void Read_TypeChangesInsideOfAMessage_IsMalformed()
    {
        byte[] wire = [.. Write((FrameType.Section, new byte[Mebi + 1]))[..(Mebi + Frame.HeaderBytes)], .. Write((FrameType.Request, [1]))];
        var bytes = new ReadOnlySequence<byte>(wire);

        Assert.Equal(FrameOutcome.Malformed, new FrameReader().TryRead(ref bytes, Frame.MessageBytesMax, out _, out _));
    }

    private static byte[] Write(params (FrameType Type, byte[] Body)[] messages)
    {
        var output = new ArrayBufferWriter<byte>();
        Array.ForEach(messages, m => FrameWriter.Write(output, m.Type, m.Body));
        return output.WrittenSpan.ToArray();
    }

    // Hands the bytes over in pieces, as a connection does: what was not read comes again with what follows.
    private static FrameOutcome ReadAll(FrameReader reader, byte[] wire, int[] pieces, int limit, List<(FrameType, byte[])> received)
    {
        (int start, int end, int piece) = (0, 0, 0);
        FrameOutcome outcome = FrameOutcome.Incomplete;
        while (end < wire.Length && outcome == FrameOutcome.Incomplete)
        {
            end = pieces.Length == 0 ? wire.Length : Math.Min(wire.Length, end + pieces[piece++ % pieces.Length]);
            ReadOnlySequence<byte> bytes = Segments(wire, start, end);
            while ((outcome = reader.TryRead(ref bytes, limit, out FrameType type, out ReadOnlyMemory<byte> body)) == FrameOutcome.Message)
            {
                received.Add((type, body.ToArray()));
            }

            start = end - (int)bytes.Length;
        }

        return outcome;
    }

    // Two segments, so that heads and bodies lie across their border.
    private static ReadOnlySequence<byte> Segments(byte[] wire, int start, int end)
    {
        int middle = (start + end) / 2;
        var first = new Segment(wire.AsMemory(start, middle - start), null);
        var last = new Segment(wire.AsMemory(middle, end - middle), first);
        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private static byte[] Noise(int length)
    {
        byte[] noise = new byte[length];
        new Random(length).NextBytes(noise);
        return noise;
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, Segment? before)
        {
            Memory = memory;
            if (before is not null)
            {
                before.Next = this;
                RunningIndex = before.RunningIndex + before.Memory.Length;
            }
        }
    }
}
