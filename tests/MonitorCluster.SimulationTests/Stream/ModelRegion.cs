using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Stream;

namespace MonitorCluster.SimulationTests.Stream;

/// <summary>One node's shards by the letter of the protocol. It loses and repeats messages, journals when told, and believes the last view it heard.</summary>
internal sealed class ModelRegion : ReceiveActor
{
    private readonly long incarnation;
    private readonly ModelStore store;
    private readonly ModelFaults faults;
    private readonly HashSet<Guid> known = [];
    private readonly SortedDictionary<int, long> epochs = []; // of the shards it takes for its own
    private readonly SortedDictionary<(int ShardId, Guid CollectorId), ModelShard> shards = [];
    private ClusterViewChanged? view;

    public ModelRegion(long incarnation, ModelStore store, ModelFaults faults)
    {
        (this.incarnation, this.store, this.faults) = (incarnation, store, faults);
        Arrives<HelloCollector>(hello =>
        {
            known.Add(hello.CollectorId);
            Answer(new CollectorWelcome(1, 16 << 10));
        });
        Arrives<OpenShard>(OnOpen);
        Arrives<BatchSection>(OnSection);
        Receive<ClusterViewChanged>(OnView);
        Receive<Journal>(_ => OnJournal());
        Receive<Forget>(_ => shards.Clear());
    }

    private void Arrives<T>(Action<T> handler) => Receive<T>(message =>
    {
        for (int times = faults.Draw() switch { 0 => 0, 1 => 2, _ => 1 }; times > 0; times--)
        {
            handler(message);
        }
    });

    private void OnView(ClusterViewChanged news)
    {
        view = news;
        foreach (ShardOwner row in news.ShardOwners)
        {
            long mine = epochs.GetValueOrDefault(row.ShardId);
            if (row.Epoch > mine)
            {
                epochs.Remove(row.ShardId);
                Drop(row.ShardId);
                if (row.Owner == incarnation)
                {
                    epochs[row.ShardId] = row.Epoch;
                }
            }
        }
    }

    private void OnOpen(OpenShard open)
    {
        bool isOwner = epochs.TryGetValue(open.ShardId, out long epoch) && known.Contains(open.CollectorId);
        if (!isOwner || faults.Draw() == 2)
        {
            long heard = view?.ShardOwners[open.ShardId].Epoch ?? 0;
            Answer(new NotOwner(open.ShardId, open.CollectorId, open.Session, heard, TimeSpan.FromMilliseconds(300)));
            return;
        }

        ModelShard shard = Shard(open.ShardId, open.CollectorId);
        shard.Open(open.Session, Sender);
        Answer(new ShardOpened(open.ShardId, open.CollectorId, open.Session, epoch, shard.DurableSeq, shard.LastSeq));
    }

    private void OnSection(BatchSection section)
    {
        if (!shards.TryGetValue((section.ShardId, section.CollectorId), out ModelShard? shard))
        {
            Answer(new NotOwner(section.ShardId, section.CollectorId, section.Session, 0, TimeSpan.FromMilliseconds(50)));
            return;
        }

        int bytes = section.Definitions.Length + section.Runs.Length;
        bool isNext = section.Seq == shard.LastSeq + 1 || faults.Mutation == ModelMutation.NoNumberCheck;
        if (section.Session != shard.Session || (section.Seq > shard.LastSeq && !isNext) || faults.Draw() == 3)
        {
            Answer(new BatchRefused(section.ShardId, section.CollectorId, section.Session, shard.LastSeq + 1, RefusalReason.Gap));
        }
        else if (!isNext)
        {
            Answer(new BatchesReceived(section.ShardId, section.CollectorId, section.Session, shard.LastSeq, bytes));
        }
        else if (!shard.TryApply(section))
        {
            faults.DictionaryRefusals.Add($"session {section.Session} shard {section.ShardId} seq {section.Seq} dictionary {section.DictionaryId}");
            Answer(new BatchRefused(section.ShardId, section.CollectorId, section.Session, section.Seq, RefusalReason.Dictionary));
        }
        else
        {
            Answer(new BatchesReceived(section.ShardId, section.CollectorId, section.Session, shard.LastSeq, bytes));
            if (faults.Mutation == ModelMutation.DurableBeforeCommit)
            {
                Answer(new BatchesDurable(section.ShardId, section.CollectorId, shard.LastSeq));
            }
        }
    }

    private void OnJournal()
    {
        foreach (((int shardId, Guid collectorId), ModelShard shard) in shards.ToArray())
        {
            if (!store.Holds(shardId, epochs.GetValueOrDefault(shardId), incarnation) && faults.Mutation != ModelMutation.NoFence)
            {
                epochs.Remove(shardId);
                Drop(shardId);
                continue;
            }

            ModelJournal journal = store.Journal(shardId, collectorId);
            journal.Values.AddRange(shard.Applied);
            journal.DurableSeq = shard.LastSeq;
            shard.Journalled();
            if (faults.Draw() != 0)
            {
                shard.Collector.Tell(new BatchesDurable(shardId, collectorId, shard.DurableSeq), Self);
            }
        }
    }

    private void Drop(int shardId)
    {
        foreach ((int ShardId, Guid CollectorId) key in shards.Keys.Where(k => k.ShardId == shardId).ToArray())
        {
            shards.Remove(key);
        }
    }

    private ModelShard Shard(int shardId, Guid collectorId)
    {
        if (!shards.TryGetValue((shardId, collectorId), out ModelShard? shard))
        {
            long durable = faults.Mutation == ModelMutation.MarksNotLoaded ? 0 : store.Journal(shardId, collectorId).DurableSeq;
            shards.Add((shardId, collectorId), shard = new ModelShard(shardId, durable));
        }

        return shard;
    }

    private void Answer(object answer)
    {
        if (faults.Draw() != 0)
        {
            Sender.Tell(answer, Self);
        }
    }

    /// <summary>The owner commits what it has applied.</summary>
    internal sealed record Journal;

    /// <summary>What is in memory is gone, as when the shard's actors were stopped.</summary>
    internal sealed record Forget;
}

/// <summary>The dice, and what is broken on purpose.</summary>
internal sealed class ModelFaults(Random random)
{
    public bool IsOn { get; set; } = true;

    public ModelMutation Mutation { get; init; }

    public List<string> DictionaryRefusals { get; } = [];

    /// <summary>0 lose, 1 repeat, 2 not owner, 3 refuse, else nothing.</summary>
    public int Draw() => IsOn ? random.Next(60) : 99;
}
