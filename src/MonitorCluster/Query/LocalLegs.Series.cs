using MonitorCluster.Aggregate;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.TimeSeries.Chunks;
using MonitorCluster.TimeSeries.Model;
using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Query;

/// <content>Series and their samples.</content>
internal sealed partial class LocalLegs
{
    // A list is not read like samples: it may be ten times as long.
    private const int ListedPerSeries = 10;

    // One to some hundred blocks: few ways to the store, and memory for few.
    private const long BlockBytesAtOnce = 2 << 20;

    // An answer to another node is full at this size: with the codec's worst case of some 11 bytes a sample it stays below a message's limit.
    private const long RemoteSamplesMax = 4_000_000;
    private const long RemoteLabelBytesMax = 32 << 20;

    private async Task<QueryLegAnswer> LabelsAsync(QueryLeg leg, LegWork work, bool isRemote, CancellationToken cancellationToken)
    {
        var budget = new QueryBudget(context.Limits with { SeriesMax = context.Limits.SeriesMax * ListedPerSeries });
        var reducer = new LabelReducer(leg.Kind, leg.Name);
        long bytes = 0;
        foreach ((LegShard shard, List<FoundSeries> found) in await FindAsync(leg, leg.ToMs, work, cancellationToken))
        {
            long more = leg.Kind == QueryLegKind.Series ? found.Sum(f => (long)f.Labels.Bytes.Length) : 0;
            if (isRemote && bytes > 0 && bytes + more > RemoteLabelBytesMax)
            {
                work.Later(shard);
                continue;
            }

            bytes += more;
            if (leg.Kind == QueryLegKind.Series)
            {
                budget.AddSeries(found.Count);
            }

            foreach (FoundSeries series in found)
            {
                reducer.Add(series.Labels);
            }
        }

        return reducer.Finish();
    }

    private async Task<QueryLegAnswer> FetchAsync(QueryLeg leg, LegWork work, bool isRemote, CancellationToken cancellationToken)
    {
        var budget = new QueryBudget(
            context.Limits, Math.Min(leg.SeriesMax, context.Limits.SeriesMax), Math.Min(leg.SamplesMax, context.Limits.SamplesMax));
        var all = new List<SeriesData>();
        long samples = 0;

        // No upper end: late samples may be older than what the index holds for a series' first one.
        foreach ((LegShard shard, List<FoundSeries> found) in await FindAsync(leg, long.MaxValue, work, cancellationToken))
        {
            if (isRemote && samples >= RemoteSamplesMax)
            {
                work.Later(shard);
                continue;
            }

            List<SeriesData>? series = await ReadAsync(leg, shard, found, budget, cancellationToken);
            long more = series?.Sum(s => (long)s.Timestamps.Length) ?? 0;
            if (series is null)
            {
                work.NotReady(shard);
            }
            else if (isRemote && all.Count > 0 && samples + more > RemoteSamplesMax)
            {
                work.Later(shard);
                samples = RemoteSamplesMax;
            }
            else
            {
                all.AddRange(series);
                samples += more;
            }
        }

        return new QueryLegAnswer { Series = all };
    }

    private async Task<List<SeriesData>?> ReadAsync(
        QueryLeg leg, LegShard shard, List<FoundSeries> found, QueryBudget budget, CancellationToken cancellationToken)
    {
        budget.AddSeries(found.Count);
        PinnedShard pinned;
        try
        {
            pinned = await shard.Ref.Ask<PinnedShard>(
                new PinSeries([.. found.Select(f => f.Number)], leg.FromMs, leg.ToMs), ShardTimeout, cancellationToken);
        }
        catch (AskTimeoutException)
        {
            return null;
        }

        var assembler = new ShardAssembler(pinned, leg.FromMs, leg.ToMs);
        await AddStoredAsync(assembler, pinned, leg, budget, cancellationToken);
        var series = new List<SeriesData>(found.Count);
        foreach (SeriesData data in assembler.Finish())
        {
            cancellationToken.ThrowIfCancellationRequested();
            budget.AddSamples(assembler.TakeSamplesRead());
            series.Add(data);
        }

        return series;
    }

    // Blocks of cuts that memory still holds are in the pin already; their bodies are not even read. The others come a few at a time, so that
    // a long range holds the samples that were asked for and not the blocks they lie in. A header that cannot be read is a damaged block: the
    // assembler says so.
    private async Task AddStoredAsync(
        ShardAssembler assembler, PinnedShard pinned, QueryLeg leg, QueryBudget budget, CancellationToken cancellationToken)
    {
        if (!pinned.HasStoredBlocks)
        {
            return;
        }

        IReadOnlyList<long> ids = await StoreReads.AskAsync(
            context.Reader,
            "list-blocks",
            s => s.ListBlocks(pinned.ShardId, leg.FromMs, leg.ToMs, h => !BlockReader.TryReadCut(h, out long cut) || cut < pinned.MemoryFromCut),
            context.StoreTimeout,
            cancellationToken);
        for (int next = 0; next < ids.Count;)
        {
            int first = next;
            (IReadOnlyList<BlockRow> blocks, next) = await StoreReads.AskAsync(
                context.Reader, "read-blocks", s => s.ReadBlocks(ids, first, BlockBytesAtOnce), context.StoreTimeout, cancellationToken);
            foreach (BlockRow block in blocks)
            {
                assembler.Add(block);
                budget.AddSamples(assembler.TakeSamplesRead());
            }
        }
    }

    // The mailbox gives what may match by name and fixed labels; regular expressions run here, where they can be cancelled and hurt nobody.
    private static async Task<List<(LegShard Shard, List<FoundSeries> Series)>> FindAsync(
        QueryLeg leg, long toMs, LegWork work, CancellationToken cancellationToken)
    {
        (Label[] fixedLabels, LabelMatcher[] others) = Split(leg.Matchers);
        var found = new List<(LegShard, List<FoundSeries>)>();
        await AskAsync<IReadOnlyList<FoundSeries>>(work, new FindSeries(MetricOf(leg.Matchers), fixedLabels, leg.FromMs, toMs), Match, cancellationToken);
        return found;

        void Match(LegShard shard, IReadOnlyList<FoundSeries> candidates)
        {
            var series = new List<FoundSeries>();
            foreach (FoundSeries candidate in candidates)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (Array.TrueForAll(others, m => m.Matches(candidate.Labels[m.Name])))
                {
                    series.Add(candidate);
                }
            }

            if (series.Count > 0)
            {
                found.Add((shard, series));
            }
        }
    }

    private static string? MetricOf(IReadOnlyList<LabelMatcher> matchers) =>
        matchers.FirstOrDefault(m => m is { Name: LabelSet.NameLabel, Operator: MatchOperator.Equal })?.Value;
}
