using Microsoft.Extensions.Logging.Abstractions;
using MonitorCluster.Aggregate;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Tests.Actors;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Tests.Aggregate;

public class JournalActorTests
{
    private readonly Simulation _simulation = new();
    private readonly AggregateCounters _counters = new();
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
            Props.Create(() => new JournalActor(options, _counters, store, NullLogger.Instance)), "journal");
        for (int i = 0; i < _shards.Length; i++)
        {
            _journal.Tell(new ShardReady(i, 1), _shardRefs[i]);
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

    [Fact]
    public void Round_StoreNeverAnswersTheFlush_OffersItAgainAndHearsTheAnswersOnce()
    {
        StartRound(0);
        Take(0, jseq: 1, cut: false);
        StoreCommand first = _store.OfType<StoreCommand>().Single();
        _simulation.Advance(61);
        Assert.Equal(["flush", "flush"], StoreCommands);
        Assert.Same(first.Tag, _store.OfType<StoreCommand>().Last().Tag);

        AnswerStore(new FlushResult([], []));
        AnswerStore(new FlushResult([], []));

        Assert.Single(_shards[0].OfType<JournalCommitted>());
        _simulation.Advance(61);
        Assert.Equal(["flush", "flush"], StoreCommands);
    }

    [Fact]
    public void JournalTaken_OfARoundThatIsOver_GivesItsCopyBack()
    {
        StartRound(0);
        long round = _shards[0].OfType<TakeJournal>().Last().Round;
        Take(0, jseq: 1, cut: false);
        AnswerStore(new FlushResult([], []));
        CutDraft late = Cut(2);
        Assert.True(_counters.UnpackedBytes > 0);

        _journal.Tell(new JournalTaken(round, 0, 1, null, late), _shardRefs[0]);
        _simulation.RunUntilIdle();

        Assert.Equal(0, _counters.UnpackedBytes);
        Assert.Equal(["flush"], StoreCommands);
    }

    [Fact]
    public void Cut_StoreNeverAnswers_IsOfferedAgainAndASecondAnswerEndsNoOther()
    {
        StartRound(0, 1);
        Take(0, jseq: 1);
        Take(1, jseq: 1);
        AnswerStore(new FlushResult([], []));
        StoreCommand first = _store.OfType<StoreCommand>().Last();
        _simulation.Advance(61);
        Assert.Equal(["flush", "cut", "cut"], StoreCommands);

        _journal.Tell(new StoreReply(first.Name, first.Tag, new CutResult(IsFenced: false, 1)));
        _journal.Tell(new StoreReply(first.Name, first.Tag, new CutResult(IsFenced: false, 1)));
        _simulation.RunUntilIdle();

        Assert.Single(_shards[0].OfType<CutCommitted>());
        Assert.Empty(_shards[1].OfType<CutCommitted>());
        Assert.Equal(["flush", "cut", "cut", "cut"], StoreCommands);
    }

    [Fact]
    public void Round_ShardEndsBeforeItGaveItsRow_IsWrittenWithoutIt()
    {
        StartRound(0, 1);
        Take(0, jseq: 1);

        _simulation.System.Stop(_shardRefs[1]);
        _simulation.RunUntilIdle();

        Assert.Equal(["flush"], StoreCommands);
    }

    [Fact]
    public void Round_RowOfAnOlderEpochIsFenced_TheShardThatWasWonAgainStays()
    {
        StartRound(0);
        Take(0, jseq: 1);
        _simulation.System.Stop(_shardRefs[0]);
        _simulation.RunUntilIdle();
        var newer = new List<object>();
        IActorRef again = _simulation.System.ActorOf(Props.Create(() => new Recorder(newer)), "again");
        _journal.Tell(new ShardReady(0, 3), again);

        AnswerStore(new FlushResult([0], []));

        Assert.Empty(newer);
        _journal.Tell(new ShardDirty(0, Urgent: true));
        _simulation.Advance(0.1);
        Assert.IsType<TakeJournal>(Assert.Single(newer));
    }

    [Theory]
    [InlineData(HandOverKind.Done)]
    [InlineData(HandOverKind.Fenced)]
    public void HandOver_DoneOrFenced_EndsAndTheJournalForgetsTheShard(HandOverKind kind)
    {
        JournalDraft row = HandOver(0, jseq: 1);

        AnswerStore(new HandOverOutcome(kind, new FlushResult([], [])));

        HandOverEnded ended = Assert.Single(_shards[0].OfType<HandOverEnded>());
        Assert.Equal((kind, 7L, row), (ended.Kind, ended.MoveId, ended.Row));
        Assert.Equal(-1, _counters.UnflushedBytes); // the shard had counted them
        Assert.Equal(kind == HandOverKind.Done ? 1 : 0, _counters.Durable);
        Assert.Equal(1, _counters.HandOvers(kind));
        StartRound(0);
        Assert.Empty(_shards[0].OfType<TakeJournal>());
    }

    [Fact]
    public void HandOver_ShardIsBackBeforeItsOutcome_IsNotForgotten()
    {
        HandOver(0, jseq: 1);
        var later = new List<object>();
        IActorRef again = _simulation.System.ActorOf(Props.Create(() => new Recorder(later)), "shard-0-again");
        _journal.Tell(new ShardReady(0, 3), again); // the new owner gave it back, and the first answer is still on its way
        StartRound(0);
        Assert.Empty(later.OfType<TakeJournal>());

        AnswerStore(new HandOverOutcome(HandOverKind.Done, new FlushResult([], [])));
        _simulation.Advance(10);

        Assert.Single(later.OfType<TakeJournal>());
    }

    [Fact]
    public void HandOver_Cancelled_WritesTheRowAsAnOrdinaryOneBeforeAnyOther()
    {
        HandOver(0, jseq: 1);
        StartRound(0, 1);
        Assert.Empty(_shards[0].OfType<TakeJournal>());
        AnswerStore(new HandOverOutcome(HandOverKind.Cancelled, new FlushResult([], [])));
        Assert.Equal(["hand-over"], StoreCommands); // a round of the other shard is under way
        Take(1, jseq: 1, cut: false);
        AnswerStore(new FlushResult([], []));

        Assert.Equal(["hand-over", "flush", "flush"], StoreCommands);
        Assert.Empty(_shards[0].OfType<TakeJournal>());
        AnswerStore(new FlushResult([], []));
        Assert.Single(_shards[0].OfType<JournalCommitted>());
        _simulation.Advance(10);
        Assert.Single(_shards[0].OfType<TakeJournal>()); // what came meanwhile
        Assert.Equal(HandOverKind.Cancelled, Assert.Single(_shards[0].OfType<HandOverEnded>()).Kind);
    }

    [Fact]
    public void HandOver_OutcomeUnknown_IsRepeatedAndTheOtherShardsAreWritten()
    {
        HandOver(0, jseq: 1);
        StoreCommand first = _store.OfType<StoreCommand>().Single();
        _journal.Tell(new StoreFailed(first.Name, first.Tag, new StoreUnavailableException("locked", new TimeoutException())));
        StartRound(0, 1);
        Take(1, jseq: 1, cut: false);
        AnswerStore(new FlushResult([], []));
        _simulation.Advance(10);

        Assert.Equal(["hand-over", "hand-over", "flush"], StoreCommands);
        Assert.Same(first.Tag, _store.OfType<StoreCommand>().ElementAt(1).Tag);
        Assert.Single(_shards[1].OfType<JournalCommitted>());
        Assert.Empty(_shards[0].OfType<TakeJournal>());
        Assert.Empty(_shards[0].OfType<HandOverEnded>());
    }

    [Fact]
    public void HandOver_DuringARound_WaitsForItsEndAndTakesTurnsWithTheNext()
    {
        StartRound(0, 1);
        HandOver(0, jseq: 2);
        HandOver(1, jseq: 2);
        _journal.Tell(new FlushAll(Cut: false), _shardRefs[0]);
        Assert.Empty(StoreCommands);

        Take(0, jseq: 1, cut: false);
        Take(1, jseq: 1, cut: false);
        AnswerStore(new FlushResult([], []));
        Assert.Equal(["flush", "hand-over"], StoreCommands);
        AnswerStore(new HandOverOutcome(HandOverKind.Done, new FlushResult([], [])));

        Assert.Single(_shards[1].OfType<TakeJournal>().Skip(1)); // the round comes before the second one
        Assert.Empty(_shards[0].OfType<FlushedAll>());
        _journal.Tell(new JournalTaken(_shards[1].OfType<TakeJournal>().Last().Round, 1, 1, null, null), _shardRefs[1]);
        _simulation.RunUntilIdle();
        Assert.Equal(["flush", "hand-over", "hand-over"], StoreCommands);
        Assert.Empty(_shards[0].OfType<FlushedAll>()); // it asked for everything that was accepted, and a row of that is on its way
        AnswerStore(new HandOverOutcome(HandOverKind.Done, new FlushResult([], [])));
        Assert.Single(_shards[0].OfType<FlushedAll>());
    }

    [Fact]
    public void HandOver_CutOfTheShardOnItsWay_WaitsForIt()
    {
        StartRound(0);
        Take(0, jseq: 1);
        HandOver(0, jseq: 2);
        AnswerStore(new FlushResult([], []));
        Assert.Equal(["flush", "cut"], StoreCommands);

        AnswerStore(new CutResult(IsFenced: false, 1));

        Assert.Equal(["flush", "cut", "hand-over"], StoreCommands);
    }

    // As a frozen shard does.
    private JournalDraft HandOver(int shard, long jseq)
    {
        var row = new JournalDraft(jseq, 1, [], [1], [], []);
        _journal.Tell(new HandOverShard(shard, 1, 7, jseq, row, 0), _shardRefs[shard]);
        _simulation.RunUntilIdle();
        return row;
    }

    private void StartRound(params int[] dirty)
    {
        foreach (int shard in dirty)
        {
            _journal.Tell(new ShardDirty(shard, Urgent: true));
        }

        _simulation.Advance(0.1);
    }

    private CutDraft Cut(long jseq) => new(jseq, [], [], new SnapshotDraft(new PooledWriter(), default, _counters), []);

    // As a shard does: one row, and a cut that covers it.
    private void Take(int shard, long jseq, bool cut = true)
    {
        long round = _shards[shard].OfType<TakeJournal>().Last().Round;
        var row = new JournalDraft(jseq, 1, [], [1], [], []);
        _journal.Tell(new JournalTaken(round, shard, 1, row, cut ? Cut(jseq) : null), _shardRefs[shard]);
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
