using System.Globalization;
using Xunit.Abstractions;

namespace MonitorCluster.SimulationTests.Cluster;

/// <summary>The checker checked on the cluster: each rule of the protocol is broken in turn, and the simulation must find out.</summary>
public sealed class ClusterMutationTests(ITestOutputHelper output)
{
    private const int SeedsMax = 200;
    private const int ControlSeeds = 20;

    public static TheoryData<string> Broken => [.. Enum.GetNames<Mutation>().Except([nameof(Mutation.None), nameof(Mutation.Renumbered)])];

    [Theory]
    [MemberData(nameof(Broken))]
    public void BrokenRule_IsCaught_Within200Seeds(string mutation)
    {
        Mutation broken = Enum.Parse<Mutation>(mutation);
        foreach (int seed in ShortSeeds(SeedsMax))
        {
            if (Verdict(seed, broken) is { } verdict)
            {
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{mutation}: caught at seed {seed}: {verdict}"));
                return;
            }
        }

        Assert.Fail($"{mutation} is not caught by {SeedsMax} seeds: the simulation does not test what it should");
    }

    /// <summary>The machinery of two mutations, without a broken rule, must not be caught: else it is the machinery that they catch.</summary>
    [Fact]
    public void Renumbering_ByTheRightRule_IsNotCaught()
    {
        foreach (int seed in ShortSeeds(ControlSeeds))
        {
            Assert.Null(Verdict(seed, Mutation.Renumbered));
        }
    }

    [Fact]
    public void SameSeed_GivesTheSameRun()
    {
        using var once = new ClusterWorld(7);
        using var again = new ClusterWorld(7);
        using var other = new ClusterWorld(8);

        ClusterReport report = once.Run();

        Assert.Equal(report, again.Run());
        Assert.NotEqual(report, other.Run());
    }

    private static IEnumerable<int> ShortSeeds(int count) => Enumerable.Range(1, int.MaxValue).Where(seed => !ClusterWorld.IsLong(seed)).Take(count);

    private static string? Verdict(int seed, Mutation mutation)
    {
        using var world = new ClusterWorld(seed, mutation, isJudgedByContent: mutation != Mutation.Renumbered);
        try
        {
            world.Run();
            return null;
        }
        catch (SimulationException e)
        {
            return e.Message.Split('\n')[0];
        }
    }
}
