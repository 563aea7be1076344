using MonitorCluster.Cluster.Membership;
using MonitorCluster.Stream;

namespace MonitorCluster.Tests.Stream;

public sealed class ShardSenderStateTests
{
    private static readonly Guid Id = Guid.Parse("00112233-4455-6677-8899-aabbccddeeff");
    private readonly WalOptions options = new();
    private readonly StreamCounters counters = new();
    private readonly RouteMap routes = new();
    private readonly ShardSenderState state;
    private readonly Dictionary<int, long> numbers = [];
    private readonly Dictionary<int, long> sessions = []; // the last that was opened, by shard

    public ShardSenderStateTests()
    {
        state = new ShardSenderState(options, counters, routes, new Random(1));
        var recovery = new WalRecovery { CollectorId = Id };
        recovery.Complete();
        state.Start(recovery, "n", 0);
    }

    [Fact]
    public void OnSynced_NoOwnerKnown_WaitsAndGoesWhenThereIsOne()
    {
        Log(0);
        Assert.Empty(state.Lanes);

        View(1, 1, 7);

        Assert.IsType<HelloCollector>(Assert.Single(Lane(7).Outbox));
        Assert.Equal("127.0.7.1:9601", Lane(7).Address);
    }

    [Fact]
    public void OnSynced_OneOwnerNeverAnswers_TheOtherIsServed()
    {
        View(1, 1, 7, 8);
        Log(0, 1);
        state.OnWelcome(8, new CollectorWelcome(1, 1 << 20), 0);
        OpenShard open = Assert.IsType<OpenShard>(Sent(8)[^1]);
        for (int i = 0; i < 50; i++)
        {
            Log(0);
        }

        state.OnOpened(new ShardOpened(1, Id, open.Session, 1, 0, 0), 0);

        Assert.Equal(1, Assert.Single(Reads()).Requests[0].Place.ShardId);
        Assert.Single(Sent(7));
    }

    [Fact]
    public void OnRead_CreditUsedUpAtOneOwner_TheOtherGoesOn()
    {
        View(1, 1, 7, 8);
        Log(0, 1);
        Open(7, 0, creditBytes: 100);
        Open(8, 1, creditBytes: 1 << 20);
        AnswerReads();
        Log(0, 1);

        Assert.Equal([1], Reads().SelectMany(r => r.Requests).Select(r => r.Place.ShardId));
    }

    [Fact]
    public void Pump_ManyOwners_FourReadsAtOnceThenInTurn()
    {
        View(1, 1, 1, 2, 3, 4, 5, 6, 7, 8);
        Log(0, 1, 2, 3, 4, 5, 6, 7);
        for (int shard = 0; shard < 8; shard++)
        {
            Open(shard + 1, shard);
        }

        List<ReadSections> reads = Reads();
        Assert.Equal(4, reads.Count);
        Log(0); // more for one that has its read: those in line come first
        Answer(reads[0]);

        ReadSections fifth = Assert.Single(Reads());
        Assert.Equal(4, fifth.Requests[0].Place.ShardId);
        Answer(fifth);
        reads.Skip(1).ToList().ForEach(Answer);
        AnswerReads();
        Assert.Equal(9, counters.SectionsSentTotal);
    }

    [Fact]
    public void OnRoutes_OwnerMoved_GoesToTheNewLaneAtOnceAndNotElsewhere()
    {
        View(1, 1, 7);
        Log(0);
        long first = Open(7, 0);
        AnswerReads();
        Assert.IsType<BatchSection>(Sent(7)[^1]);

        View(2, 2, 8);
        state.OnWelcome(8, new CollectorWelcome(1, 1 << 20), 0);

        OpenShard open = Assert.IsType<OpenShard>(Sent(8)[^1]);
        Assert.NotEqual(first, open.Session);
        Assert.DoesNotContain(Lanes(), i => i == 7); // no member any more
        // What the old owner still says is not heard ...
        state.OnReceived(new BatchesReceived(0, Id, first, 1, 10), 0);
        state.OnRefused(new BatchRefused(0, Id, first, 1, RefusalReason.Gap), 0);
        state.OnNotOwner(new NotOwner(0, Id, first, 9, TimeSpan.FromSeconds(60)), 0);
        state.OnOpened(new ShardOpened(0, Id, first, 2, 0, 0), 0);
        Assert.Empty(Sent(8));
        Assert.Empty(state.Wishes);
        // ... but what is journalled is.
        state.OnDurable(new BatchesDurable(0, Id, 1), 0);
        Assert.Equal(1, Assert.IsType<SectionsDurable>(Assert.Single(state.ToCollector)).DurableSeq);
    }

    [Fact]
    public void OnRoutes_OwnerMoved_ResumesBehindWhatTheNewOwnerHas()
    {
        View(1, 1, 7);
        Log(0);
        Log(0);
        Log(0);
        Open(7, 0);
        AnswerReads();
        View(2, 2, 8);

        Open(8, 0, epoch: 2, last: 1);

        Assert.Equal([2L, 3L], Assert.Single(Reads()).Requests.Select(r => r.Place.Seq));
    }

    [Fact]
    public void OnRoutes_OwnerMoved_TheOldLanesCreditIsFree()
    {
        View(1, 1, 7, 7);
        Log(0, 1);
        Open(7, 0, creditBytes: 1_000);
        AnswerReads();
        Assert.True(Lane(7).InFlightBytes > 0);

        View(2, 2, 8, 7);

        Assert.Equal(0, Lane(7).InFlightBytes);
    }

    [Fact]
    public void OnNotOwner_HigherEpoch_AsksForANewerViewOnceInAWhile()
    {
        View(5, 1, 7, 7);
        Log(0, 1);
        state.OnWelcome(7, new CollectorWelcome(1, 1 << 20), 0);
        long[] sessions = [.. Sent(7).OfType<OpenShard>().Select(o => o.Session)];

        state.OnNotOwner(new NotOwner(0, Id, sessions[0], 2, TimeSpan.FromMilliseconds(300)), 0);
        state.OnNotOwner(new NotOwner(1, Id, sessions[1], 2, TimeSpan.FromMilliseconds(300)), 0);

        Assert.Equal(6, Assert.Single(state.Wishes).Version);
        Assert.Equal(2, counters.NotOwnerTotal);
        Assert.Equal(300, state.WakeAtMs);
        state.OnTick(299);
        Assert.Empty(Sent(7));
        state.OnTick(300);
        Assert.Equal(2, Sent(7).OfType<OpenShard>().Count());
    }

    [Fact]
    public void OnNotOwner_SameEpoch_OnlyWaits()
    {
        View(5, 2, 7);
        Log(0);
        state.OnWelcome(7, new CollectorWelcome(1, 1 << 20), 0);
        long session = Sent(7).OfType<OpenShard>().Single().Session;

        state.OnNotOwner(new NotOwner(0, Id, session, 2, TimeSpan.FromMilliseconds(300)), 0);

        Assert.Empty(state.Wishes);
    }

    [Fact]
    public void OnWelcome_NotAskedFor_SaysHelloAllTheSame()
    {
        View(1, 1, 7, 8);
        Log(1);
        Log(0);
        state.OnLost(7, isAnother: false, 0);
        Sent(7);

        state.OnWelcome(7, new CollectorWelcome(1, 1 << 20), 0); // to the identity before, said twice on its way

        Assert.Equal(LaneStatus.Lost, Lane(7).Status);
        state.OnTick(100);
        Assert.IsType<HelloCollector>(Assert.Single(Sent(7)));
    }

    [Fact]
    public void OnNotOwner_GoesOn_SaysHelloOnceASecond()
    {
        View(1, 1, 7);
        Log(0);
        state.OnWelcome(7, new CollectorWelcome(1, 1 << 20), 0);
        Sent(7);
        int hellos = 0;
        for (long nowMs = 0; nowMs < 10_000; nowMs += 100)
        {
            state.OnNotOwner(new NotOwner(0, Id, sessions[0], 1, TimeSpan.FromMilliseconds(50)), nowMs);
            state.OnTick(nowMs + 50);
            hellos += Sent(7).OfType<HelloCollector>().Count();
        }

        Assert.InRange(hellos, 5, 9);
    }

    [Fact]
    public void OnNotOwner_InARow_AsksLessAndLessOftenUntilTheMapChanges()
    {
        View(1, 1, 7);
        Log(0);
        state.OnWelcome(7, new CollectorWelcome(1, 1 << 20), 0);
        Sent(7);
        long[] Pauses(int count, long fromMs)
        {
            var pauses = new long[count];
            for (int i = 0; i < count; i++)
            {
                state.OnNotOwner(new NotOwner(0, Id, sessions[0], 1, TimeSpan.FromMilliseconds(50)), fromMs);
                long askedAtMs = fromMs;
                while (Sent(7).OfType<OpenShard>().FirstOrDefault() is null)
                {
                    state.OnTick(fromMs += 10);
                }

                pauses[i] = fromMs - askedAtMs;
            }

            return pauses;
        }

        Assert.Equal([50, 100, 200, 400, 800, 1_000, 1_000], Pauses(7, 0));
        View(2, 2, 8);
        View(3, 3, 7);
        state.OnWelcome(7, new CollectorWelcome(1, 1 << 20), 0);
        Sent(7);
        Assert.Equal([50, 100], Pauses(2, 100_000));
    }

    [Fact]
    public void OnOpened_ByAnOlderEpoch_IsNotBelieved()
    {
        View(5, 4, 7);
        Log(0);

        Open(7, 0, epoch: 3);

        Assert.Empty(Reads());
        state.OnTick(100);
        Assert.IsType<OpenShard>(Sent(7)[^1]);
    }

    [Fact]
    public void OnOpened_ByANewerEpoch_IsTakenAndTheViewReadAgain()
    {
        View(5, 4, 7);
        Log(0);

        Open(7, 0, epoch: 6);

        Assert.Single(Reads());
        Assert.Single(state.Wishes);
    }

    [Fact]
    public void OnOpened_OwnerKnowsMoreThanTheLog_RejectsTheIdentityAtOnce()
    {
        View(1, 1, 7);
        Log(0);

        Open(7, 0, last: 2);

        Assert.Equal(2, Assert.IsType<IdentityRejected>(Assert.Single(state.ToCollector)).OwnerLastSeq);
    }

    [Fact]
    public void OnOpened_OwnerHasLessThanWasJournalled_RejectsWhenItLasts()
    {
        View(1, 1, 7);
        Log(0);
        state.OnDurable(new BatchesDurable(0, Id, 1), 0);
        state.ToCollector.Clear();
        Log(0);
        for (long nowMs = 0; nowMs < 9_000; nowMs += 200)
        {
            state.OnTick(nowMs);
            Open(7, 0, nowMs: nowMs);
            Assert.Empty(state.ToCollector);
        }

        state.OnTick(10_100);
        Open(7, 0, nowMs: 10_100);

        Assert.IsType<IdentityRejected>(Assert.Single(state.ToCollector));
    }

    [Fact]
    public void OnLost_AgainAndAgain_BacksOffWithJitterToFiveSeconds()
    {
        View(1, 1, 7);
        Log(0);
        long nowMs = 0;
        var pauses = new List<long>();
        for (int i = 0; i < 40; i++)
        {
            state.OnLost(7, isAnother: false, nowMs);
            pauses.Add(Lane(7).DeadlineMs - nowMs);
            nowMs = Lane(7).DeadlineMs;
            Lane(7).Outbox.Clear();
            state.OnTick(nowMs);
            Assert.IsType<HelloCollector>(Assert.Single(Lane(7).Outbox));
        }

        Assert.InRange(pauses[0], 0, 100);
        Assert.InRange(pauses[1], 0, 200);
        Assert.All(pauses, p => Assert.InRange(p, 0, 5_000));
        Assert.InRange(pauses.Skip(10).Average(), 1_500, 3_500); // full jitter: half of the limit
        Assert.Equal(40, counters.LanesLostTotal);
        Open(7, 0, nowMs: nowMs);
        state.OnLost(7, isAnother: false, nowMs);
        Assert.InRange(Lane(7).DeadlineMs - nowMs, 0, 100); // it had worked
    }

    [Fact]
    public void OnLost_AnotherProcessAnswers_AsksForANewerView()
    {
        View(1, 1, 7);
        Log(0);

        state.OnLost(7, isAnother: true, 0);

        Assert.Equal(2, Assert.Single(state.Wishes).Version);
    }

    [Fact]
    public void OnTick_ReceivedButNotJournalledInTime_AsksForANewerView()
    {
        View(5, 1, 7);
        Log(0);
        long session = Open(7, 0);
        AnswerReads();
        state.OnReceived(new BatchesReceived(0, Id, session, 1, 110), 0);
        state.OnTick((long)options.DurableTimeout.TotalMilliseconds - 1);
        Assert.Empty(state.Wishes);

        state.OnTick((long)options.DurableTimeout.TotalMilliseconds);

        Assert.Equal(6, Assert.Single(state.Wishes).Version);
    }

    [Fact]
    public void OnTick_LaneWithoutShards_EndsAfterAWhile()
    {
        View(1, 1, 7, 8);
        Log(0);
        state.OnRoutes(1_000);
        routes.Apply(StreamCluster.View(2, 2, 8, 7));
        state.OnRoutes(1_000);

        state.OnTick(10_999);
        Assert.Empty(state.EndedLanes);
        state.OnTick(11_000);

        Assert.Equal(7, Assert.Single(state.EndedLanes).Incarnation);
        Assert.Equal([8L], Lanes());
    }

    [Fact]
    public void Sessions_OfTwoStarts_Differ()
    {
        var random = new Random(4);
        var sessions = new HashSet<long>();
        for (int start = 0; start < 100; start++)
        {
            var again = new ShardSenderState(options, counters, routes, random);
            var recovery = new WalRecovery { CollectorId = Id };
            recovery.AddSection(new SectionPlace(0, 1, 1, 128, 50, 10));
            recovery.Complete();
            View(1, 1, 7);
            again.Start(recovery, "n", 0);
            again.OnWelcome(7, new CollectorWelcome(1, 1_000), 0);
            for (int i = 0; i < 100; i++)
            {
                var open = (OpenShard)again.Lanes.Single().Outbox[^1];
                Assert.True(sessions.Add(open.Session));
                again.OnNotOwner(new NotOwner(0, Id, open.Session, 1, TimeSpan.FromMilliseconds(10)), i * 2_000);
                again.OnTick((i + 1) * 2_000);
            }
        }
    }

    private static ClusterViewChanged WithMembers(ClusterViewChanged view) => view with { Members = [.. view.Members.OrderBy(m => m.Incarnation)] };

    private void View(long version, long epoch, params long[] owners)
    {
        routes.Apply(WithMembers(StreamCluster.View(version, epoch, owners)));
        state.OnRoutes(0);
    }

    private void Log(params int[] shards) => state.OnSynced(
        [.. shards.Select(s => new SectionPlace(s, numbers[s] = numbers.GetValueOrDefault(s) + 1, 1, 128, 200, 10))], 0);

    private long Open(long owner, int shard, int creditBytes = 1 << 20, long epoch = 1, long last = 0, long nowMs = 0)
    {
        if (Lane(owner).Status != LaneStatus.Welcome)
        {
            state.OnWelcome(owner, new CollectorWelcome(1, creditBytes), nowMs);
        }

        Sent(owner);
        state.OnOpened(new ShardOpened(shard, Id, sessions[shard], epoch, 0, last), nowMs);
        return sessions[shard];
    }

    private SenderLane Lane(long incarnation) => state.Lanes.Single(l => l.Incarnation == incarnation);

    private IEnumerable<long> Lanes() => state.Lanes.Select(l => l.Incarnation);

    private List<object> Sent(long incarnation)
    {
        List<object> sent = [.. Lane(incarnation).Outbox];
        Lane(incarnation).Outbox.Clear();
        foreach (OpenShard open in sent.OfType<OpenShard>())
        {
            sessions[open.ShardId] = open.Session;
        }

        return sent;
    }

    private List<ReadSections> Reads()
    {
        List<ReadSections> reads = [.. state.ToWal.Cast<ReadSections>()];
        state.ToWal.Clear();
        return reads;
    }

    private void AnswerReads()
    {
        while (Reads() is { Count: > 0 } reads)
        {
            reads.ForEach(Answer);
        }
    }

    private void Answer(ReadSections read) =>
        state.OnRead(new SectionsRead([.. read.Requests.Select(r => new SectionContent(r, true, new byte[10], new byte[100]))], read.Tag), 0);
}
