namespace MonitorCluster.TimeSeries.Exposition;

/// <summary>Facts about one metric in a remote-write body. The texts are raw bytes, not checked to be UTF-8; missing ones are empty.</summary>
public readonly ref struct RemoteWriteMetadata
{
    private const int TypeField = 1;
    private const int NameField = 2;
    private const int HelpField = 4;
    private const int UnitField = 5;

    /// <summary>The type's number:
    /// 0 unknown, 1 counter, 2 gauge, 3 histogram, 4 gauge histogram, 5 summary, 6 info, 7 state set; a later one may come.</summary>
    public int Type { get; private init; }

    /// <summary>The name of the metric family.</summary>
    public ReadOnlySpan<byte> Name { get; private init; }

    /// <summary>The help text.</summary>
    public ReadOnlySpan<byte> Help { get; private init; }

    /// <summary>The unit.</summary>
    public ReadOnlySpan<byte> Unit { get; private init; }

    internal static RemoteWriteMetadata Check(ReadOnlySpan<byte> message, int baseOffset, out ProtobufFields fields)
    {
        fields = new ProtobufFields(message, baseOffset);
        RemoteWriteMetadata metadata = default;
        while (fields.Next())
        {
            switch (fields.Number)
            {
                case TypeField when fields.IsVarint:
                    metadata = metadata with { Type = (int)fields.Bits };
                    break;
                case NameField when fields.IsBytes:
                    metadata = metadata with { Name = message[fields.BytesRange] };
                    break;
                case HelpField when fields.IsBytes:
                    metadata = metadata with { Help = message[fields.BytesRange] };
                    break;
                case UnitField when fields.IsBytes:
                    metadata = metadata with { Unit = message[fields.BytesRange] };
                    break;
                case TypeField or NameField or HelpField or UnitField:
                    fields.Refuse(ProtobufError.WrongWireType);
                    break;
                default:
                    break;
            }
        }

        return metadata;
    }
}
