using Microsoft.Extensions.Logging.Abstractions;
using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Cluster.Transport;
using MonitorCluster.Tests.Cluster.Transport;
using static MonitorCluster.Tests.Cluster.Membership.Machines;
using Member = MonitorCluster.Tests.Cluster.Membership.MembershipCluster.Node;

namespace MonitorCluster.Tests.Cluster.Membership;

/// <summary>Membership actors beside each other, on a real store.</summary>
public sealed class MembershipActorTests : IDisposable
{
    private readonly MembershipCluster cluster = new();

    public void Dispose() => cluster.Dispose();

    [Fact]
    public void Start_Alone_OwnsEverythingInNoVirtualTime()
    {
        Member node = cluster.Start(1);

        Assert.Equal(0, cluster.Now);
        Assert.Equal(12, node.View.ShardOwners.Count(shard => shard.Owner == node.Incarnation));
    }

    [Fact]
    public void Running_TenSecondsAlone_BeatsEverySecondAndSaysNothing()
    {
        Member node = cluster.Start(1);
        node.Published.RemoveAll(message => message is ClusterViewChanged);

        cluster.Advance(10.5);

        Assert.Equal(10, cluster.Row(node).HeartbeatSeq);
        Assert.IsType<MembershipReady>(Assert.Single(node.Published, message => message is not HeartbeatTaken));
    }

    [Fact]
    public void Start_SeedIsAnotherNameOfTheNode_OwnsEverything()
    {
        // With the real handshake: only that notices whom a name leads to.
        MemoryNetworks networks = new();
        Member node = cluster.Start(1, "localhost:9601", plug: (system, self) =>
        {
            MemoryNetworks.MemoryNetwork network = networks.Start(self.Address);
            networks.Name("localhost:9601", self.Address);
            return system.ActorOf(PeersActor.Props(
                network, self, "default", "", system.TimeProvider, new Random(1), new TransportStatistics(), NullLogger<PeersActor>.Instance));
        });
        cluster.Advance(1);

        Assert.True(node.IsReady);
        Assert.Equal(12, cluster.Owned(node));
    }

    [Fact]
    public void Restart_SameDataDirectory_TakesEverythingAtOnce()
    {
        Member first = cluster.Start(1);
        first.Kill();

        Member second = cluster.Start(1);

        Assert.Equal(0, cluster.Now);
        Assert.Equal(12, cluster.Owned(second));
        Assert.All(second.View.ShardOwners, shard => Assert.Equal(2, shard.Epoch));
    }

    [Fact]
    public void Start_ThreeNodesWithTheSameSeeds_AreOneCluster()
    {
        List<Member> nodes = StartThree();

        Assert.Equal(3, nodes[0].View.Members.Count(member => member.Status == MemberStatus.Active));
        Assert.All(nodes, node => Assert.Equal(nodes[0].View.Version, node.View.Version));
        Assert.Equal([4, 4, 4], nodes.ConvertAll(cluster.Owned));
    }

    [Fact]
    public void Kill_OneOfThree_ItsShardsHaveNewOwnersInTwoSeconds()
    {
        List<Member> nodes = StartThree();
        nodes[1].Kill();

        double took = cluster.Until(() => cluster.Hand.ShardOwners(0).Shards.All(shard => shard.Owner != nodes[1].Incarnation), 20);

        Assert.InRange(took, 0, 2);
        Assert.StartsWith("unreachable", cluster.Row(nodes[1]).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Kill_TheController_ItsShardsHaveNewOwnersInThreeSeconds()
    {
        List<Member> nodes = StartThree();
        nodes[0].Kill();

        double took = cluster.Until(() => cluster.Hand.ShardOwners(0).Shards.All(shard => shard.Owner != nodes[0].Incarnation), 20);

        Assert.InRange(took, 0, 3);
    }

    [Fact]
    public void Kill_TwoOfThree_TheLastOneOwnsEverythingWithinTwentySeconds()
    {
        List<Member> nodes = StartThree();
        nodes[0].Kill();
        nodes[1].Kill();

        double took = cluster.Until(() => cluster.Owned(nodes[2]) == 12, 30);

        Assert.InRange(took, 14, 20);
    }

    [Fact]
    public void Stop_OneOfThreeSilently_IsVotedDeadInFiveSeconds()
    {
        List<Member> nodes = StartThree();
        Silence(nodes[1], nodes); // as SIGSTOP: connections stay open, nothing answers
        nodes[1].Stop();

        double took = cluster.Until(() => cluster.Row(nodes[1]).Status == MemberStatus.Dead, 20);

        Assert.InRange(took, 0, 6);
    }

    [Fact]
    public void Partition_BetweenTwoOfThree_EndsOneAfterTwoMinutesNotBefore()
    {
        List<Member> nodes = StartThree();
        cluster.Network.Cuts.Add((nodes[1].Address, nodes[2].Address));

        cluster.Advance(115);
        Assert.All(nodes, node => Assert.Equal(MemberStatus.Active, cluster.Row(node).Status));
        cluster.Advance(30);

        Assert.True(nodes[2].IsEvicted);
        Assert.StartsWith("partial partition", cluster.Row(nodes[2]).Reason, StringComparison.Ordinal);
        Assert.All(nodes[..2], node => Assert.Equal(MemberStatus.Active, cluster.Row(node).Status));
    }

    [Fact]
    public void Database_AwayForAMinute_EvictsNobodyAndEverythingGoesOn()
    {
        List<Member> nodes = StartThree();
        nodes.ForEach(node => node.Store.Before = _ => throw new IOException("away"));
        cluster.Advance(60);
        nodes.ForEach(node => node.Store.Before = _ => { });

        cluster.Advance(20);

        Assert.All(nodes, node => Assert.Equal(MemberStatus.Active, cluster.Row(node).Status));
        Member fourth = cluster.Start(4, Address(1));
        cluster.Until(() => fourth.IsReady, 5);
    }

    [Fact]
    public void Database_AwayForOneNode_ThatOneIsEvictedAfterFifteenSeconds()
    {
        List<Member> nodes = StartThree();
        nodes[1].Store.Before = _ => throw new IOException("away");

        double took = cluster.Until(() => cluster.Row(nodes[1]).Status == MemberStatus.Dead, 30);

        Assert.InRange(took, 14, 18);
        Assert.Equal("db-stalled", cluster.Row(nodes[1]).Reason);
        nodes[1].Store.Before = _ => { };
        cluster.Until(() => nodes[1].IsEvicted, 2);
    }

    [Fact]
    public void Add_FourthNode_IsFilledAfterItHasSettled()
    {
        List<Member> nodes = StartThree();
        Member fourth = cluster.Start(4, Address(1));
        cluster.Until(() => fourth.IsReady, 2);

        cluster.Advance(15);
        Assert.Equal(0, cluster.Owned(fourth));
        cluster.Advance(10);

        Assert.Equal(3, cluster.Owned(fourth));
        Assert.All(nodes, node => Assert.Equal(3, cluster.Owned(node)));
    }

    [Fact]
    public void Leave_OneOfThree_IsDrainedBeforeItGoes()
    {
        List<Member> nodes = StartThree();

        nodes[0].Tell(new LeaveCluster());
        double took = cluster.Until(() => nodes[0].Answers.Count > 0, 40);

        Assert.InRange(took, 0, 3);
        Assert.Equal([new ShardsDrained(true)], nodes[0].Answers);
        Assert.Equal([6, 6], nodes[1..].ConvertAll(cluster.Owned));
        nodes[0].Tell(new LeaveNow());
        cluster.Until(() => nodes[0].Answers.Count > 1, 1);
        Assert.Equal(new MembershipLeft(true), nodes[0].Answers[1]);
        Assert.Equal((MemberStatus.Dead, "left"), (cluster.Row(nodes[0]).Status, cluster.Row(nodes[0]).Reason));
    }

    [Fact]
    public void Leave_Alone_TakesNoVirtualTimeAndTheShardsWait()
    {
        Member node = cluster.Start(1);

        node.Tell(new LeaveCluster());
        node.Tell(new LeaveNow());
        cluster.Advance(0);

        Assert.Contains(new ShardsDrained(false), node.Answers);
        Assert.Contains(new MembershipLeft(true), node.Answers);
        Assert.Equal(12, cluster.Owned(node)); // they wait for the next start
    }

    [Fact]
    public void Join_WrongToken_IsRefused()
    {
        StartThree();
        cluster.Network.WrongTokens.Add(Address(4));

        Member fourth = cluster.Start(4, Address(1));

        Assert.Contains("token", Assert.Single(Refusal(fourth).Reasons), StringComparison.Ordinal);
        Assert.False(Refusal(fourth).MayRetry);
    }

    [Fact]
    public void Join_OtherShardCount_IsRefused()
    {
        StartThree();

        Member fourth = cluster.Start(4, Address(1), shards: 64);

        Assert.Contains(Refusal(fourth).Reasons, reason => reason.Contains("shard_count", StringComparison.Ordinal));
    }

    [Fact]
    public void Join_NameInUse_IsRefusedAfterEightSeconds()
    {
        StartThree();

        Member fourth = cluster.Start(4, Address(1), name: "n2");
        Assert.DoesNotContain(fourth.Published, message => message is MembershipRefused);
        cluster.Until(() => fourth.Published.Exists(message => message is MembershipRefused), 9);

        Assert.StartsWith("Node:Name 'n2' is in use", Assert.Single(Refusal(fourth).Reasons), StringComparison.Ordinal);
    }

    [Fact]
    public void Join_NameOfAKilledNode_TakesItsPlace()
    {
        List<Member> nodes = StartThree();
        nodes[1].Kill();

        Member again = cluster.Start(4, Address(1), name: "n2");
        cluster.Until(() => again.IsReady, 10);

        Assert.Equal(MemberStatus.Dead, cluster.Row(nodes[1]).Status);
    }

    [Fact]
    public void Join_NoSeedsBesideALivingCluster_IsRefusedNamingTheSeed()
    {
        StartThree();

        Member fourth = cluster.Start(4);
        cluster.Until(() => fourth.Published.Exists(message => message is MembershipRefused), 9);

        Assert.Contains(Refusal(fourth).Reasons, reason => reason.EndsWith($"Set Cluster:Seeds={Address(1)} to join it.", StringComparison.Ordinal));
    }

    [Fact]
    public void Join_OneMemberCannotReachIt_GivesUpAndSaysWhich()
    {
        List<Member> nodes = StartThree();
        cluster.Network.Cuts.Add((nodes[2].Address, Address(4)));

        Member fourth = cluster.Start(4, Address(1));
        cluster.Until(() => fourth.Published.Exists(message => message is MembershipRefused), 33);

        Assert.True(Refusal(fourth).MayRetry);
        Assert.Contains("n3 at", Assert.Single(Refusal(fourth).Reasons), StringComparison.Ordinal);
        MemberRow row = cluster.Hand.Members().Single(member => member.NodeName == "n4");
        Assert.Equal(MemberStatus.Dead, row.Status);
        Assert.StartsWith("join: ", row.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void MoveShard_AskedOfAnyNode_IsDone()
    {
        List<Member> nodes = StartThree();
        int shard = nodes[0].View.ShardOwners.First(one => one.Owner == nodes[0].Incarnation).ShardId;

        nodes[2].Tell(new MoveShard(shard, "n2"));
        double took = cluster.Until(() => nodes[2].Answers.Count > 0, 10);

        Assert.True(Assert.IsType<OperationResult>(nodes[2].Answers[0]).IsDone, nodes[2].Answers[0].ToString());
        cluster.Advance(0.1);
        Assert.InRange(took, 0, 0.1); // the news travel at once, nobody waits for a poll
        Assert.All(nodes, node => Assert.Equal(nodes[1].Incarnation, node.View.ShardOwners[shard].Owner));
    }

    [Fact]
    public void AskToLeave_AnotherNode_IsPublishedThere()
    {
        List<Member> nodes = StartThree();

        nodes[2].Tell(new AskToLeave("n1"));
        cluster.Advance(0);

        Assert.Contains(new LeaveRequested("n3"), nodes[0].Published);
    }

    [Fact]
    public void DeclareDead_ALivingMember_IsEvictedAndItsShardsAreTaken()
    {
        List<Member> nodes = StartThree();

        nodes[2].Tell(new DeclareDead("n2"));
        cluster.Until(() => nodes[1].IsEvicted, 2);

        Assert.True(Assert.IsType<OperationResult>(Assert.Single(nodes[2].Answers)).IsDone);
        Assert.Equal("declared dead by an operator at n3", cluster.Row(nodes[1]).Reason);
        Assert.Equal(0, cluster.Owned(nodes[1]));
    }

    [Fact]
    public void Alerts_WrittenByOneNode_AreSeenByAllAtOnce()
    {
        List<Member> nodes = StartThree();

        cluster.WriteAlerts(41);
        nodes[1].Tell(new TellNews(41));
        cluster.Advance(0);

        Assert.All(nodes, node => Assert.Contains(new AlertsSeen(41), node.Published));
    }

    [Fact]
    public void Move_OwnerIsSilent_IsCancelledAfterThirtySeconds()
    {
        List<Member> nodes = StartThree();
        nodes[0].HandsOver = false;
        int shard = nodes[0].View.ShardOwners.First(one => one.Owner == nodes[0].Incarnation).ShardId;

        nodes[0].Tell(new MoveShard(shard, "n2"));
        double took = cluster.Until(() => nodes[0].Answers.Count > 0, 40);

        Assert.InRange(took, 29, 32);
        Assert.Equal(new ShardOwner(shard, 1, nodes[0].Incarnation, null, 0), cluster.Hand.ShardOwners(0).Shards[shard] with { Version = 0 });
    }

    private static MembershipRefused Refusal(Member node) => node.Published.OfType<MembershipRefused>().Single();

    /// <summary>Three nodes that name each other as seeds, at rest: everybody owns a third.</summary>
    private List<Member> StartThree()
    {
        string seeds = $"{Address(1)},{Address(2)},{Address(3)}";
        List<Member> nodes = [cluster.Start(1, seeds), cluster.Start(2, seeds), cluster.Start(3, seeds)];
        cluster.Until(() => nodes.TrueForAll(node => node.IsReady), 5);
        cluster.Until(() => nodes.TrueForAll(node => cluster.Owned(node) == 4), 40);
        cluster.Advance(1.3);
        return nodes;
    }

    private void Silence(Member node, IEnumerable<Member> others)
    {
        foreach (Member other in others.Where(other => other != node))
        {
            cluster.Network.Cuts.Add((other.Address, node.Address));
            cluster.Network.Cuts.Add((node.Address, other.Address));
        }
    }
}
