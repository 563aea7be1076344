using Microsoft.Extensions.Logging.Abstractions;
using MonitorCluster.Aggregate;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Tests.Actors;

namespace MonitorCluster.Tests.Aggregate;

public class JournalActorTests
{
    private readonly Simulation _simulation = new();
    private readonly List<object> _store = [];
    private readonly List<object>[] _shards = [[], []];
    private readonly IActorRef[] _shardRefs;
    private readonly IActorRef _journal;

    public JournalActorTests()
    {
        IActorRef store = _simulation.System.ActorOf(Props.Create(() => new Recorder(_store)), "store");
        _shardRefs = [.. _shards.Select((s, i) => _simulation.System.ActorOf(Props.Create(() => new Recorder(s)), $"shard-{i}"))];
        var options = new AggregateOptions();
        _journal = _simulation.System.ActorOf(
            Props.Create(() => new JournalActor(options, new AggregateCounters(), store, NullLogger.Instance)), "journal");
        for (int i = 0; i < _shards.Length; i++)
        {
            _journal.Tell(new ShardReady(i), _shardRefs[i]);
        }

        _simulation.RunUntilIdle();
    }

    private IEnumerable<string> StoreCommands => _store.OfType<StoreCommand>().Select(c => c.Name);

    [Fact]
    public void Round_CutOfAnEarlierOneStillOnItsWay_WritesNoCutBeforeTheRowsItCovers()
    {
        StartRound(0);
        Take(0, jseq: 1);
        AnswerStore(new FlushResult([], []));
        Assert.Equal(["flush", "cut"], StoreCommands);

        StartRound(0, 1);
        Take(0, jseq: 2); // shard 1 takes its time, and meanwhile the first cut is done
        AnswerStore(new CutResult(IsFenced: false, 1));
        Assert.Equal(["flush", "cut"], StoreCommands);

        Take(1, jseq: 1);
        Assert.Equal(["flush", "cut", "flush"], StoreCommands);
        AnswerStore(new FlushResult([], []));
        Assert.Equal(["flush", "cut", "flush", "cut"], StoreCommands);
    }

    [Fact]
    public void Round_OutcomeOfItsFlushUnknown_RepeatsTheFlushBeforeAnyOfItsCuts()
    {
        StartRound(0);
        Take(0, jseq: 1);
        StoreCommand flush = _store.OfType<StoreCommand>().Single();
        _journal.Tell(new StoreFailed(flush.Name, flush.Tag, new StoreUnavailableException("locked", new TimeoutException())));

        _simulation.Advance(10);

        Assert.Equal(["flush", "flush"], StoreCommands);
        AnswerStore(new FlushResult([], []));
        Assert.Equal(["flush", "flush", "cut"], StoreCommands);
    }

    private void StartRound(params int[] dirty)
    {
        foreach (int shard in dirty)
        {
            _journal.Tell(new ShardDirty(shard, Urgent: true));
        }

        _simulation.Advance(0.1);
    }

    // As a shard does: one row, and a cut that covers it.
    private void Take(int shard, long jseq)
    {
        long round = _shards[shard].OfType<TakeJournal>().Last().Round;
        var row = new JournalDraft(jseq, 1, [], [1], [], []);
        _journal.Tell(new JournalTaken(round, shard, 1, row, new CutDraft(jseq, [], [1], [])), _shardRefs[shard]);
        _simulation.RunUntilIdle();
    }

    private void AnswerStore(object result)
    {
        StoreCommand last = _store.OfType<StoreCommand>().Last();
        _journal.Tell(new StoreReply(last.Name, last.Tag, result));
        _simulation.RunUntilIdle();
    }

    private sealed class Recorder : ReceiveActor
    {
        public Recorder(List<object> messages) => ReceiveAny(messages.Add);
    }
}
