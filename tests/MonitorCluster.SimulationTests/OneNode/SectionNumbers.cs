using MonitorCluster.Stream;

namespace MonitorCluster.SimulationTests.OneNode;

/// <summary>Gives sections the numbers with which the real owner takes them, though a broken one would have taken them under their own.</summary>
/// <remarks>
/// For each (shard, collector) a list: which of the collector's numbers the owner's number n stands for. The owner's last number is then the
/// list's length, and the collector is told the highest number in it.
/// </remarks>
internal sealed class SectionNumbers
{
    private readonly Dictionary<(int ShardId, Guid CollectorId), List<long>> lists = [];

    public BatchSection Translate(BatchSection section, Mutation mutation)
    {
        List<long> list = List(section.ShardId, section.CollectorId);
        long last = Collectors(list, list.Count);
        bool isNext = section.Seq == last + 1
            || (section.Seq <= last && mutation == Mutation.NoSequenceCheck)
            || (section.Seq > last + 1 && mutation == Mutation.GapsAccepted);
        if (isNext)
        {
            list.Add(section.Seq);
            return section with { Seq = list.Count };
        }

        // Before: the owner drops it. After a gap: the owner refuses it.
        return section with { Seq = section.Seq <= last ? list.LastIndexOf(section.Seq) + 1 : list.Count + 2 };
    }

    public ShardOpened Translate(ShardOpened opened)
    {
        List<long> list = List(opened.ShardId, opened.CollectorId);
        Forget(list, opened.LastSeq);
        return opened with { DurableSeq = Collectors(list, opened.DurableSeq), LastSeq = Collectors(list, opened.LastSeq) };
    }

    public BatchesReceived Translate(BatchesReceived received) =>
        received with { LastSeq = Collectors(List(received.ShardId, received.CollectorId), received.LastSeq) };

    public BatchesDurable Translate(BatchesDurable durable) =>
        durable with { DurableSeq = Collectors(List(durable.ShardId, durable.CollectorId), durable.DurableSeq) };

    public BatchRefused Translate(BatchRefused refused)
    {
        List<long> list = List(refused.ShardId, refused.CollectorId);
        Forget(list, refused.ExpectedSeq - 1);
        return refused with { ExpectedSeq = Collectors(list, list.Count) + 1 };
    }

    // What the owner did not apply, or applied and forgot in a crash.
    private static void Forget(List<long> list, long ownersLast)
    {
        if (list.Count > ownersLast)
        {
            list.RemoveRange((int)ownersLast, list.Count - (int)ownersLast);
        }
    }

    private static long Collectors(List<long> list, long owners) => list.Take((int)owners).DefaultIfEmpty().Max();

    private List<long> List(int shardId, Guid collectorId)
    {
        if (!lists.TryGetValue((shardId, collectorId), out List<long>? list))
        {
            lists.Add((shardId, collectorId), list = []);
        }

        return list;
    }
}
