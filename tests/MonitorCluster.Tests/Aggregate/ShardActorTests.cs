using Microsoft.Extensions.Logging.Abstractions;
using MonitorCluster.Aggregate;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Detect;
using MonitorCluster.Stream;
using MonitorCluster.Tests.Actors;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Tests.Aggregate;

public class ShardActorTests
{
    private readonly Simulation _simulation = new();
    private readonly List<object> _loader = [];
    private readonly List<object> _journal = [];
    private readonly List<object> _answers = [];
    private readonly AggregateCounters _counters = new();
    private readonly IActorRef _asker;

    public ShardActorTests() => _asker = Record(_answers, "asker");

    [Fact]
    public void Load_RowsContradictEachOther_IsCountedAndTriedAgainLaterAndTheNodeGoesOn()
    {
        IActorRef shard = Open(new ShardRecipe(0, 4, 11, IsWarming: false));
        Answer(shard, Image(4, 11, Row(1, 3), Row(2, 2)));

        Assert.Empty(_journal.OfType<ShardReady>());
        Assert.Equal(1, _counters.InvariantViolations);
        Assert.Null(_simulation.System.Failure);
        _simulation.Advance(31);
        Assert.Equal(2, _loader.Count);
        Answer(shard, Image(4, 11, Row(1, 3), Row(2, 3)));
        Assert.Single(_journal.OfType<ShardReady>());
    }

    [Theory]
    [InlineData(149, false)]
    [InlineData(150, true)] // of two seconds each: five minutes
    public void Load_JournalAsLongAsACut_IsCutAtOnce(int rows, bool isCut)
    {
        IActorRef shard = Open(new ShardRecipe(0, 4, 11, IsWarming: false));
        Answer(shard, Image(4, 11, [.. Enumerable.Range(1, rows).Select(jseq => Row(jseq, 4))]));

        Tell(shard, new TakeJournal(1, ForceCut: false));

        Assert.Equal(isCut, Assert.IsType<JournalTaken>(_answers[^1]).Cut is not null);
    }

    [Theory]
    [InlineData(4, 12)]
    [InlineData(5, 11)]
    public void Load_StoreNamesAnotherOwnership_Stops(long epoch, long owner)
    {
        IActorRef shard = Open(new ShardRecipe(0, 4, 11, IsWarming: false));
        Answer(shard, Image(epoch, owner));

        Assert.Empty(_journal);
        Assert.DoesNotContain(_simulation.System.GetActors(), a => a.Path.ToString().EndsWith("/shard", StringComparison.Ordinal));
    }

    [Fact]
    public void Loading_CollectorOpensAgainAndAgain_IsAnsweredOnceForTheNewest()
    {
        IActorRef shard = Open(new ShardRecipe(0, 4, 11, IsWarming: false));
        for (int session = 1; session <= 5; session++)
        {
            Tell(shard, new CollectorOpen(new OpenShard(0, MoveCollector.Id, session, 1), 1));
        }

        Answer(shard, Image(4, 11));

        Assert.Equal(5, Assert.IsType<ShardOpened>(Assert.Single(_answers)).Session);
    }

    [Fact]
    public void Warming_TakesOver_ReadsTheRestAndChecksTheOwner()
    {
        IActorRef shard = Open(new ShardRecipe(0, 4, 11, IsWarming: true));
        Answer(shard, Image(4, 9, Row(1, 4, writer: 9)));
        Assert.Empty(_journal);

        Tell(shard, new TakeOverShard(5));
        Assert.Equal(["load-shard", "load-tail"], _loader.OfType<StoreCommand>().Select(c => c.Name));
        Answer(shard, new ShardTail(0, 5, 11, 0, [Row(2, 4, writer: 9)], [], [], 0, 0));

        Assert.Equal(new ShardReady(0, 5), Assert.Single(_journal));
    }

    [Fact]
    public void Warming_CutSinceItWasLoaded_LoadsTheWholeShard()
    {
        IActorRef shard = Open(new ShardRecipe(0, 4, 11, IsWarming: true));
        Answer(shard, Image(4, 9, Row(1, 4, writer: 9)));
        Tell(shard, new TakeOverShard(5));
        Answer(shard, new ShardTail(0, 5, 11, 1, [], [], [], 0, 0));

        Assert.Equal(["load-shard", "load-tail", "load-shard"], _loader.OfType<StoreCommand>().Select(c => c.Name));
        Answer(shard, Image(5, 11));
        Assert.Equal(new ShardReady(0, 5), Assert.Single(_journal));
    }

    [Fact]
    public void Warming_SeriesDeletedSinceItWasLoaded_LoadsTheWholeShard()
    {
        byte[] labels = LabelSet.Create("app_requests", ("host", "h")).Bytes.ToArray();
        IActorRef shard = Open(new ShardRecipe(0, 4, 11, IsWarming: true));
        Answer(shard, new ShardImage(new ShardLoad(0, 4, 9, null, [], [new SeriesRow(0, labels, 0)], [], 0), []));
        Tell(shard, new TakeOverShard(5));
        Answer(shard, new ShardTail(0, 5, 11, 0, [], [], [], 0, SeriesCount: 0)); // a move called off, retention, another move

        Assert.Equal(["load-shard", "load-tail", "load-shard"], _loader.OfType<StoreCommand>().Select(c => c.Name));
        Assert.Empty(_journal);
    }

    [Fact]
    public void Frozen_SectionsAndOpens_AreSentAwayForAMomentAndQueriesAreAnswered()
    {
        IActorRef shard = Open(new ShardRecipe(0, 4, 11, IsWarming: false));
        Answer(shard, Image(4, 11));
        Tell(shard, new BeginMove(7));
        Tell(shard, new FreezeShard(6)); // of a move that is over
        Assert.Empty(_journal.OfType<HandOverShard>());

        Tell(shard, new FreezeShard(7));

        HandOverShard given = Assert.Single(_journal.OfType<HandOverShard>());
        Assert.Equal((4L, 7L), (given.Epoch, given.MoveId));
        Tell(shard, new CollectorOpen(new OpenShard(0, MoveCollector.Id, 3, 1), 1));
        Tell(shard, new BatchSection(0, MoveCollector.Id, 3, 1, 1, default, default));
        Assert.All(_answers, a => Assert.Equal(50, Assert.IsType<NotOwner>(a).RetryAfter.TotalMilliseconds));
        Assert.Equal(2, _answers.Count);
        Tell(shard, new GetShardStatistics());
        Assert.IsType<ShardStatistics>(_answers[^1]);
        Tell(shard, new TakeJournal(9, ForceCut: true));
        Assert.Equal(new JournalTaken(9, 0, 4, null, null), _answers[^1]);

        Tell(shard, new HandOverEnded(0, 4, 7, 0, HandOverKind.Cancelled, null, TimeSpan.Zero));
        Tell(shard, new CollectorOpen(new OpenShard(0, MoveCollector.Id, 4, 1), 1));
        Assert.IsType<ShardOpened>(_answers[^1]);
    }

    private IActorRef Open(ShardRecipe recipe)
    {
        var context = new ShardContext(
            new AggregateOptions(), new DetectOptions(), _counters, Record(_loader, "loader"), Record(_journal, "journal"), NullLogger.Instance);
        IActorRef shard = _simulation.System.ActorOf(Props.Create(() => new ShardActor(context, recipe)), "shard");
        _simulation.RunUntilIdle();
        return shard;
    }

    private IActorRef Record(List<object> messages, string name) => _simulation.System.ActorOf(Props.Create(() => new Recorder(messages)), name);

    private void Answer(IActorRef shard, object result) => Tell(shard, new StoreReply("load", null, result));

    private void Tell(IActorRef shard, object message)
    {
        shard.Tell(message, _asker);
        _simulation.RunUntilIdle();
    }

    private static ShardImage Image(long epoch, long owner, params JournalRow[] rows) => new(new ShardLoad(0, epoch, owner, null, rows, [], [], 0), []);

    private static JournalRow Row(long jseq, long epoch, long writer = 11) =>
        new(jseq, epoch, epoch == 4 ? writer : 8, 0, [], []);

    private sealed class Recorder : ReceiveActor
    {
        public Recorder(List<object> messages) => ReceiveAny(messages.Add);
    }
}
