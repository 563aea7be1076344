namespace MonitorCluster.Stream;

/// <summary>The files of one WAL directory: the only way in which the log touches a disk, and the only part of it a simulation replaces.</summary>
/// <remarks>
/// One caller at a time: the WAL actor. Calls block. A failing disk is an <see cref="IOException"/> from any of them; after one from
/// <see cref="Sync"/> nothing is known about the bytes written since the last sync that succeeded.
/// </remarks>
public interface IWalFiles
{
    /// <summary>The segments present, ascending by number.</summary>
    IReadOnlyList<WalFile> List();

    /// <summary>Makes a segment of zero bytes and makes its directory entry durable.</summary>
    /// <param name="segment">Its number; it must not exist.</param>
    /// <param name="sizeBytes">Its size; the disk space is taken now when the file system can.</param>
    void Create(long segment, int sizeBytes);

    /// <summary>Writes at an offset; past the end the file grows.</summary>
    void Write(long segment, int offset, ReadOnlySpan<byte> bytes);

    /// <summary>Returns when all that was written to the segment survives a power loss.</summary>
    void Sync(long segment);

    /// <summary>Reads at an offset.</summary>
    /// <returns>The number of bytes read; less than asked only at the end of the file.</returns>
    int Read(long segment, int offset, Span<byte> target);

    /// <summary>Removes a segment. A segment that is not there is no error.</summary>
    void Delete(long segment);

    /// <summary>Takes a segment that cannot be read out of the log, but keeps its bytes for a person to look at.</summary>
    void SetAside(long segment);

    /// <summary>The collector's identity file, or null when there is none.</summary>
    byte[]? ReadIdentity();

    /// <summary>Replaces the identity file: after a crash it holds the old bytes or the new ones, never a mixture.</summary>
    void WriteIdentity(ReadOnlySpan<byte> bytes);
}

/// <summary>One segment file.</summary>
/// <param name="Segment">Its number, at least 1.</param>
/// <param name="SizeBytes">Its size.</param>
public readonly record struct WalFile(long Segment, long SizeBytes);
