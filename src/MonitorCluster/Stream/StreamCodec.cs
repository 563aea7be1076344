using System.Diagnostics.CodeAnalysis;
using System.Text;
using MonitorCluster.Cluster.Transport;

namespace MonitorCluster.Stream;

/// <summary>The records of Protocol.cs as messages between nodes. Format: docs/formats/stream.md.</summary>
/// <remarks>
/// Safe for any thread. What comes from outside never throws and allocates nothing before its lengths are checked; definitions and runs of a section are
/// not copied but refer to the message, and are checked by their own readers when they are applied.
/// </remarks>
internal static class StreamCodec
{
    /// <summary>The longest name of a node, in bytes of UTF-8; a longer one is cut, as it is for people only.</summary>
    public const int NameBytesMax = 256;

    /// <summary>The highest shard number.</summary>
    public const int ShardMax = 65_535;

    /// <summary>The longest pause an owner may ask for.</summary>
    public const int RetryMsMax = 3_600_000;

    private const int FixedBytesMax = 96; // a shard, an identity and five numbers

    /// <summary>Makes a message of a record.</summary>
    /// <param name="said">One of the records of Protocol.cs.</param>
    public static PeerMessage Encode(object said) => said switch
    {
        HelloCollector m => Encode(m),
        CollectorWelcome m => Finish(FrameType.CollectorWelcome, new FrameWriter(FixedBytesMax).Number(m.CollectorNo).Number(m.CreditBytes)),
        OpenShard m => Finish(FrameType.OpenShard, Begin(m.ShardId, m.CollectorId).Number(m.Session).Number(m.NextSeq)),
        ShardOpened m => Finish(
            FrameType.ShardOpened, Begin(m.ShardId, m.CollectorId).Number(m.Session).Number(m.Epoch).Number(m.DurableSeq).Number(m.LastSeq)),
        BatchSection m => Encode(m),
        BatchesReceived m => Finish(FrameType.Received, Begin(m.ShardId, m.CollectorId).Number(m.Session).Number(m.LastSeq).Number(m.Bytes)),
        BatchesDurable m => Finish(FrameType.Durable, Begin(m.ShardId, m.CollectorId).Number(m.DurableSeq)),
        BatchRefused m => Finish(
            FrameType.Refused, Begin(m.ShardId, m.CollectorId).Number(m.Session).Number(m.ExpectedSeq).Number((long)m.Reason)),
        NotOwner m => Finish(
            FrameType.NotOwner,
            Begin(m.ShardId, m.CollectorId).Number(m.Session).Number(m.Epoch)
                .Number((long)Math.Clamp(m.RetryAfter.TotalMilliseconds, 0, RetryMsMax))),
        _ => throw new ArgumentException($"{said.GetType().Name} is no record of the stream", nameof(said)),
    };

    /// <summary>Whether a record is what an owner says; the others are a collector's.</summary>
    public static bool IsAnswer(object said) => said is not (HelloCollector or OpenShard or BatchSection);

    /// <summary>Reads a message.</summary>
    /// <param name="message">What came: hostile.</param>
    /// <param name="said">A record of Protocol.cs, whose numbers are not negative.</param>
    /// <returns>False when it is none, or has bytes left over.</returns>
    public static bool TryDecode(PeerMessage message, [NotNullWhen(true)] out object? said)
    {
        var reader = new FrameReader(message.Body);
        said = message.Type switch
        {
            FrameType.CollectorHello => ReadHello(ref reader),
            FrameType.CollectorWelcome => ReadWelcome(ref reader),
            FrameType.OpenShard => ReadOpen(ref reader),
            FrameType.ShardOpened => ReadOpened(ref reader),
            FrameType.Section => ReadSection(ref reader),
            FrameType.Received => ReadReceived(ref reader),
            FrameType.Durable => ReadDurable(ref reader),
            FrameType.Refused => ReadRefused(ref reader),
            FrameType.NotOwner => ReadNotOwner(ref reader),
            _ => null,
        };
        said = reader.IsGood && reader.IsAtEnd ? said : null;
        return said is not null;
    }

    private static FrameWriter Begin(int shardId, Guid collectorId, int more = 0) => new FrameWriter(FixedBytesMax + more).Number(shardId).Id(collectorId);

    private static PeerMessage Finish(FrameType type, FrameWriter writer) => new(type, writer.Written);

    private static PeerMessage Encode(HelloCollector hello)
    {
        byte[] name = Encoding.UTF8.GetBytes(hello.Name);
        return Finish(
            FrameType.CollectorHello,
            new FrameWriter(FixedBytesMax + NameBytesMax).Id(hello.CollectorId).Bytes(name.AsSpan(0, Math.Min(name.Length, NameBytesMax))));
    }

    private static PeerMessage Encode(BatchSection section)
    {
        FrameWriter writer = Begin(section.ShardId, section.CollectorId, section.Definitions.Length + section.Runs.Length)
            .Number(section.Session).Number(section.Seq).Number(section.DictionaryId).Bytes(section.Definitions.Span).Rest(section.Runs.Span);
        return Finish(FrameType.Section, writer);
    }

    private static HelloCollector ReadHello(ref FrameReader reader)
    {
        Guid id = reader.Id();
        return new HelloCollector(id, Encoding.UTF8.GetString(reader.Bytes(NameBytesMax).Span));
    }

    private static CollectorWelcome ReadWelcome(ref FrameReader reader) => new(reader.Number(), reader.Number(int.MaxValue));

    private static OpenShard ReadOpen(ref FrameReader reader) => new(reader.Number(ShardMax), reader.Id(), reader.Number(), reader.Number());

    private static ShardOpened ReadOpened(ref FrameReader reader) =>
        new(reader.Number(ShardMax), reader.Id(), reader.Number(), reader.Number(), reader.Number(), reader.Number());

    private static BatchSection ReadSection(ref FrameReader reader)
    {
        (int shardId, Guid id, long session, long seq) = (reader.Number(ShardMax), reader.Id(), reader.Number(), reader.Number());
        reader.Check(seq > 0);
        return new BatchSection(shardId, id, session, seq, reader.Number(), reader.Bytes(int.MaxValue), reader.Rest());
    }

    private static BatchesReceived ReadReceived(ref FrameReader reader) =>
        new(reader.Number(ShardMax), reader.Id(), reader.Number(), reader.Number(), reader.Number(int.MaxValue));

    private static BatchesDurable ReadDurable(ref FrameReader reader) => new(reader.Number(ShardMax), reader.Id(), reader.Number());

    private static BatchRefused ReadRefused(ref FrameReader reader) =>
        new(reader.Number(ShardMax), reader.Id(), reader.Number(), reader.Number(), (RefusalReason)reader.Number((int)RefusalReason.Malformed));

    private static NotOwner ReadNotOwner(ref FrameReader reader) =>
        new(reader.Number(ShardMax), reader.Id(), reader.Number(), reader.Number(), TimeSpan.FromMilliseconds(reader.Number(RetryMsMax)));
}
