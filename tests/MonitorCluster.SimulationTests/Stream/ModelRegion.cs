using MonitorCluster.Stream;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.SimulationTests.Stream;

/// <summary>A shard region by the letter of the protocol, on a network that loses and repeats, whose owner crashes and journals when told.</summary>
internal sealed class ModelRegion : ReceiveActor
{
    private readonly ModelOwner owner;

    public ModelRegion(ModelOwner owner)
    {
        this.owner = owner;
        Arrives<HelloCollector>(_ => Answer(new CollectorWelcome(1, 16 << 10)));
        Arrives<OpenShard>(OnOpen);
        Arrives<BatchSection>(OnSection);
        Receive<Journal>(_ => OnJournal());
    }

    private void Arrives<T>(Action<T> handler) => Receive<T>(message =>
    {
        owner.Collector = Sender;
        for (int times = owner.Fault() switch { 0 => 0, 1 => 2, _ => 1 }; times > 0; times--)
        {
            handler(message);
        }
    });

    private void OnOpen(OpenShard open)
    {
        ModelShard shard = owner.Shard(open.ShardId, open.CollectorId);
        if (owner.Fault() == 2)
        {
            Answer(new NotOwner(open.ShardId, open.CollectorId, open.Session, 1, TimeSpan.FromMilliseconds(300)));
            return;
        }

        shard.Session = open.Session;
        shard.DictionaryId = 0;
        Answer(new ShardOpened(open.ShardId, open.CollectorId, open.Session, 1, shard.DurableSeq, shard.LastSeq));
    }

    private void OnSection(BatchSection section)
    {
        ModelShard shard = owner.Shard(section.ShardId, section.CollectorId);
        int bytes = section.Definitions.Length + section.Runs.Length;
        if (section.Session != shard.Session || section.Seq > shard.LastSeq + 1 || owner.Fault() == 3)
        {
            Answer(new BatchRefused(section.ShardId, section.CollectorId, section.Session, shard.LastSeq + 1, RefusalReason.Gap));
        }
        else if (section.Seq <= shard.LastSeq)
        {
            Answer(new BatchesReceived(section.ShardId, section.CollectorId, section.Session, shard.LastSeq, bytes));
        }
        else if (!shard.TryApply(section))
        {
            owner.DictionaryRefusals.Add($"session {section.Session} shard {section.ShardId} seq {section.Seq} dictionary {section.DictionaryId}");
            Answer(new BatchRefused(section.ShardId, section.CollectorId, section.Session, section.Seq, RefusalReason.Dictionary));
        }
        else
        {
            Answer(new BatchesReceived(section.ShardId, section.CollectorId, section.Session, shard.LastSeq, bytes));
        }
    }

    private void OnJournal()
    {
        foreach (((int shardId, Guid collectorId), ModelShard shard) in owner.Shards)
        {
            shard.Journal();
            if (owner.Fault() != 0)
            {
                owner.Collector?.Tell(new BatchesDurable(shardId, collectorId, shard.DurableSeq), Self);
            }
        }
    }

    private void Answer(object answer)
    {
        if (owner.Fault() != 0)
        {
            Sender.Tell(answer, Self);
        }
    }

    /// <summary>The owner commits what it has applied.</summary>
    internal sealed record Journal;
}

/// <summary>What survives of the owner when its actor is gone, and the dice.</summary>
internal sealed class ModelOwner(Random random)
{
    public SortedDictionary<(int ShardId, Guid CollectorId), ModelShard> Shards { get; } = [];

    public IActorRef? Collector { get; set; }

    public bool IsFaulty { get; set; } = true;

    public List<string> DictionaryRefusals { get; } = [];

    public IEnumerable<double> JournalledValues => Shards.Values.SelectMany(s => s.Journalled);

    /// <summary>0 lose, 1 repeat, 2 not owner, 3 refuse, else nothing.</summary>
    public int Fault() => IsFaulty ? random.Next(40) : 99;

    public ModelShard Shard(int shardId, Guid collectorId)
    {
        if (!Shards.TryGetValue((shardId, collectorId), out ModelShard? shard))
        {
            Shards.Add((shardId, collectorId), shard = new ModelShard(shardId));
        }

        return shard;
    }

    public void Crash()
    {
        foreach (ModelShard shard in Shards.Values)
        {
            shard.Crash();
        }
    }
}

/// <summary>One (shard, collector) of the model: the accept rule and the journal.</summary>
internal sealed class ModelShard(int shardId)
{
    private readonly Dictionary<int, LabelSet> handles = [];
    private readonly List<double> applied = [];

    public long Session { get; set; }

    public long DictionaryId { get; set; }

    public long LastSeq { get; private set; }

    public long DurableSeq { get; private set; }

    public List<double> Journalled { get; } = [];

    public bool TryApply(BatchSection section)
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

        Assert.False(samples.IsMalformed || definitions.IsMalformed);
        applied.AddRange(values);
        LastSeq = section.Seq;
        return true;
    }

    public void Journal()
    {
        Journalled.AddRange(applied);
        applied.Clear();
        DurableSeq = LastSeq;
    }

    public void Crash()
    {
        applied.Clear();
        handles.Clear();
        LastSeq = DurableSeq;
        Session = DictionaryId = 0;
    }
}
