using MonitorCluster.Cluster.Sharding.Balance;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Optimise;

namespace MonitorCluster.Tests.Optimise;

public sealed class LoadModelTests
{
    private readonly LoadModel model = new();
    private readonly List<MemberRow> members = [Member(1), Member(2)];
    private readonly ShardOwner[] owners = [.. Enumerable.Range(0, 4).Select(s => Owned(s, by: 1 + (s % 2)))]; // n1: 0, 2; n2: 1, 3
    private long nowMs = 1_800_000_000_000;

    [Fact]
    public void Take_ASmallStep_IsHalfSeenAfterEachHalfLife()
    {
        for (int window = 0; window < 200; window++)
        {
            Take(cpu: _ => 0.010, process: 4);
        }

        for (int window = 1; window <= 30; window++)
        {
            Take(cpu: _ => 0.012, process: 4);
            if (window is 3 or 30)
            {
                double seen = window == 3 ? Cost(0).CpuCores : Cost(0).CpuCoresPlan;
                Assert.Equal(0.011, seen / model.Kappa, 1e-6);
            }
        }
    }

    [Fact]
    public void Take_ThreeTimesTheLoad_IsPlannedWithAfterTwoWindows()
    {
        for (int window = 0; window < 200; window++)
        {
            Take(cpu: _ => 0.010, process: 4);
        }

        Take(cpu: _ => 0.030, process: 4);
        Assert.InRange(Cost(0).CpuCoresPlan / model.Kappa, 0.010, 0.012);
        Take(cpu: _ => 0.030, process: 4);

        Assert.Equal(0.030, Cost(0).CpuCoresPlan / model.Kappa, 1e-6);
    }

    [Fact]
    public void Take_TheFirstReading_IsTakenAsItIs()
    {
        Take(cpu: s => 0.1 * (s + 1), samples: s => 1_000 * s, process: 4);

        Assert.Equal([0.15, 0.3, 0.45, 0.6], Input().Shards.Select(s => Math.Round(s.Cpu, 9)));
        Assert.Equal([0.0, 1_000, 2_000, 3_000], Input().Shards.Select(s => s.SamplesPerSecond));
        Assert.All(Input().Shards, s => Assert.Equal(1_000 * 2_700.0, s.Memory));
        Assert.Equal([1, 2, 1, 2], Input().Shards.Select(s => (int)s.Owner!.Value));
    }

    [Fact]
    public void Take_AfterAGap_CountsForItsTime()
    {
        Take(cpu: _ => 0, process: 4);
        nowMs += 20_000;
        Take(cpu: _ => 0.01, process: 4); // 30 s since the last one

        Assert.Equal(0.005 * model.Kappa, Cost(0).CpuCores, 1e-12);
    }

    [Fact]
    public void Take_ShardThatMoved_KeepsItsLoadUntilTheNewOwnerReportsIt()
    {
        Take(cpu: _ => 0.2, process: 2);
        owners[0] = Owned(0, by: 2, epoch: 2);

        Take(cpu: _ => 0.2, process: 2, reported: s => s != 0); // nobody names it
        Assert.Equal(0.2 * model.Kappa, Cost(0).CpuCores, 1e-9);
        Assert.False(Cost(0).IsReported);

        Take([Reading("n1"), Reading("n2")], [new("n1", 0, 7, 7, 7, 7), .. Shards(1, 2, 3)]); // the former owner does not count
        Assert.Equal(0.2 * model.Kappa, Cost(0).CpuCores, 1e-9);

        Take([Reading("n1"), Reading("n2")], [new("n2", 0, 0.4, 100, 10, 10), .. Shards(1, 2, 3)]);
        Assert.InRange(Cost(0).CpuCores / model.Kappa, 0.21, 0.39);
        Assert.True(Cost(0).IsReported);
        Assert.Equal(2, Input().Shards[0].Owner);
    }

    [Fact]
    public void Base_IsWhatTheProcessUsesBesideAllShardsItReports()
    {
        Take([Reading("n1", 1.0), Reading("n2", 0.8)], [new("n1", 0, 0.2, 0, 0, 0), new("n1", 1, 0.1, 0, 0, 0)]); // 1 is n2's: it has just left n1

        BalanceInput input = Input();
        Assert.Equal(1.0 - (0.3 * model.Kappa), input.Nodes[0].BaseCpu, 1e-9);
        Assert.Equal(0.8, input.Nodes[1].BaseCpu, 1e-9);
        Assert.Equal(0, input.Shards[1].Cpu);
    }

    [Fact]
    public void Take_MoreTimeThanCpu_IsCappedToWhatTheProcessUsed()
    {
        Take([Reading("n1", 1.0), Reading("n2", 1.0)], [new("n1", 0, 3, 0, 0, 0), new("n1", 2, 1, 0, 0, 0)]);

        BalanceInput input = Input();
        Assert.Equal(0, input.Nodes[0].BaseCpu, 1e-9);
        Assert.Equal(0.75, input.Shards[0].Cpu, 1e-9);
        Assert.Equal(0.25, input.Shards[2].Cpu, 1e-9);
    }

    [Fact]
    public void Completeness_IsTheShareOfShardsWhoseOwnerReports()
    {
        Assert.Equal(0, model.Completeness);

        Take(cpu: _ => 0.1);
        Assert.Equal(1, model.Completeness);

        Take([Reading("n1")], Shards(0, 2));
        Assert.Equal(0.5, model.Completeness);

        owners[0] = Owned(0, by: null, epoch: 2);
        Take([Reading("n1"), Reading("n2")], Shards(1, 2, 3));
        Assert.Equal(0.75, model.Completeness);

        members[1] = members[1] with { Status = MemberStatus.Dead };
        Take([Reading("n1"), Reading("n2")], Shards(1, 2, 3));
        Assert.Equal(0.25, model.Completeness);

        model.Take(new LoadReadings(this, nowMs += 10_000, [], [], true, "no answer"), members, owners);
        Assert.Equal(0, model.Completeness);
    }

    [Fact]
    public void Take_ThatFailed_ChangesNoLoad()
    {
        Take(cpu: _ => 0.3);
        BalanceInput before = Input();

        model.Take(new LoadReadings(this, nowMs += 10_000, [], [], true, "no answer"), members, owners);

        Assert.Equal(before.Shards, Input().Shards);
        Assert.Equal(before.Nodes.Select(n => n with { MayTake = false }), Input().Nodes); // nobody takes what nobody measures
    }

    [Fact]
    public void NodeThatIsSilent_KeepsWhatIsKnownOfIt_AndTakesNothing()
    {
        Take(cpu: _ => 0.2, process: 1);

        Take([Reading("n1", 1)], Shards(0, 2));

        BalanceNode silent = Input().Nodes[1];
        Assert.Equal((2L, "n2", 2.0, false), (silent.Incarnation, silent.Name, silent.CpuCores, silent.MayTake));
        Assert.Equal(1 - (0.4 * model.Kappa), silent.BaseCpu, 0.01);
        Assert.Equal(0.2 * model.Kappa, Cost(1).CpuCores, 1e-9);
        Assert.DoesNotContain("n2", model.MailboxP99Seconds.Keys);
        Assert.Equal(0.01, model.MailboxP99Seconds["n1"]);
    }

    [Fact]
    public void ShardThatItsOwnerDoesNotName_IsForgottenAfterTenMinutes()
    {
        Take(cpu: _ => 0.2, process: 1);
        for (int window = 0; window < 60; window++)
        {
            Take(cpu: _ => 0.2, process: 1, reported: s => s != 0);
        }

        Assert.Equal(0.2 * model.Kappa, Cost(0).CpuCores, 0.01);

        Take(cpu: _ => 0.2, process: 1, reported: s => s != 0);
        Assert.Equal(0, Cost(0).CpuCores);
    }

    [Fact]
    public void HottestCpu_IsTheFullestProcessOfItsCapacity()
    {
        Assert.Equal(0, model.HottestCpuRatio);

        Take([Reading("n1", 3), Reading("n2", 1)], []);
        Assert.Equal(1.5, model.HottestCpuRatio, 1e-9);

        Take([Reading("n1", 3) with { CapacityCores = 6 }, Reading("n2", 1)], []);
        Assert.Equal(0.5, model.HottestCpuRatio, 1e-9);
    }

    [Fact]
    public void NodeThatJoins_CountsWithTheOthersBaseForFiveMinutes_AndItsStartIsForgottenThen()
    {
        Take([Reading("n1", 0.2), Reading("n2", 0.3)], []);
        members.Add(Member(3));
        for (int look = 0; look < 30; look++)
        {
            Take([Reading("n1", 0.2), Reading("n2", 0.3), Reading("n3", 1.8)], []);
            Assert.Equal((0.3, true), (Math.Round(Node(3).BaseCores, 9), Node(3).IsStarting));
            Assert.Equal(0.3, Input().Nodes[2].BaseCpu, 1e-9);
            Assert.Equal(0.15, model.HottestCpuRatio, 1e-9); // with the others' base
        }

        Take([Reading("n1", 0.2), Reading("n2", 0.3), Reading("n3", 0.4)], []);
        Assert.Equal((0.4, false), (Math.Round(Node(3).BaseCores, 9), Node(3).IsStarting));

        members[2] = Member(4) with { NodeName = "n3" }; // it has been restarted
        Take([Reading("n1", 0.2), Reading("n2", 0.3), Reading("n3", 0.1)], []);
        Assert.Equal((0.1, true), (Math.Round(Node(4).BaseCores, 9), Node(4).IsStarting)); // less than the others is less
    }

    [Fact]
    public void Base_AfterAMove_StaysAsItWasUntilCpuAndTimeAreOfTheSameShardsAgain()
    {
        for (int look = 0; look < 10; look++)
        {
            Take(cpu: _ => 0.2, process: 1); // 0.6 for two shards, at the prior of 1.5
        }

        owners[0] = Owned(0, by: 2);
        for (int look = 0; look < 4; look++)
        {
            // Both rates still say what was: n1's process has its shard's CPU, which nobody names any more.
            Take(
                [Reading("n1", 1), Reading("n2", 1)],
                [new("n1", 2, 0.2, 0, 5, 1), new("n2", 0, 0.2, 0, 5, 1), new("n2", 1, 0.2, 0, 5, 1), new("n2", 3, 0.2, 0, 5, 1)]);
            Assert.Equal([0.4, 0.4], model.Explain().Nodes.Select(n => Math.Round(n.BaseCores, 6)));
        }
    }

    [Fact]
    public void NodesThatWereThereBeforeTheFirstLook_AreNotStarting()
    {
        Take([Reading("n1", 0.2), Reading("n2", 1.8)], []);

        Assert.Equal([0.2, 1.8], model.Explain().Nodes.Select(n => Math.Round(n.BaseCores, 9)));
        Assert.DoesNotContain(model.Explain().Nodes, n => n.IsStarting);
    }

    [Fact]
    public void Input_SaysWhoMayTakeAndWhatIsFixed()
    {
        members.Add(Member(3) with { Status = MemberStatus.Leaving });
        members.Add(Member(4) with { Roles = NodeRoles.Api });
        members.Add(Member(5)); // never reported
        members.Add(Member(6) with { Status = MemberStatus.Joining });
        owners[0] = Owned(0, by: 1) with { MoveId = 9 };
        owners[3] = Owned(3, by: 99);
        Take([.. Enumerable.Range(1, 4).Select(n => Reading($"n{n}"))], Shards(0, 1, 2));

        BalanceInput input = model.ToInput(new BalanceRules(
            m => m.Incarnation != 2, s => s == 1, s => s == 2 ? new ShardRest(IsResting: true, NotTo: 7) : default));

        Assert.Equal(
            [(1, true, false), (2, false, false), (3, false, true), (5, false, false)], input.Nodes.Select(n => ((int)n.Incarnation, n.MayTake, n.MustGive)));
        Assert.Equal((2.0, 1L << 30), (input.Nodes[3].CpuCores, (long)input.Nodes[3].MemoryBytes));
        Assert.Equal([true, true, false, false], input.Shards.Select(s => s.IsFixed));
        Assert.Equal([null, null, 7L, null], input.Shards.Select(s => s.NotTo));
        Assert.Equal([false, false, true, false], input.Shards.Select(s => s.IsResting));
        Assert.Null(input.Shards[3].Owner); // nobody who lives
    }

    [Fact]
    public void Memory_OfANode_IsItsShardsAndABase()
    {
        Take([Reading("n1") with { MemoryBytes = 1_000 }, Reading("n2")], [new("n1", 0, 0, 0, 5, 300), new("n1", 2, 0, 0, 5, 200)]);

        Assert.Equal(500, Input().Nodes[0].BaseMemory);
        Assert.Equal(0, Input().Nodes[1].BaseMemory);
        Assert.Equal([300.0, 0, 200, 0], Input().Shards.Select(s => s.Memory));
    }

    [Fact]
    public void Explain_SumsWhatEachNodeOwns()
    {
        Take(cpu: s => s == 0 ? 0.3 : 0.1, samples: s => 10 * (s + 1), process: 1);

        LoadPicture picture = model.Explain();

        NodeLoad first = picture.Nodes[0];
        Assert.Equal(("n1", 2, 40.0, 2_000.0, true), (first.Node, first.Shards, first.SamplesPerSecond, first.Series, first.Reports));
        Assert.Equal(0.4 * model.Kappa, first.ShardCores, 1e-9);
        Assert.Equal(1 - (0.4 * model.Kappa), first.BaseCores, 1e-9);
        Assert.Equal(0.5, first.LoadRatio, 1e-9);
        Assert.Equal((0, "n1", true), (picture.Shards[0].ShardId, picture.Shards[0].Node, picture.Shards[0].IsReported));
        Assert.Equal((1.0, 1.5), (picture.Completeness, picture.Kappa));
    }

    private static MemberRow Member(int number) => new(
        number, $"n{number}", $"h:{number}", "", NodeRoles.Aggregator | NodeRoles.Collector, "1", Guid.Empty, MemberStatus.Active, null, 1, 1);

    private static ShardOwner Owned(int shard, long? by, long epoch = 1) => new(shard, epoch, by, null, 1);

    private static NodeReading Reading(string node, double cpu = 1) => new(node, cpu)
    {
        CapacityCores = 2,
        MemoryLimitBytes = 1L << 30,
        MemoryBytes = 0,
        MailboxP99Seconds = 0.01,
    };

    private ShardReading[] Shards(params int[] named) => [.. named.Select(s => Shard(s, _ => 0.2, _ => 0))];

    private static ShardReading Shard(int shard, Func<int, double> cpu, Func<int, double> samples) =>
        new($"n{1 + (shard % 2)}", shard, cpu(shard), samples(shard), 1_000, 1_000 * 2_700);

    private void Take(Func<int, double> cpu, Func<int, double>? samples = null, double process = 1, Func<int, bool>? reported = null) => Take(
        [Reading("n1", process), Reading("n2", process)],
        [.. Enumerable.Range(0, 4).Where(reported ?? (_ => true)).Select(s => Shard(s, cpu, samples ?? (_ => 0)))]);

    private void Take(IReadOnlyList<NodeReading> nodes, IReadOnlyList<ShardReading> shards) =>
        model.Take(new LoadReadings(this, nowMs += 10_000, nodes, shards), members, [.. owners]);

    private BalanceInput Input() => model.ToInput(BalanceRules.None);

    private NodeLoad Node(int incarnation) => model.Explain().Nodes.Single(n => n.Incarnation == incarnation);

    private ShardCost Cost(int shard) => model.Explain().Shards[shard];
}
