using System.Buffers.Binary;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.TimeSeries.Exposition;

/// <summary>Why a protobuf message was refused.</summary>
public enum ProtobufError
{
    /// <summary>It was not.</summary>
    None,

    /// <summary>A number is cut off or has more than 64 bits.</summary>
    BadVarint,

    /// <summary>A field has the number 0 or one over 2^29 - 1.</summary>
    BadFieldNumber,

    /// <summary>A field has a wire type that does not exist, or is a group.</summary>
    BadWireType,

    /// <summary>A known field has another wire type than its definition.</summary>
    WrongWireType,

    /// <summary>A field reaches over the end of the message that holds it.</summary>
    PastTheEnd,
}

/// <summary>Walks the fields of one protobuf message. Never throws, never reads outside the message; allocates nothing.</summary>
/// <param name="message">The message's bytes.</param>
/// <param name="baseOffset">Their offset in the whole body, for error offsets.</param>
internal ref struct ProtobufFields(ReadOnlySpan<byte> message, int baseOffset)
{
    private const int VarintType = 0;
    private const int Fixed64Type = 1;
    private const int BytesType = 2;
    private const int Fixed32Type = 5;
    private const ulong FieldNumberMax = (1 << 29) - 1;

    private readonly ReadOnlySpan<byte> message = message;
    private int offset;
    private int type;
    private int valueStart;

    /// <summary>The number of the field.</summary>
    public int Number { get; private set; }

    /// <summary>The offset of the field's tag in the message.</summary>
    public int Start { get; private set; }

    /// <summary>The offset behind the field in the message.</summary>
    public readonly int End => offset;

    /// <summary>The bits of a varint, fixed64 or fixed32 field.</summary>
    public ulong Bits { get; private set; }

    /// <summary>The offset of <see cref="Bytes"/> in the whole body.</summary>
    public readonly int BytesOffset => baseOffset + valueStart;

    /// <summary>The content of a length-delimited field.</summary>
    public readonly ReadOnlySpan<byte> Bytes => message[valueStart..offset];

    /// <summary>Where <see cref="Bytes"/> lie in the message.</summary>
    public readonly Range BytesRange => valueStart..offset;

    /// <summary>Whether the field is length-delimited: a message, a string or bytes.</summary>
    public readonly bool IsBytes => type == BytesType;

    /// <summary>Whether the field is a varint.</summary>
    public readonly bool IsVarint => type == VarintType;

    /// <summary>Whether the field is a fixed64.</summary>
    public readonly bool IsFixed64 => type == Fixed64Type;

    /// <summary>Why walking ended early.</summary>
    public ProtobufError Error { get; private set; }

    /// <summary>The offset in the whole body of the field that is wrong.</summary>
    public int ErrorOffset { get; private set; }

    /// <summary>Goes to the next field. False at the end and at an error.</summary>
    public bool Next()
    {
        if (Error != ProtobufError.None || offset >= message.Length)
        {
            return false;
        }

        Start = offset;
        if (!Varint.TryRead(message, ref offset, out ulong tag))
        {
            return Refuse(ProtobufError.BadVarint);
        }

        type = (int)(tag & 7);
        if (tag >> 3 is 0 or > FieldNumberMax)
        {
            return Refuse(ProtobufError.BadFieldNumber);
        }

        Number = (int)(tag >> 3);
        return TryReadValue();
    }

    /// <summary>Ends walking with an error at the field where it stands.</summary>
    /// <returns>False.</returns>
    public bool Refuse(ProtobufError error)
    {
        (Error, ErrorOffset) = (error, baseOffset + Start);
        return false;
    }

    /// <summary>Takes over the error, if any, of the message inside the field.</summary>
    public void RefuseWhenWrong(in ProtobufFields inner) => (Error, ErrorOffset) = (inner.Error, inner.ErrorOffset);

    private bool TryReadValue()
    {
        switch (type)
        {
            case VarintType:
                bool read = Varint.TryRead(message, ref offset, out ulong number);
                Bits = number;
                return read || Refuse(ProtobufError.BadVarint);
            case Fixed64Type when message.Length - offset >= 8:
                Bits = BinaryPrimitives.ReadUInt64LittleEndian(message[offset..]);
                offset += 8;
                return true;
            case Fixed32Type when message.Length - offset >= 4:
                Bits = BinaryPrimitives.ReadUInt32LittleEndian(message[offset..]);
                offset += 4;
                return true;
            case BytesType:
                if (!Varint.TryRead(message, ref offset, out ulong length))
                {
                    return Refuse(ProtobufError.BadVarint);
                }

                if (length > (ulong)(message.Length - offset))
                {
                    return Refuse(ProtobufError.PastTheEnd);
                }

                valueStart = offset;
                offset += (int)length;
                return true;
            default:
                return Refuse(type is Fixed64Type or Fixed32Type ? ProtobufError.PastTheEnd : ProtobufError.BadWireType);
        }
    }
}
