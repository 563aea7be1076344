using MonitorCluster.Cluster.Membership;
using MonitorCluster.Node;

namespace MonitorCluster.Tests.Node;

public sealed class NodeCapacityTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("mc-cgroup-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("max 100000", "max 100000", 4_000)]
    [InlineData("max 100000", "150000 100000", 1_500)]
    [InlineData("50000 100000", "150000 100000", 500)] // the group above has less
    [InlineData("max 100000", "800000 100000", 4_000)] // more than there are
    [InlineData("max 100000", "1 100000", 10)] // the least that a node may have
    [InlineData("nonsense", "0 0", 4_000)]
    [InlineData("", "-1 100000", 4_000)]
    public void Find_WithControlGroups_IsTheLeastOfAllAbove(string outer, string inner, int milli)
    {
        string group = Path.Combine(folder, "system.slice", "mc.service");
        Directory.CreateDirectory(group);
        File.WriteAllText(Path.Combine(folder, "system.slice", "cpu.max"), outer + "\n");
        File.WriteAllText(Path.Combine(group, "cpu.max"), inner + "\n");

        Assert.Equal(milli, Find("0::/system.slice/mc.service\n"));
    }

    [Fact]
    public void Find_AtTheRoot_ReadsTheRoot()
    {
        File.WriteAllText(Path.Combine(folder, "cpu.max"), "250000 100000\n"); // a container sees its own group as the root

        Assert.Equal(2_500, Find("0::/\n"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("4:cpu,cpuacct:/x\n")] // version 1
    public void Find_WithoutControlGroups_IsTheProcessors(string own) => Assert.Equal(4_000, Find(own));

    [Fact]
    public void Find_NoFileAtAll_IsTheProcessors() => Assert.Equal(3_000, NodeCapacity.FindCpuMilli(folder, Path.Combine(folder, "nowhere"), 3));

    [Fact]
    public void Of_OptionSet_IsTheOption()
    {
        Assert.Equal(750, NodeCapacity.Of(new NodeOptions { CpuMilli = 750 }).CpuMilli);
        Assert.InRange(NodeCapacity.Of(new NodeOptions()).CpuMilli, 10, Environment.ProcessorCount * 1_000);
        Assert.True(NodeCapacity.Of(new NodeOptions()).MemoryBytes > 0);
    }

    private int Find(string own)
    {
        string file = Path.Combine(folder, "own");
        File.WriteAllText(file, own);
        return NodeCapacity.FindCpuMilli(folder, file, processors: 4);
    }
}
