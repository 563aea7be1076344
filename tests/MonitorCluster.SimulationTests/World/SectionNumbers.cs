using MonitorCluster.Stream;

namespace MonitorCluster.SimulationTests.World;

/// <summary>Gives sections the numbers with which the real owner takes them, though a broken one would have taken them under their own.</summary>
/// <remarks>
/// For each (shard, collector) and epoch a list: which of the collector's numbers the owner's number n stands for. The owner's last number is then the
/// list's length, and the collector is told the highest number in it. A new owner has what was journalled, so its list begins as its predecessor's.
/// </remarks>
internal sealed class SectionNumbers
{
    private readonly Dictionary<(int ShardId, Guid CollectorId), Lineage> lineages = [];

    public BatchSection Translate(BatchSection section, Mutation mutation)
    {
        List<long> list = Of(section.ShardId, section.CollectorId).InSession(section.Session);
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
        List<long> list = Of(opened.ShardId, opened.CollectorId).Open(opened.Session, opened.Epoch);
        Forget(list, opened.LastSeq);
        return opened with { DurableSeq = Collectors(list, opened.DurableSeq), LastSeq = Collectors(list, opened.LastSeq) };
    }

    public BatchesReceived Translate(BatchesReceived received) => received with
    {
        LastSeq = Collectors(Of(received.ShardId, received.CollectorId).InSession(received.Session), received.LastSeq),
    };

    public BatchesDurable Translate(BatchesDurable durable) => durable with
    {
        DurableSeq = Collectors(Of(durable.ShardId, durable.CollectorId).With(durable.DurableSeq), durable.DurableSeq),
    };

    public BatchRefused Translate(BatchRefused refused)
    {
        List<long> list = Of(refused.ShardId, refused.CollectorId).InSession(refused.Session);
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

    private Lineage Of(int shardId, Guid collectorId)
    {
        if (!lineages.TryGetValue((shardId, collectorId), out Lineage? lineage))
        {
            lineages.Add((shardId, collectorId), lineage = new Lineage());
        }

        return lineage;
    }

    private sealed class Lineage
    {
        private readonly SortedList<long, List<long>> listsByEpoch = new() { [0] = [] };
        private readonly Dictionary<long, long> epochsBySession = [];

        public List<long> InSession(long session) => listsByEpoch[epochsBySession.GetValueOrDefault(session)];

        /// <summary>What is durable is in every later list; who says so does not tell its epoch.</summary>
        public List<long> With(long number) => listsByEpoch.Values.LastOrDefault(l => l.Count >= number) ?? listsByEpoch.Values[^1];

        public List<long> Open(long session, long epoch)
        {
            epochsBySession[session] = epoch;
            if (!listsByEpoch.TryGetValue(epoch, out List<long>? list))
            {
                list = [.. listsByEpoch.Last(p => p.Key < epoch).Value];
                listsByEpoch.Add(epoch, list);
            }

            return list;
        }
    }
}
