using MonitorCluster.Cluster.Sharding.Balance;

namespace MonitorCluster.Tests.Cluster.Sharding.Balance;

public class BalanceTriggerTests
{
    private readonly BalanceTrigger trigger = new(new TriggerLimits());

    [Theory]
    [InlineData(2.8, 1)]
    [InlineData(1.25, 6)]
    [InlineData(1.4, 3)]
    public void Observe_Imbalance_AsksForAPlanAfterSoManyWindows(double imbalance, int windows)
    {
        for (int window = 1; window < windows; window++)
        {
            Assert.Null(trigger.Observe(imbalance, Nodes(0.5)).Goal);
        }

        Assert.Equal(BalanceGoal.Balance, trigger.Observe(imbalance, Nodes(0.5)).Goal);
    }

    [Fact]
    public void Observe_JustOverTheAllowed_AsksOnlyAfterTenMinutesWithoutABreak()
    {
        for (int window = 0; window < 59; window++)
        {
            Assert.Null(trigger.Observe(1.16, Nodes(0.5)).Goal);
        }

        trigger.Observe(1.05, Nodes(0.5));
        Assert.Null(trigger.Observe(1.16, Nodes(0.5)).Goal);
    }

    [Fact]
    public void Observe_WithinTheAllowed_NeverAsks()
    {
        for (int window = 0; window < 10_000; window++)
        {
            Assert.Null(trigger.Observe(1.149, Nodes(0.5)).Goal);
        }
    }

    [Fact]
    public void Observe_IdleCluster_IsLetBeUntilANodeWorks()
    {
        for (int window = 0; window < 100; window++)
        {
            Assert.Null(trigger.Observe(3, Nodes(0.3)).Goal);
        }

        Assert.Contains("no node uses more than 0.30", trigger.Observe(3, Nodes(0.3)).Reason, StringComparison.Ordinal);
        Assert.NotNull(trigger.Observe(3, Nodes(0.31)).Goal);
    }

    [Fact]
    public void Planned_BeginsAnew()
    {
        trigger.Observe(2.8, Nodes(0.5));
        trigger.Planned();

        Assert.Equal(0, trigger.Sum);
        Assert.Null(trigger.Observe(1.25, Nodes(0.5)).Goal);
    }

    [Fact]
    public void Observe_AfterABadHour_ForgetsInMinutes()
    {
        for (int window = 0; window < 360; window++)
        {
            trigger.Observe(3, Nodes(0.2));
        }

        for (int window = 0; window < 12; window++)
        {
            trigger.Observe(1.05, Nodes(0.2));
        }

        Assert.True(trigger.Sum < 0.01);
    }

    [Theory]
    [InlineData(0.95, 10)]
    [InlineData(0.2, 600)]
    public void Observe_NodeNeedsHelpForThreeWindows_AsksForItAlone(double cpu, int delayMs)
    {
        NodeWindow[] nodes = [.. Nodes(0.2, 0.1), Window(3, cpu, delayMs)];
        Assert.Null(trigger.Observe(1, nodes).Goal);
        Assert.Null(trigger.Observe(1, nodes).Goal);
        Assert.Equal(BalanceGoal.Urgent(3), trigger.Observe(1, nodes).Goal);

        trigger.Planned();
        trigger.Observe(1, nodes);
        trigger.Observe(1, Nodes(0.2, 0.1, 0.2)); // a break
        Assert.Null(trigger.Observe(1, nodes).Goal);
    }

    [Fact]
    public void Observe_NodeNeedsHelpAndLoadIsUnevenAnyhow_AsksForAPlanOfAll()
    {
        NodeWindow[] nodes = [.. Nodes(0.2, 0.1), Window(3, 0.95, 10)];
        Assert.Equal(BalanceGoal.Balance, trigger.Observe(1.9, nodes).Goal);
        trigger.Observe(1.9, nodes);

        Assert.Equal(BalanceGoal.Balance, trigger.Observe(1.9, nodes).Goal); // it relieves that one as well, and by more than five shards
    }

    [Theory]
    [InlineData(BalanceAim.Balance, 1.25, false)]
    [InlineData(BalanceAim.Balance, 1.26, true)]
    [InlineData(BalanceAim.Urgent, 1.0, true)]
    public void IsHurried_UrgentOrBad(BalanceAim aim, double imbalance, bool isHurried) =>
        Assert.Equal(isHurried, BalanceTrigger.IsHurried(new BalanceGoal(aim, null), imbalance));

    [Fact]
    public void Observe_NewNodeOfAnIdleCluster_AsksUntilAPlanWasMade()
    {
        NodeWindow[] old = [Window(1, 0.01, 0, shards: 6), Window(2, 0.01, 0, shards: 6)];
        Assert.Null(trigger.Observe(1, old).Goal);
        Assert.Null(trigger.Observe(1, [.. old, Window(3, 0.01, 0, shards: 0, mayTake: false)]).Goal);

        Assert.Equal(BalanceGoal.Balance, trigger.Observe(1, [.. old, Window(3, 0.01, 0, shards: 0)]).Goal);
        Assert.Equal(BalanceGoal.Balance, trigger.Observe(1, [.. old, Window(3, 0.01, 0, shards: 0)]).Goal);
        trigger.Planned();
        Assert.Null(trigger.Observe(1, [.. old, Window(3, 0.01, 0, shards: 0)]).Goal);
    }

    private static NodeWindow[] Nodes(params double[] cpu) => [.. cpu.Select((share, node) => Window(node + 1, share, 10))];

    private static NodeWindow Window(long node, double cpu, int delayMs, int shards = 4, bool mayTake = true) =>
        new(node, $"n{node}", cpu, TimeSpan.FromMilliseconds(delayMs), shards, mayTake);
}
