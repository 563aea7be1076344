using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Stream;

/// <summary>Reads the series definitions of a section: (varint handle, varint byte length, canonical label bytes) repeated.</summary>
/// <remarks>
/// No allocation; hostile bytes end the iteration with <see cref="IsMalformed"/>. The label bytes are not checked here: see
/// <see cref="LabelSet.TryFromBytes"/>.
/// </remarks>
/// <param name="definitions">The bytes.</param>
public ref struct DefinitionReader(ReadOnlySpan<byte> definitions)
{
    private readonly ReadOnlySpan<byte> source = definitions;
    private int offset;

    /// <summary>The series' handle, 0 to <see cref="SectionReader.HandleMax"/>.</summary>
    public int Handle { get; private set; }

    /// <summary>The canonical bytes of the series' label set.</summary>
    public ReadOnlySpan<byte> Labels { get; private set; }

    /// <summary>Whether the iteration ended because the bytes are not definitions.</summary>
    public bool IsMalformed { get; private set; }

    /// <summary>Goes to the next definition.</summary>
    /// <returns>False at the end, or when the bytes are malformed.</returns>
    public bool MoveNext()
    {
        if (offset == source.Length || IsMalformed)
        {
            return false;
        }

        if (!Varint.TryRead(source, ref offset, out int handle) || handle > SectionReader.HandleMax
            || !Varint.TryRead(source, ref offset, out int length) || length > source.Length - offset)
        {
            IsMalformed = true;
            return false;
        }

        Handle = handle;
        Labels = source.Slice(offset, length);
        offset += length;
        return true;
    }
}
