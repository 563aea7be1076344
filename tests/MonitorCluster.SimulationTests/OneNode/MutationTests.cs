using System.Globalization;
using Xunit.Abstractions;

namespace MonitorCluster.SimulationTests.OneNode;

/// <summary>The checker checked: each rule of the protocol is broken in turn, and the simulation must find out.</summary>
public sealed class MutationTests(ITestOutputHelper output)
{
    private const int SeedsMax = 400;
    private const int ControlSeeds = 30;

    // The second machine of this world waits eight seconds before it takes a silent one's place, so zombies with something to write are rare: what only
    // they show is shown in the cluster's world.
    public static TheoryData<string> Broken => [.. Enum.GetNames<Mutation>()
        .Except([nameof(Mutation.None), nameof(Mutation.Renumbered), nameof(Mutation.NoFence)])
        .Except([nameof(Mutation.HandOverWithoutLastRow), nameof(Mutation.HandOverBeforeCommit), nameof(Mutation.ReleasedOwnerAccepts)])];

    [Theory]
    [MemberData(nameof(Broken))]
    public void BrokenRule_IsCaught_Within400Seeds(string mutation)
    {
        Mutation broken = Enum.Parse<Mutation>(mutation);
        for (int seed = 1; seed <= SeedsMax; seed++)
        {
            if (Verdict(seed, broken) is { } verdict)
            {
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{mutation}: caught at seed {seed}: {verdict}"));
                return;
            }
        }

        Assert.Fail($"{mutation} is not caught in {SeedsMax} seeds");
    }

    /// <summary>The machinery of two mutations, without a broken rule, must not be caught: else it is the machinery that they catch.</summary>
    [Fact]
    public void Renumbering_ByTheRightRule_IsNotCaught()
    {
        for (int seed = 1; seed <= ControlSeeds; seed++)
        {
            Assert.Null(Verdict(seed, Mutation.Renumbered));
        }
    }

    [Fact]
    public void SameSeed_GivesTheSameRun()
    {
        using var once = new SimWorld(7);
        using var again = new SimWorld(7);
        using var other = new SimWorld(8);

        SimReport report = once.Run();

        Assert.Equal(report, again.Run());
        Assert.NotEqual(report, other.Run());
    }

    private static string? Verdict(int seed, Mutation mutation)
    {
        using var world = new SimWorld(seed, mutation, isJudgedByContent: mutation != Mutation.Renumbered);
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
