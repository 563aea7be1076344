using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Stream;

/// <summary>Logs the sections of another identity's segments again under the collector's own: one read at a time, until all is synced.</summary>
/// <remarks>
/// Happens when an owner and the log disagree (a restored image, a wiped store). Which of the sections had arrived is not known any more, so all
/// are sent; owners drop a sample of the same series and time. One writer: the collector's mailbox.
/// </remarks>
internal sealed class ForeignReplay(IReadOnlyList<long> segments, SeriesCatalog catalog)
{
    private readonly Dictionary<int, Dictionary<int, CollectedSeries>> handlesByShard = []; // of the segment in hand
    private int index;
    private int offset;
    private int outstanding;
    private bool mustRepeat;
    private ForeignCursor? next;

    /// <summary>What to read next; null when all is logged.</summary>
    public ForeignCursor? Cursor => index < segments.Count ? new ForeignCursor(segments[index], offset) : null;

    /// <summary>The segments that can go when <see cref="Cursor"/> is null.</summary>
    public IReadOnlyList<long> Segments => segments;

    /// <summary>Makes batches of what was read.</summary>
    /// <param name="read">The sections.</param>
    /// <param name="lost">Samples whose series is not known: its definition is lost, or the catalog is full.</param>
    public IReadOnlyList<SampleBatch> OnRead(ForeignRead read, out int lost)
    {
        lost = 0;
        mustRepeat = false;
        next = read.Next;
        var batches = new List<SampleBatch>(read.Sections.Count);
        foreach (ForeignSection section in read.Sections)
        {
            batches.Add(Decode(section, ref lost));
        }

        outstanding = batches.Count;
        return batches;
    }

    /// <summary>One of the batches is logged, or was refused and must be offered again.</summary>
    /// <returns>Whether it was the last one of the read: go on with <see cref="Cursor"/>.</returns>
    public bool OnSettled(bool isLogged)
    {
        mustRepeat |= !isLogged;
        if (--outstanding > 0)
        {
            return false;
        }

        Advance();
        return true;
    }

    /// <summary>A read that gave no sections.</summary>
    public void Advance()
    {
        if (mustRepeat)
        {
            return;
        }

        if (next is null)
        {
            index++;
            handlesByShard.Clear();
        }

        offset = next?.Offset ?? 0;
    }

    private SampleBatch Decode(ForeignSection section, ref int lost)
    {
        if (!handlesByShard.TryGetValue(section.ShardId, out Dictionary<int, CollectedSeries>? handles))
        {
            handlesByShard.Add(section.ShardId, handles = []);
        }

        var definitions = new DefinitionReader(section.Definitions.Span);
        while (definitions.MoveNext())
        {
            if (LabelSet.TryFromBytes(definitions.Labels, out LabelSet labels))
            {
                // What was acknowledged once is taken whatever the limit says now.
                handles[definitions.Handle] = catalog.TryIntern(labels, out CollectedSeries? series) ? series : catalog.MakeUnlisted(labels);
            }
        }

        SampleBatch batch = SampleBatch.Rent();
        var samples = new SectionReader(section.Runs.Span);
        while (samples.MoveNextRun())
        {
            while (samples.MoveNext())
            {
                if (handles.TryGetValue(samples.Handle, out CollectedSeries? series))
                {
                    batch.Add(series, samples.TimestampMs, samples.Value);
                }
                else
                {
                    lost++;
                }
            }
        }

        return batch;
    }
}
