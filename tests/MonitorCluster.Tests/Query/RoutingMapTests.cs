using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Node.Admin;
using MonitorCluster.Query;

namespace MonitorCluster.Tests.Query;

public sealed class RoutingMapTests
{
    private readonly RoutingMap map = new("n1");

    [Fact]
    public void IsReachable_NobodySaidYet_IsUnknown()
    {
        Assert.Null(map.IsReachable(2));

        map.Set(new ReachabilityChanged(new Dictionary<long, bool> { [2] = true, [3] = false }));

        Assert.Equal<(bool?, bool?, bool?)>((true, false, null), (map.IsReachable(2), map.IsReachable(3), map.IsReachable(4)));
    }
    private readonly DeterministicDispatcher dispatcher = new(seed: 1);

    [Fact]
    public void Set_OwnerChanges_RemembersTheOneBeforeWhileItMatters()
    {
        map.Set(View(1, new ShardOwner(0, 4, 1, null, 1)));
        Assert.Null(map.Current.Find(0)!.Previous);

        map.Set(View(2, new ShardOwner(0, 4, 1, 2, 2)));
        map.Set(View(3, new ShardOwner(0, 5, 2, null, 3)));
        Assert.Equal((1, 4), (map.Current.Find(0)!.Previous, map.Current.Find(0)!.PreviousEpoch));

        map.Set(View(4, new ShardOwner(0, 5, 2, null, 3)));
        Assert.Equal(1, map.Current.Find(0)!.Previous);

        map.Set(View(5, new ShardOwner(0, 7, 1, null, 5))); // what happened in epoch 6 is not known
        Assert.Null(map.Current.Find(0)!.Previous);
    }

    [Fact]
    public void Set_OlderVersion_ChangesNothing()
    {
        map.Set(View(3, new ShardOwner(0, 2, 2, null, 1)));
        map.Set(View(2, new ShardOwner(0, 1, 1, null, 1)));

        Assert.Equal((3, 2), (map.Current.Version, map.Current.Find(0)!.Owner));
    }

    [Fact]
    public void Self_IsTheLivingRowOfTheName()
    {
        map.Set(new ClusterViewChanged(1, [Member(1, "n1", MemberStatus.Dead), Member(2, "n2"), Member(3, "n1")], []));

        Assert.Equal(3, map.Current.Self!.Incarnation);
        Assert.Equal([2L, 3L], map.Current.Living.Select(m => m.Incarnation));
        Assert.Null(map.Current.LivingMember(1));
        Assert.Null(map.Current.LivingMember(null));
    }

    [Fact]
    public void Wait_NewerVersionOrTime_EndsIt()
    {
        map.Set(View(1));
        dispatcher.Time.CreateTimer(_ => map.Set(View(2)), null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
        DateTimeOffset start = dispatcher.Time.GetUtcNow();

        Assert.Equal(1, Waited(version: 1, seconds: 5));
        Assert.Equal(1, Waited(version: 1, seconds: 5)); // known already
        Assert.Equal(6, Waited(version: 2, seconds: 5));
        Assert.Throws<TaskCanceledException>(() => dispatcher.Run(
            async () =>
            {
                await map.WaitForNewerAsync(9, Timeout.InfiniteTimeSpan, dispatcher.Time, new CancellationToken(canceled: true));
                return 0;
            },
            TimeSpan.FromSeconds(1)));

        double Waited(long version, int seconds) => dispatcher.Run(
            async () =>
            {
                await map.WaitForNewerAsync(version, TimeSpan.FromSeconds(seconds), dispatcher.Time, default);
                return (dispatcher.Time.GetUtcNow() - start).TotalSeconds;
            },
            TimeSpan.FromMinutes(1));
    }

    [Fact]
    public void Changes_BetweenVersions_AreSaidInWords()
    {
        ClusterRoutes before = ClusterRoutes.Empty.Next(
            new ClusterViewChanged(1, [Member(1, "n1"), Member(2, "n2")], [new(0, 1, 1, null, 1), new(1, 1, 1, null, 1), new(2, 1, 2, null, 1)]), "n1");
        ClusterRoutes now = before.Next(
            new ClusterViewChanged(
                2, [Member(1, "n1"), Member(2, "n2", MemberStatus.Dead) with { Reason = "voted" }, Member(3, "n3", MemberStatus.Joining)],
                [new(0, 1, 1, 3, 2), new(1, 1, 1, 3, 2), new(2, 2, 1, null, 2)]),
            "n1");

        Assert.Equal(
            [
                "n2 (n2:1, incarnation 2) is dead: voted", "n3 (n3:1, incarnation 3) is joining", "shards 0-1 move from n1 to n3",
                "shards 2 belong to n1",
            ],
            ClusterChanges.Between(before, now));
        Assert.Empty(ClusterChanges.Between(now, now));
    }

    [Theory]
    [InlineData("", new int[0])]
    [InlineData("0", new[] { 0 })]
    [InlineData("0-2, 5, 7-8", new[] { 7, 2, 0, 1, 5, 8, 7 })]
    public void Ranges_OfShards_AreShort(string text, int[] shards) => Assert.Equal(text, ShardRanges.Format(shards));

    [Fact]
    public void Ranges_TooMany_AreCounted() =>
        Assert.EndsWith(", 36, 38 and 480 more", ShardRanges.Format(Enumerable.Range(0, 500).Select(i => 2 * i)), StringComparison.Ordinal);

    private static ClusterViewChanged View(long version, params ShardOwner[] shards) => new(version, [Member(1, "n1"), Member(2, "n2")], shards);

    private static MemberRow Member(long incarnation, string name, MemberStatus status = MemberStatus.Active) =>
        new(incarnation, name, $"{name}:1", "", NodeRoles.Aggregator, "1", default, status, null, 1, 1);
}
