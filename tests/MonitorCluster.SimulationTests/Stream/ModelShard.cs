using MonitorCluster.Stream;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.SimulationTests.Stream;

/// <summary>One (shard, collector) in the memory of an owner: the rule of acceptance.</summary>
internal sealed class ModelShard(int shardId, long lastSeq)
{
    private readonly Dictionary<int, LabelSet> handles = [];

    public long Session { get; private set; }

    public long DictionaryId { get; private set; }

    public long LastSeq { get; private set; } = lastSeq;

    public long DurableSeq { get; private set; } = lastSeq;

    /// <summary>Who opened the session.</summary>
    public IActorRef Collector { get; private set; } = ActorRefs.Nobody;

    /// <summary>Applied and not journalled.</summary>
    public List<double> Applied { get; } = [];

    public void Open(long session, IActorRef collector)
    {
        (Session, Collector, DictionaryId) = (session, collector, 0);
        handles.Clear();
    }

    /// <returns>False when a handle has no definition.</returns>
    public bool TryApply(BatchSection section)
    {
        Define(section);
        var values = new List<double>();
        var samples = new SectionReader(section.Runs.Span);
        while (samples.MoveNextRun())
        {
            while (samples.MoveNext())
            {
                if (!handles.TryGetValue(samples.Handle, out LabelSet? labels))
                {
                    return false;
                }

                Assert.Equal($"{shardId}", labels.Host);
                Assert.Equal($"m{samples.Value % 50}", labels.Metric); // the right series, and not just any
                values.Add(samples.Value);
            }
        }

        Assert.False(samples.IsMalformed);
        Applied.AddRange(values);
        LastSeq = section.Seq;
        return true;
    }

    public void Journalled()
    {
        Applied.Clear();
        DurableSeq = LastSeq;
    }

    private void Define(BatchSection section)
    {
        if (section.DictionaryId != DictionaryId)
        {
            DictionaryId = section.DictionaryId;
            handles.Clear();
        }

        var definitions = new DefinitionReader(section.Definitions.Span);
        while (definitions.MoveNext())
        {
            Assert.True(LabelSet.TryFromBytes(definitions.Labels, out LabelSet labels));
            handles[definitions.Handle] = labels;
        }

        Assert.False(definitions.IsMalformed);
    }
}
