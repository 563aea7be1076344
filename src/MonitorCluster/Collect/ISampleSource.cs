namespace MonitorCluster.Collect;

/// <summary>Something that can be asked once per tick for samples: a part of /proc, the program's own meters.</summary>
/// <remarks>
/// One caller at a time: the source's actor. A source never throws anything but as "this tick failed": <see cref="SourceAbsentException"/> says that
/// the host does not have what the source reads, every other exception is a failure; both are counted, backed off and shown, and hurt no other source.
/// What was written before the exception is kept. A series that was written in the last tick and not in this one gets a stale marker by the writer.
/// </remarks>
public interface ISampleSource
{
    /// <summary>The name in <c>node_scrape_collector_success{collector}</c>, in <c>Collect:Disabled</c> and in the status list.</summary>
    string Name { get; }

    /// <summary>Whether reading may hang in the kernel (a dead NFS server, a wedged driver), so that the source needs a thread of its own.</summary>
    bool MayHang { get; }

    /// <summary>Writes the samples of one instant.</summary>
    /// <param name="writer">Where to; always the same writer for one source.</param>
    /// <param name="timestampMs">The instant of all samples, milliseconds since 1970.</param>
    void Collect(SourceWriter writer, long timestampMs);
}
