using System.Globalization;
using MonitorCluster.Cluster.Sharding;
using MonitorCluster.Tests.Layout;

namespace MonitorCluster.Tests.Cluster.Sharding;

public class ShardPlacementTests
{
    /// <summary>The vectors were made with the reference library, libxxhash 0.8.1, not with this program.</summary>
    [Fact]
    public void ShardOf_EveryVector_IsTheReference()
    {
        string[] lines = File.ReadAllLines(Path.Combine(Repository.Root, "tests/MonitorCluster.Tests/Cluster/Sharding/placement.csv"));

        foreach (string line in lines.Skip(1))
        {
            string[] cell = line.Split(',');
            Assert.Equal(
                Number(cell[4]),
                ShardPlacement.ShardOf(cell[0], cell[1], shardCount: Number(cell[2]), metricGroups: Number(cell[3])));
        }

        Assert.Equal(71, lines.Length);
    }

    [Fact]
    public void ShardOf_OneGroup_IgnoresTheMetric() => Assert.Equal(
        ShardPlacement.ShardOf("web-1", "a", 1024, 1),
        ShardPlacement.ShardOf("web-1", "b", 1024, 1));

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 0)]
    public void ShardOf_NoShardsOrGroups_Throws(int shards, int groups) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => ShardPlacement.ShardOf("web-1", "a", shards, groups));

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
