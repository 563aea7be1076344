using MonitorCluster.Aggregate;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Detect;
using MonitorCluster.Query;
using MonitorCluster.Stream;
using MonitorCluster.TimeSeries.Chunks;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Tests.Aggregate;

/// <summary>A shard's state with a collector in front and a list for a store behind it.</summary>
internal sealed class ShardHarness
{
    public const long Start = 1_800_000_000_000;

    public static readonly Guid Collector = new("00000000-0000-0000-0000-000000000001");

    private readonly Dictionary<LabelSet, int> handles = [];
    private readonly List<JournalDraft> journal = [];
    private readonly List<BlockRow> blocks = [];
    private readonly List<SeriesRow> series = [];
    private SnapshotRow? snapshot;
    private long seq;
    private long session;

    public ShardHarness(AggregateOptions? options = null)
    {
        Options = options ?? new AggregateOptions();
        State = Make();
        Open();
    }

    public AggregateOptions Options { get; }

    public AggregateCounters Counters { get; private set; } = new();

    public ShardState State { get; private set; }

    public long NowMs { get; set; } = Start;

    /// <summary>Of the last cut; 0 before it.</summary>
    public int SnapshotBytes => snapshot?.Body.Length ?? 0;

    public static LabelSet Series(string metric, int number = 0, string host = "h") => LabelSet.Create(metric, ("host", host), ("n", $"{number}"));

    /// <summary>Sends one section.</summary>
    public SectionOutcome Send(params (LabelSet Labels, long TimestampMs, double Value)[] samples) => State.Offer(Section(++seq, samples), NowMs);

    public BatchSection Section(long number, params (LabelSet Labels, long TimestampMs, double Value)[] samples)
    {
        var writer = new SectionWriter();
        foreach ((LabelSet labels, long timestampMs, double value) in samples)
        {
            if (!handles.TryGetValue(labels, out int handle))
            {
                handles[labels] = handle = handles.Count;
                writer.Define(handle, labels);
            }

            writer.Add(handle, timestampMs, value);
        }

        byte[] runs = writer.FinishRuns().ToArray();
        return new BatchSection(0, Collector, session, number, 1, writer.Definitions.ToArray(), runs);
    }

    public void Flush()
    {
        if (State.TakeRow() is { } row)
        {
            journal.Add(row);
            series.AddRange(row.Series.Select(s => new SeriesRow(s.Number, s.Labels.ToArray(), s.FirstMs)));
            State.RowCommitted(row);
        }
    }

    public void Cut()
    {
        Flush();
        if (State.PrepareCut(NowMs) is { } cut)
        {
            snapshot = new SnapshotRow(cut.CutJseq, Marks.Encode(cut.Marks), cut.Snapshot.Pack());
            blocks.AddRange(FlushMapping.Request(1, 0, 1, cut).Blocks.Select((b, i) => b with { Id = blocks.Count + i + 1 }));
            journal.RemoveAll(r => r.Jseq <= cut.CutJseq);
            State.CutCommitted(cut.CutJseq, SnapshotBytes);
        }
    }

    /// <summary>What retention deletes from the store.</summary>
    public void DropSeries(IReadOnlyList<int> numbers) => series.RemoveAll(s => numbers.Contains(s.SeriesNo));

    /// <summary>Loses the state and builds it again from what was flushed and cut.</summary>
    public void Restart()
    {
        Counters = new AggregateCounters();
        State = Make();
        long memoryFromCut = blocks
            .Where(b => b.ToMs >= NowMs - (long)Options.MemorySpan.TotalMilliseconds)
            .Select(b => BlockReader.TryReadCut(b.Body, out long cut) ? cut : 0).DefaultIfEmpty(long.MaxValue).Min();
        ShardLoader.Restore(
            State,
            new ShardImage(
                new ShardLoad(
                    0,
                    1,
                    1,
                    snapshot,
                    [.. journal.Select(r => new JournalRow(r.Jseq, 1, 1, r.Samples, Marks.Encode(r.Marks), r.Body))],
                    series,
                    [],
                    0),
                [.. blocks.Where(b => BlockReader.TryReadCut(b.Body, out long cut) && cut >= memoryFromCut)]),
            NowMs);
        Open();
        handles.Clear();
        seq = State.LastSeqOf(Collector);
    }

    /// <summary>All samples of a series as a query sees them.</summary>
    public List<Sample> Read(LabelSet labels, long fromMs = 0, long toMs = long.MaxValue)
    {
        FoundSeries found = Assert.Single(State.Find(labels.Metric, [.. labels.Labels], long.MinValue, long.MaxValue));
        PinnedShard pinned = State.Pin([found.Number], fromMs, toMs);
        Assert.Single(pinned.Series);
        BlockRow[] stored =
        [
            .. blocks.Where(b => b.FromMs <= toMs && b.ToMs >= fromMs && BlockReader.TryReadCut(b.Body, out long cut) && cut < pinned.MemoryFromCut),
        ];
        Assert.True(pinned.HasStoredBlocks || stored.Length == 0, "the pin says that the store has nothing, but it has");
        var assembler = new ShardAssembler(pinned, fromMs, toMs);
        foreach (BlockRow row in stored.Reverse())
        {
            assembler.Add(row);
        }

        if (assembler.Finish().SingleOrDefault() is not { } data)
        {
            return [];
        }

        return [.. data.Timestamps.ToArray().Zip(data.Values.ToArray(), (t, v) => new Sample(t, v))];
    }

    private void Open()
    {
        State.CursorOf(Collector, 1).Open(++session);
        handles.Clear();
    }

    private ShardState Make() => new(0, Options, new DetectOptions(), Counters);
}
