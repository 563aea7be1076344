using MonitorCluster.Aggregate;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Cluster.Transport;
using MonitorCluster.Stream;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Tests.Aggregate;

public sealed class ShardMoveTests : IDisposable
{
    private const int Shard = 0;
    private static readonly LabelSet Series = LabelSet.Create("app_requests", ("host", "h"));

    private readonly List<MoveWorld> _worlds = [];
    private MoveCollector? _collector;

    public void Dispose() => _worlds.ForEach(w => w.Dispose());

    [Theory]
    [InlineData(1, "nothing")]
    [InlineData(2, "nothing")]
    [InlineData(3, "warm")]
    [InlineData(4, "grant")]
    [InlineData(5, "news")]
    [InlineData(6, "all")]
    [InlineData(7, "some")]
    [InlineData(8, "some")]
    public void Moves_UnderLoad_ContentIsEqualAndEverySectionIsThereOnce(ulong seed, string lost)
    {
        MoveWorld world = World(seed);
        var random = new Random((int)seed);
        world.IsNewsLost = lost is "news" or "all";
        int warms = 0;
        bool IsWarmLost() => warms++ % 2 == 0; // were it lost for ever, the shard would stay
        world.IsLost = kind => lost switch
        {
            "warm" => kind == RequestKind.Warm && IsWarmLost(),
            "grant" => kind == RequestKind.Grant,
            "all" => kind != RequestKind.Warm || IsWarmLost(),
            "some" => random.Next(2) == 0,
            _ => false,
        };
        Load(world);
        world.Advance(3);
        int moves = 0;
        for (int i = 0; i < 12; i++)
        {
            MoveNode from = world.OwnerOf(Shard), to = world.Nodes.Single(n => n != from);
            world.BeginMove(Shard, to);
            for (int ms = 0; ms < 60_000 && world.OwnerOf(Shard) == from; ms += 100)
            {
                world.Advance(0.1);
                world.Look();
            }

            moves += world.OwnerOf(Shard) == to ? 1 : 0;
            world.Advance(random.Next(5, 3_000) / 1_000.0);
            world.Look();
        }

        Assert.Equal(12, moves);
        Judge(world);
        Assert.Equal(12, world.Nodes.Sum(n => n.Counters.HandOvers(HandOverKind.Done)));
    }

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    [InlineData(13)]
    public void Moves_CancelledAtAnyPoint_NothingIsLost(ulong seed)
    {
        MoveWorld world = World(seed);
        var random = new Random((int)seed);
        Load(world);
        world.Advance(1);
        for (int i = 0; i < 40; i++)
        {
            MoveNode from = world.OwnerOf(Shard), to = world.Nodes.Single(n => n != from);
            world.BeginMove(Shard, to);
            int steps = random.Next(0, 60);
            for (int step = 0; step < steps && world.Dispatcher.Step();)
            {
                step++;
            }

            world.CancelMove(Shard);
            world.Advance(random.Next(1, 500) / 1_000.0);
        }

        Judge(world);
        long done = world.Nodes.Sum(n => n.Counters.HandOvers(HandOverKind.Done));
        Assert.InRange(done, 1, 39); // some were cancelled in time and some were not, or this shows nothing
    }

    [Fact]
    public void Move_TargetDiesAtEachPoint_ShardStaysOrIsTakenOver()
    {
        for (int steps = 0; steps < 120; steps += 7)
        {
            MoveWorld world = World((ulong)(100 + steps));
            Load(world);
            world.Advance(1);
            MoveNode to = world.Nodes[1];
            world.BeginMove(Shard, to);
            for (int step = 0; step < steps && world.Dispatcher.Step();)
            {
                step++;
            }

            world.Nodes.Remove(to);
            world.Control.MarkDead(to.Incarnation, "test");
            _ = to.Kill();
            world.IsLost = _ => true;
            world.CancelMove(Shard);
            world.AssignTo(world.Nodes[0]);
            world.Look();
            world.Advance(10);
            world.Look();

            Assert.Equal(world.Nodes[0], world.OwnerOf(Shard));
            Judge(world);
        }
    }

    [Fact]
    public void Move_GiverDiesAtEachPoint_TheOtherHasAll()
    {
        for (int steps = 0; steps < 120; steps += 7)
        {
            MoveWorld world = World((ulong)(300 + steps));
            Load(world);
            world.Advance(1);
            world.BeginMove(Shard, world.Nodes[1]);
            for (int step = 0; step < steps && world.Dispatcher.Step();)
            {
                step++;
            }

            MoveNode from = world.Nodes[0];
            _ = from.Kill();
            world.Run();
            world.Control.MarkDead(from.Incarnation, "test");
            long lease = world.Control.AcquireLease(world.Nodes[1].Incarnation) ?? throw new InvalidOperationException("no lease");
            world.Nodes.Remove(from);
            world.Control.AssignShards(
                world.Nodes[0].Incarnation, lease,
                [
                    .. world.Control.View(0).ChangedShards.Where(s => s.Owner == from.Incarnation)
                        .Select(s => new ShardAssignment(s.ShardId, s.Epoch, world.Nodes[0].Incarnation)),
                ]);
            world.Look();
            world.Advance(5);

            Judge(world);
        }
    }

    [Fact]
    public void Move_OfShardsNobodyUsed_NeedsNoActor()
    {
        MoveWorld world = World(21);
        world.BeginMove(1, world.Nodes[1]);
        world.BeginMove(2, world.Nodes[1]);
        world.Advance(1);

        Assert.Equal(world.Nodes[1], world.OwnerOf(1));
        Assert.Equal(LocalShardStatus.Empty, world.Nodes[1].View.Find(2)!.Status);
        Assert.Null(world.Nodes[0].View.Find(2));
        Assert.All(world.Nodes, n => Assert.True(n.View.IsReady));
    }

    [Fact]
    public async Task Released_AfterTheMove_AnswersQueriesForAWhileAndTheNewOwnerHasTheSame()
    {
        MoveWorld world = World(22);
        Load(world);
        world.Advance(2);
        world.BeginMove(Shard, world.Nodes[1]);
        world.Advance(0.5);

        LocalShard before = world.Nodes[0].View.Find(Shard)!, after = world.Nodes[1].View.Find(Shard)!;
        Assert.Equal((LocalShardStatus.Released, LocalShardStatus.Ready), (before.Status, after.Status));
        Assert.Equal(before.Epoch + 1, after.Epoch);
        int released = (await Statistics(world, world.Nodes[0], before)).MiniBlocks;
        Assert.InRange((await Statistics(world, world.Nodes[1], after)).MiniBlocks, released, int.MaxValue);
        world.Advance(6);
        Assert.Null(world.Nodes[0].View.Find(Shard));
        Judge(world);
    }

    private MoveWorld World(ulong seed)
    {
        var world = new MoveWorld(seed);
        _worlds.Add(world);
        return world;
    }

    private void Load(MoveWorld world)
    {
        long startMs = world.Dispatcher.Time.GetUtcNow().ToUnixTimeMilliseconds();
        ActorSystem system = ActorSystem.Create(
            "collector", new ActorSystemSetup { Dispatchers = world.Dispatcher, TimeProvider = world.Dispatcher.Time });
        system.ActorOf(
            Props.Create(() => _collector = new MoveCollector(world, Shard, seq =>
            {
                var writer = new SectionWriter();
                writer.Define(0, Series);
                writer.Add(0, startMs + seq, seq);
                byte[] runs = writer.FinishRuns().ToArray();
                return new BatchSection(Shard, MoveCollector.Id, 0, seq, 1, writer.Definitions.ToArray(), runs);
            })),
            "collector");
        world.Run();
    }

    // Whatever happened: a while later all is durable, once, and the owner's memory and a fresh load say the same.
    private void Judge(MoveWorld world)
    {
        world.IsLost = _ => false;
        world.IsNewsLost = false;
        world.Look();
        world.Advance(12);
        long made = _collector!.Made;
        world.Advance(3);
        Assert.InRange(_collector.Durable, made, _collector.Made);
        Assert.InRange(made, 20, long.MaxValue);

        MoveNode owner = world.OwnerOf(Shard);
        LocalShard local = owner.View.Find(Shard)!;
        Assert.Equal((LocalShardStatus.Ready, world.Row(Shard).Epoch), (local.Status, local.Epoch));
        FlushAll(world, owner);
        ShardImage image = ShardImage.Read(world.Control, Shard, 0);
        Assert.Null(image.Load.Series.Skip(1).Cast<SeriesRow?>().FirstOrDefault());
        var counters = new AggregateCounters();
        var fresh = new ShardState(Shard, new AggregateOptions(), new MonitorCluster.Detect.DetectOptions(), counters);
        Assert.Null(ShardLoader.Restore(fresh, image, world.Dispatcher.Time.GetUtcNow().ToUnixTimeMilliseconds()));
        var all = fresh.Window(0, long.MinValue, long.MaxValue);
        long count = (long)all.Count;
        Assert.InRange(count, made, _collector.Made);
        Assert.Equal(count * (count + 1) / 2.0, all.Sum); // 1, 2, ... count: each once
        Assert.All(world.Nodes, n =>
        {
            Assert.Equal(0, n.Counters.InvariantViolations);
            Assert.Equal(0, n.Counters.Behind(BehindKind.Duplicate) + n.Counters.Behind(BehindKind.Conflict) + n.Counters.Behind(BehindKind.Late));
            Assert.InRange(n.Counters.UnflushedBytes, 0, 1 << 16);
            Assert.Null(n.System.Failure);
        });
        Assert.Equal(0, counters.Behind(BehindKind.Duplicate) + counters.Behind(BehindKind.Late));
        Assert.All(world.Nodes.Where(n => n != owner), n => Assert.Equal(0, n.Counters.UnflushedBytes));
    }

    private static void FlushAll(MoveWorld world, MoveNode node)
    {
        Task<FlushedAll> flushed = node.Journal.Ask<FlushedAll>(new FlushAll(Cut: false), TimeSpan.FromSeconds(10), CancellationToken.None);
        world.Run();
        Assert.True(flushed.IsCompletedSuccessfully);
    }

    private static Task<ShardStatistics> Statistics(MoveWorld world, MoveNode node, LocalShard shard)
    {
        Task<ShardStatistics> answer = shard.Ref!.Ask<ShardStatistics>(new GetShardStatistics(), TimeSpan.FromSeconds(10), CancellationToken.None);
        world.Run();
        Assert.True(answer.IsCompletedSuccessfully, $"n{node.Incarnation} does not answer");
        return answer;
    }
}
