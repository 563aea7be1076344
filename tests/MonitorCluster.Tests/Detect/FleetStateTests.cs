using FsCheck;
using FsCheck.Fluent;
using MonitorCluster.Alert;

namespace MonitorCluster.Tests.Detect;

/// <summary>Incidents of the fleet: what opens them, what belongs to them, whom they tell how often, and when they are over.</summary>
public class FleetStateTests
{
    private const string Cpu = "node_cpu_seconds_total";
    private const string Load = "node_load1";
    private const string Errors = "http_errors_total";

    [Fact]
    public void Deploy_OnTwentyOfFortyHosts_IsOneIncidentToldOnceAndOver()
    {
        var world = new FleetWorld(40);
        world.Look(400, world.Signals(Cpu, []), world.Signals(Load, []));
        long beganMs = world.NowMs;
        for (int hosts = 2; hosts <= 20; hosts += 2) // the deploy goes round
        {
            world.Look(3, world.Signals(Cpu, Range(hosts), beganMs), world.Signals(Load, Range(hosts / 2), beganMs + 60_000));
        }

        AlertRecord open = Assert.Single(world.Open);
        Assert.Equal((AlertKind.Incident, AlertSeverity.Critical, null, "fleet"), (open.Kind, open.Severity, open.Host, open.Channel));
        Assert.Equal([Cpu, Load], open.Members.Select(m => m.Labels.Metric));
        Assert.Equal("cpu time is unusual on 20 of 40 hosts: web-000, web-001, web-002 ...", open.Members[0].Reason);
        Assert.Equal($"{open.Members[0].Reason}; also load (2 metrics)", open.Summary.Replace("load average", "load", StringComparison.Ordinal));
        Assert.Equal(beganMs, open.StartsAtMs);
        Assert.Equal((20.0, 2), (open.Value, open.MemberCount));
        Assert.Single(world.Told);

        world.Look(3, world.Signals(Cpu, []), world.Signals(Load, []));

        Assert.Empty(world.Open);
        Assert.Equal([AlertStatus.Firing, AlertStatus.Resolved], world.Told.Select(a => a.Status));
        Assert.Single(world.Log.Select(a => a.Id).Distinct());
        Assert.EndsWith($"it was: {open.Summary}", world.Told[1].Summary, StringComparison.Ordinal);
        Assert.All(world.Told[1].Members, m => Assert.False(m.IsOn));
    }

    [Theory]
    [InlineData(40, 2, false)] // fewer than three
    [InlineData(40, 3, false)] // fewer than one in ten
    [InlineData(40, 5, true)]
    [InlineData(3, 3, true)]
    public void Bar_HostsThatItTakes(int hosts, int on, bool isIncident)
    {
        var world = new FleetWorld(hosts);
        world.Look(400, world.Signals(Load, []));

        world.Look(10, world.Signals(Load, Range(on)));

        Assert.Equal(isIncident, world.Open.Count == 1);
    }

    [Fact]
    public void OneLook_IsNoIncident()
    {
        var world = new FleetWorld(40);
        world.Look(400, world.Signals(Load, []));
        world.Look(1, world.Signals(Load, Range(20)));
        world.Look(1, world.Signals(Load, []));
        world.Look(1, world.Signals(Load, Range(20)));
        world.Look(1, world.Signals(Load, []));

        Assert.Empty(world.Log);
    }

    [Fact]
    public void BusyHosts_AreTheUsual_AndAreNotMoreThanThat()
    {
        var world = new FleetWorld(20);
        for (int i = 0; i < 2_000; i++)
        {
            world.Look(1, world.Signals(Load, [.. Range(3).Where(h => ((i / 30) + h) % 4 != 0)], FleetWorld.Start - 3_600_000));
        }

        Assert.Empty(world.Log);
        world.Look(10, world.Signals(Load, Range(12)));
        Assert.Single(world.Open);
    }

    [Fact]
    public void TwoMetrics_WithTheSameHosts_AreOneIncident_WithOthersTwo()
    {
        var world = new FleetWorld(40);
        world.Look(400, world.Signals(Cpu, []), world.Signals(Load, []), world.Signals(Errors, []));

        world.Look(5, world.Signals(Cpu, Range(8)), world.Signals(Load, Range(8, from: 5)), world.Signals(Errors, Range(8, from: 30)));

        Assert.Equal(2, world.Open.Count);
        Assert.Equal([Errors, $"{Cpu} {Load}"], world.Open.Select(a => string.Join(' ', a.Members.Select(m => m.Labels.Metric).Order())).Order());
        Assert.Equal(2, world.Told.Count);
    }

    [Fact]
    public void TwoIncidents_WhoseHostsBecomeTheSame_AreTheOlderOneFromThenOn()
    {
        var world = new FleetWorld(40);
        world.Look(400, world.Signals(Cpu, []), world.Signals(Errors, []));
        world.Look(5, world.Signals(Cpu, Range(8)), world.Signals(Errors, []));
        world.Look(5, world.Signals(Cpu, Range(8)), world.Signals(Errors, Range(8, from: 30)));
        string older = world.Open[0].Id;
        Assert.Equal(2, world.Open.Count);

        world.Look(5, world.Signals(Cpu, Range(20)), world.Signals(Errors, Range(20, from: 10)));

        Assert.Equal(older, Assert.Single(world.Open).Id);
        Assert.Equal([Cpu, Errors], world.Open[0].Members.Select(m => m.Labels.Metric).Order(StringComparer.Ordinal).Reverse());
        Assert.Contains($"belongs to incident {older}", world.Log.Single(a => a.Status == AlertStatus.Resolved).Summary, StringComparison.Ordinal);
    }

    [Fact]
    public void LaterMembers_TellNobody_AndWritesTheLogOnlyWhenItBecomesCritical()
    {
        var world = new FleetWorld(40);
        world.Look(400, world.Signals(Cpu, []), world.Signals(Load, []));
        world.Look(3, world.Signals(Cpu, Range(8)), world.Signals(Load, []));
        world.Look(3, world.Signals(Cpu, Range(8)), world.Signals(Load, Range(9)));
        Assert.Single(world.Log);
        world.Look(3, world.Signals(Cpu, Range(8)), world.Signals(Load, Range(30)));

        Assert.Equal([(AlertSeverity.Warning, true), (AlertSeverity.Critical, false)], world.Log.Select(a => (a.Severity, a.Notify)));
        Assert.True(world.Open.Single().Notify); // who was told that it began will be told that it is over
    }

    [Fact]
    public void Reopened_WithinMinutesOnTheSameHosts_TellsNobody()
    {
        var world = new FleetWorld(40);
        world.Look(400, world.Signals(Cpu, []));
        world.Look(5, world.Signals(Cpu, Range(8)));
        world.Look(10, world.Signals(Cpu, []));
        world.Look(5, world.Signals(Cpu, Range(8, from: 4)));
        world.Look(10, world.Signals(Cpu, []));
        world.Look(5, world.Signals(Cpu, Range(8, from: 25)));

        Assert.Equal([true, true, false, false, true], world.Log.Select(a => a.Notify));
        Assert.Equal(3, world.Log.Select(a => a.Id).Distinct().Count());
    }

    [Fact]
    public void NewHolder_GoesOnWithWhatIsOpen()
    {
        var world = new FleetWorld(40);
        world.Look(400, world.Signals(Cpu, []));
        world.Look(5, world.Signals(Cpu, Range(12)));
        world.FailOver();
        world.Look(5, world.Signals(Cpu, Range(14)), world.Signals(Load, Range(14)));
        world.FailOver();
        world.Look(2, world.Signals(Cpu, []), world.Signals(Load, []));
        Assert.Equal([Cpu, Load], Assert.Single(world.Open).Members.Select(m => m.Labels.Metric));
        world.Look(1, world.Signals(Cpu, []), world.Signals(Load, []));

        Assert.Equal([AlertStatus.Firing, AlertStatus.Resolved], world.Log.Select(a => a.Status));
    }

    [Fact]
    public void NewHolder_FindsAFaultThatTookTheOldOne()
    {
        var world = new FleetWorld(40);
        world.Look(5, world.Signals(Cpu, Range(20)));

        Assert.Single(world.Told);
    }

    [Fact]
    public void NotWritten_IsDecidedAgain()
    {
        var world = new FleetWorld(40);
        world.Look(400, world.Signals(Cpu, []));
        world.IsStoreLost = true;
        world.Look(5, world.Signals(Cpu, Range(12)));
        world.IsStoreLost = false;
        world.Look(5, world.Signals(Cpu, Range(12)));
        Assert.Single(world.Log);
        world.IsStoreLost = true;
        world.Look(5, world.Signals(Cpu, []));
        world.IsStoreLost = false;
        world.Look(1, world.Signals(Cpu, []));

        Assert.Equal([AlertStatus.Firing, AlertStatus.Resolved], world.Told.Select(a => a.Status));
    }

    [Fact]
    public void Acknowledged_StaysSoUntilItIsOver()
    {
        var world = new FleetWorld(40);
        world.Look(400, world.Signals(Cpu, []));
        world.Look(3, world.Signals(Cpu, Range(8)));
        world.Acknowledge(world.Open[0].Id);
        world.Look(3, world.Signals(Cpu, Range(30)));

        AlertRecord open = Assert.Single(world.Open);
        Assert.Equal((AlertStatus.Acknowledged, "ann", AlertSeverity.Critical), (open.Status, open.AcknowledgedBy, open.Severity));
    }

    [Fact]
    public void MissingShards_DoNotSayThatItIsOver()
    {
        var world = new FleetWorld(40);
        world.Look(400, world.Signals(Cpu, []));
        world.Look(3, world.Signals(Cpu, Range(8)));
        world.Look(30, isPart: true);
        Assert.Single(world.Open);
        world.Look(3, world.Signals(Cpu, []));
        Assert.Empty(world.Open);
    }

    [Fact]
    public void LastingChange_IsTheUsualInTheEnd()
    {
        var world = new FleetWorld(40);
        world.Look(400, world.Signals(Cpu, []));
        world.Look(8 * 360, world.Signals(Cpu, Range(12)));

        Assert.Equal([AlertStatus.Firing, AlertStatus.Resolved], world.Log.Select(a => a.Status));
    }

    // Whatever happens: an id opens once and ends once, an open one is over when all is calm, and no two open ones have the same hosts.
    [Fact]
    public void Any_Story_HasNoTwoIncidentsOfTheSameHosts()
    {
        var step = from metric in Gen.Choose(0, 3)
                   from count in Gen.Choose(0, 30)
                   from first in Gen.Choose(0, 39)
                   from what in Gen.Choose(0, 9)
                   select (metric, count, first, what);
        Prop.ForAll(step.ListOf(40).ToArbitrary(), story =>
        {
            var world = new FleetWorld(40);
            var on = new int[4][];
            Array.Fill(on, []);
            foreach ((int metric, int count, int first, int what) in story)
            {
                on[metric] = [.. Enumerable.Range(first, count < 5 ? 0 : count).Select(h => h % 40)];
                world.IsStoreLost = what == 0;
                if (what == 1)
                {
                    world.FailOver();
                }

                Look(2);
                if (!world.IsStoreLost)
                {
                    CheckHosts();
                }
            }

            world.IsStoreLost = false;
            Array.Fill(on, []);
            Look(4);
            Assert.Empty(world.Open);
            foreach (IGrouping<string, AlertRecord> life in world.Log.GroupBy(a => a.Id))
            {
                Assert.Equal(AlertStatus.Resolved, life.Last().Status);
                Assert.Single(life, a => a.Status == AlertStatus.Resolved);
                Assert.InRange(life.Count(a => a.Notify), 0, 2);
            }

            void Look(int times) => world.Look(times, [.. on.Select((hosts, m) => world.Signals($"m{m}", hosts))]);

            void CheckHosts()
            {
                HashSet<int>[] open =
                [
                    .. world.Open.Select(a => a.Members.Where(m => m.IsOn).SelectMany(m => on[m.Labels.Metric[1] - '0']).ToHashSet()),
                ];
                for (int a = 0; a < open.Length; a++)
                {
                    for (int b = a + 1; b < open.Length; b++)
                    {
                        Assert.True(open[a].Intersect(open[b]).Count() <= 0.3 * Math.Min(open[a].Count, open[b].Count), "two incidents of the same hosts");
                    }
                }
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(200));
    }

    private static int[] Range(int count, int from = 0) => [.. Enumerable.Range(from, count)];
}
