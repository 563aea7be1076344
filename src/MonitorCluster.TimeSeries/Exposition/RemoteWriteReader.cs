namespace MonitorCluster.TimeSeries.Exposition;

/// <summary>What <see cref="RemoteWriteReader.Read"/> stands on.</summary>
public enum RemoteWriteEntry
{
    /// <summary>Nothing: before the first entry, behind the last, or at an error.</summary>
    None,

    /// <summary>A time series.</summary>
    Series,

    /// <summary>Facts about a metric.</summary>
    Metadata,
}

/// <summary>Reads a decoded remote-write 1.0 body (prometheus.WriteRequest) entry by entry, without making objects of it.</summary>
/// <remarks>
/// Each entry is checked whole before <see cref="Read"/> gives it, so that its enumerators cannot fail. Unknown fields are skipped; a known field
/// with another wire type, a group, a length over the end or a broken number ends reading with <see cref="Error"/>. Never throws, never reads
/// outside the body, allocates nothing; linear in the body's length.
/// Source: prometheus/prometheus, prompb/remote.proto and types.proto; protobuf.dev, Encoding.
/// </remarks>
/// <param name="body">The protobuf message, uncompressed.</param>
public ref struct RemoteWriteReader(ReadOnlySpan<byte> body)
{
    private const int SeriesField = 1;
    private const int MetadataField = 3;

    private ProtobufFields fields = new(body, 0);

    /// <summary>What the last <see cref="Read"/> gave.</summary>
    public RemoteWriteEntry Entry { get; private set; }

    /// <summary>The series, when <see cref="Entry"/> says so. It is valid as long as the body.</summary>
    public RemoteWriteSeries Series { get; private set; }

    /// <summary>The metadata, when <see cref="Entry"/> says so. It is valid as long as the body.</summary>
    public RemoteWriteMetadata Metadata { get; private set; }

    /// <summary>Why reading ended early, or <see cref="ProtobufError.None"/>.</summary>
    public ProtobufError Error { get; private set; }

    /// <summary>The offset in the body of the field that is wrong, when there is an <see cref="Error"/>.</summary>
    public int ErrorOffset { get; private set; }

    /// <summary>Goes to the next entry.</summary>
    /// <returns>False at the end of the body and at an error; <see cref="Error"/> tells them apart.</returns>
    public bool Read()
    {
        Entry = RemoteWriteEntry.None;
        while (Error == ProtobufError.None && fields.Next())
        {
            switch (fields.Number)
            {
                case SeriesField when fields.IsBytes:
                    Series = RemoteWriteSeries.Check(fields.Bytes, fields.BytesOffset, out ProtobufFields series);
                    return Is(RemoteWriteEntry.Series, series);
                case MetadataField when fields.IsBytes:
                    Metadata = RemoteWriteMetadata.Check(fields.Bytes, fields.BytesOffset, out ProtobufFields metadata);
                    return Is(RemoteWriteEntry.Metadata, metadata);
                case SeriesField or MetadataField:
                    fields.Refuse(ProtobufError.WrongWireType);
                    break;
                default:
                    break;
            }
        }

        if (Error == ProtobufError.None)
        {
            (Error, ErrorOffset) = (fields.Error, fields.ErrorOffset);
        }

        return false;
    }

    private bool Is(RemoteWriteEntry entry, in ProtobufFields message)
    {
        (Error, ErrorOffset) = (message.Error, message.ErrorOffset);
        Entry = Error == ProtobufError.None ? entry : RemoteWriteEntry.None;
        return Error == ProtobufError.None;
    }
}
