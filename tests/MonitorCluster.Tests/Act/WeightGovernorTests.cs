using FsCheck;
using FsCheck.Fluent;
using MonitorCluster.Act;

namespace MonitorCluster.Tests.Act;

public sealed class WeightGovernorTests
{
    private static readonly ActuationPolicy Policy = Policies.Web;

    [Fact]
    public void Law_ModeratelySlow_FollowsTheRatioToThePowerOfThreeTenths()
    {
        Proposal proposal = Settle(Policy, ("a", 0.010), ("b", 0.010), ("c", 0.017));

        // (10 / 17) ^ 0.3 = 0.853
        Assert.Equal(("c", 85), (proposal.Step!.Target.Name, proposal.Step.NewValue));
    }

    [Theory]
    [InlineData(0.014, false)] // 0.904: within the dead band
    [InlineData(0.0145, true)] // 0.895
    public void DeadBand_TenPercent_OfTheWeight(double latency, bool isStep) =>
        Assert.Equal(isStep, Settle(Policy, ("a", 0.010), ("b", 0.010), ("c", latency)).Step is not null);

    [Fact]
    public void Faster_Server_IsRaisedOnlyWhereThePolicyAllows()
    {
        Assert.Null(Settle(Policy, ("a", 0.1), ("b", 0.1), ("c", 0.001)).Step);
        Assert.Equal(125, Settle(Policy with { PercentMax = 200 }, ("a", 0.1), ("b", 0.1), ("c", 0.001)).Step!.NewValue);
    }

    [Fact]
    public void Spike_OfOneWindow_DoesNothing()
    {
        var governor = new WeightGovernor(Policy);
        for (int i = 0; i < 60; i++)
        {
            double c = i % 6 == 5 ? 10 : 0.010;
            TargetReading[] servers = [Policies.Server("a"), Policies.Server("b"), Policies.Server("c")];
            Assert.Null(governor.Propose(Look(i, servers, ("a", 0.010), ("b", 0.010), ("c", c))).Step);
        }
    }

    [Fact]
    public void Coarse_InitialWeight_IsRefusedWithTheRemedy()
    {
        var governor = new WeightGovernor(Policy);
        TargetReading[] servers = [Policies.Server("a", 1, 1), Policies.Server("b", 1, 1), Policies.Server("c", 1, 1)];
        Proposal proposal = null!;
        for (int i = 0; i < 10; i++)
        {
            proposal = governor.Propose(Look(i, servers, ("a", 0.010), ("b", 0.010), ("c", 1)));
        }

        Assert.Null(proposal.Step);
        Assert.Contains("write \"weight 100\"", proposal.Words, StringComparison.Ordinal);
    }

    [Fact]
    public void Capacity_OfWhatIsUp_IsKept()
    {
        // b is at its bound: what c may lose is bounded by what all that are up must keep.
        var governor = new WeightGovernor(Policy);
        TargetReading[] servers = [Policies.Server("a"), Policies.Server("b", 10), Policies.Server("c", 80), Policies.Server("d", isUp: false)];
        Proposal proposal = null!;
        for (int i = 0; i < 10; i++)
        {
            proposal = governor.Propose(Look(i, servers, ("a", 0.010), ("b", 0.010), ("c", 1), ("d", 0.010)) with
            {
                History = ActuationHistory.Empty with { LastSteps = new Dictionary<string, LastStep> { [servers[1].Target] = new(1_000, false) } },
            });
        }

        Assert.True(proposal.IsRefusal);
        Assert.Contains("would leave 58 % of the weight of the servers that are up, at least 60 %", proposal.Words, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void Latency_ThatIsNoNumber_CountsAsMissing(double latency)
    {
        Proposal proposal = Settle(Policy, ("a", 0.010), ("b", latency), ("c", 1));

        Assert.Null(proposal.Step);
        Assert.Contains("of b:", proposal.Words, StringComparison.Ordinal);
    }

    // Whatever the latencies, weights and deaths of servers: every step that is made keeps every rail.
    [Fact]
    public void AnyCourse_EveryStepKeepsTheRails()
    {
        Gen<double[]> latencies = Gen.Elements(0.0, 0.001, 0.01, 0.012, 0.05, 0.5, 20, double.NaN).ArrayOf(4);
        Gen<(double[], bool[], int)[]> course = latencies.Zip(Gen.Elements(true, true, true, false).ArrayOf(4))
            .Zip(Gen.Choose(1, 8), (lu, n) => (lu.Item1, lu.Item2, n)).ArrayOf(12);

        Prop.ForAll(course.ToArbitrary(), phases =>
        {
            foreach (ActuationPolicy policy in (ActuationPolicy[])[Policy, Policy with { PercentMin = 0, CapacityPercentMin = 1, PercentMax = 300 }])
            {
                Run(policy, phases);
            }
        }).QuickCheckThrowOnFailure();
    }

    private static void Run(ActuationPolicy policy, (double[] Latencies, bool[] Up, int Windows)[] phases)
    {
        var governor = new WeightGovernor(policy);
        int[] weights = [100, 100, 40, 256], initial = [100, 100, 40, 256];
        string[] names = ["a", "b", "c", "d"];
        var last = new Dictionary<string, LastStep>();
        int? lastAt = null;
        int at = 0;
        foreach ((double[] latencies, bool[] up, int windows) in phases)
        {
            for (int w = 0; w < windows; w++, at++)
            {
                TargetReading[] servers = [.. names.Select((n, i) => Policies.Server(n, weights[i], initial[i], up[i]))];
                long? since = lastAt is { } before ? (at - before) * 10_000L : null;
                ActuationLook look = Look(at, servers, [.. names.Select((n, i) => (n, latencies[i]))]) with
                {
                    History = new ActuationHistory(since, null, last.ToDictionary(p => p.Key, p => p.Value), 0),
                };
                Proposal proposal = governor.Propose(look);
                Assert.NotEmpty(proposal.Words);
                last = last.ToDictionary(p => p.Key, p => p.Value with { AgeMs = p.Value.AgeMs + 10_000 });
                if (proposal.Step is not { } step)
                {
                    continue;
                }

                int index = Array.IndexOf(names, step.Target.Name);
                Check(policy, servers, index, step.NewValue, since);
                last[step.Target.Target] = new LastStep(10_000, step.NewValue > weights[index]);
                (weights[index], lastAt) = (step.NewValue, at);
            }
        }
    }

    private static void Check(ActuationPolicy policy, TargetReading[] servers, int index, int wanted, long? since)
    {
        TargetReading server = servers[index];
        Assert.True(server.IsUp);
        Assert.NotEqual(server.Value, wanted);
        Assert.InRange(wanted, server.InitialValue * policy.PercentMin / 100, Math.Min(256, server.InitialValue * policy.PercentMax / 100));
        Assert.InRange(wanted, Math.Min(server.Value - 1, server.Value * 0.8) - 0.5, Math.Max(server.Value + 1, server.Value * 1.25) + 0.5);
        Assert.True(since is null or >= 60_000);
        long after = servers.Select((s, i) => (Server: s, Weight: i == index ? wanted : s.Value)).Where(s => s.Server.IsUp).Sum(s => (long)s.Weight);
        Assert.True(after > 0);
        if (wanted < server.Value && wanted < server.InitialValue)
        {
            Assert.True(after * 100 >= servers.Where(s => s.IsUp).Sum(s => (long)s.InitialValue) * policy.CapacityPercentMin);
        }
    }

    private static Proposal Settle(ActuationPolicy policy, params (string Name, double Latency)[] latencies)
    {
        var governor = new WeightGovernor(policy);
        Proposal proposal = null!;
        for (int i = 0; i < 10; i++)
        {
            proposal = governor.Propose(Look(i, [.. latencies.Select(l => Policies.Server(l.Name))], latencies));
        }

        return proposal;
    }

    private static ActuationLook Look(int window, TargetReading[] servers, params (string Name, double Latency)[] latencies) => new(
        TimeSpan.FromSeconds(10 * window), servers, latencies.ToDictionary(l => l.Name, l => l.Latency), 0, null, ActuationHistory.Empty);
}
