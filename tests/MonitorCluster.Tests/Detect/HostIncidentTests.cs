using MonitorCluster.Alert;
using MonitorCluster.Detect;
using MonitorCluster.TimeSeries.Detectors;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Tests.Detect;

/// <summary>Incidents of whole hosts: what opens them, what they say, whom they tell how often, and what people say back.</summary>
public class HostIncidentTests
{
    private const int Quiet = 400;
    private const string Host = "web-1";

    [Fact]
    public void Opened_SeveralMetricsAtOnce_OneNotificationNamesTheCauseFirst()
    {
        var world = new World(Host);
        world.Run(Quiet);
        world.Run(60, cpu: 0.95, pressure: 0.7, load: 6);
        world.Run(60);

        AlertRecord opened = Assert.Single(world.Told, a => a.Status == AlertStatus.Firing);
        Assert.Equal((AlertKind.Incident, Host, "host"), (opened.Kind, opened.Host, opened.Channel));
        Assert.InRange(opened.StartsAtMs, World.At(Quiet), World.At(Quiet + 5));
        Assert.StartsWith(opened.Members[0].Reason, opened.Summary, StringComparison.Ordinal);
        Assert.Contains(
            world.Log.SelectMany(a => a.Members), m => m.Reason.StartsWith("cpu time (mode user) on web-1 was 0.95/s, expected", StringComparison.Ordinal));
        AlertRecord over = Assert.Single(world.Told, a => a.Status == AlertStatus.Resolved);
        Assert.Equal(opened.Id, over.Id);
        Assert.True(over.MemberCount >= 3);
        Assert.Equal(3, over.Members.Take(3).Select(m => m.Labels.Metric).Distinct().Count());
        Assert.Empty(world.Detection.Book.Open());
    }

    [Fact]
    public void Members_WorthALineOfTheirOwn_AreInTheLogAndTellNobody()
    {
        var world = new World(Host);
        world.Run(Quiet);
        world.Run(60, cpu: 0.95);
        world.Run(60);

        AlertRecord incident = world.Log.First(a => a.Kind == AlertKind.Incident);
        AlertRecord anomaly = world.Log.First(a => a.Kind == AlertKind.Anomaly);
        Assert.Equal((incident.Id, false, "node_cpu_seconds_total"), (anomaly.Incident, anomaly.Notify, anomaly.Metric));
        Assert.Contains(world.Log, a => a.Id == anomaly.Id && a.Status == AlertStatus.Resolved);
    }

    [Fact]
    public void OneStepOfOneSeries_IsNoIncident()
    {
        var world = new World(Host);
        world.Run(Quiet);
        world.Run(1, cpu: 0.95);
        world.Run(120);

        Assert.Empty(world.Log);
        Assert.NotEmpty(world.Scores); // a signal all the same: stored, counted, told to nobody
    }

    [Theory]
    [InlineData("checkout", AlertSeverity.Critical)]
    [InlineData("", AlertSeverity.Warning)]
    public void Objective_Unusual_IsCritical(string objective, AlertSeverity severity)
    {
        var world = new World(Host, objective);
        world.Run(Quiet);
        world.Run(30, load: 1.4);

        Assert.Equal(severity, Assert.Single(world.Told).Severity);
    }

    [Fact]
    public void Flapping_WithinTheHold_TellsOnce()
    {
        var world = new World(Host);
        world.Run(Quiet);
        for (int i = 0; i < 5; i++)
        {
            world.Run(12, cpu: 0.95, pressure: 0.7, load: 6);
            world.Run(25);
        }

        Assert.Single(world.Told, a => a.Status == AlertStatus.Firing);
    }

    [Fact]
    public void LastingShift_ThreeHours_OpensOnceAndClosesOnce()
    {
        var world = new World(Host);
        world.Run(Quiet);
        world.Run(3 * 3_600, cpu: 0.95, pressure: 0.7, load: 6);

        Assert.Equal([AlertStatus.Firing, AlertStatus.Resolved], world.Told.Select(a => a.Status));
        Assert.Empty(world.Detection.Book.Open());
    }

    [Fact]
    public void Escalation_LongAfterOpening_TellsAgainAsTheSameIncident()
    {
        var world = new World(Host);
        world.Run(Quiet);
        world.Run(90, load: 3);
        AlertRecord first = Assert.Single(world.Told);
        world.Run(40, cpu: 0.95, pressure: 0.7, load: 30, up: 0);

        Assert.Equal(AlertSeverity.Critical, world.Told[^1].Severity);
        Assert.Equal(first.Id, world.Told[^1].Id);
        Assert.InRange(world.Told.Count, 1, 2);
    }

    [Fact]
    public void Down_TargetDoesNotAnswer_IsCriticalWithinFiveSecondsAlsoWithoutAPast()
    {
        var world = new World(Host);
        world.Run(20);
        world.Run(8, up: 0);

        AlertRecord told = Assert.Single(world.Told);
        Assert.Equal(AlertSeverity.Critical, told.Severity);
        Assert.Equal("down", told.Members[0].Channel);
        Assert.InRange(told.Members[0].SinceMs, World.At(20), World.At(26));
    }

    [Fact]
    public void Mute_CoversTheSeries_ScoresButTellsNobodyUntilItEnds()
    {
        var world = new World(Host);
        world.Run(Quiet);
        FeedbackOutcome outcome = world.Give(FeedbackKind.Mute, selector: $"{{host=\"{Host}\"}}", untilMs: World.At(Quiet + 100));
        Assert.True(outcome.IsFound);
        Assert.Equal(4, outcome.Series);
        world.Run(60, cpu: 0.95, pressure: 0.7, load: 6);
        Assert.Empty(world.Told);
        Assert.NotEmpty(world.Scores);
        Assert.True(world.Detection.Verdict(0, world.NowMs).IsMuted);

        world.Run(60); // the mute ends
        Assert.Empty(world.Detection.Mutes);
        world.Run(30, cpu: 0.95, pressure: 0.7, load: 6);
        Assert.Single(world.Told);
    }

    [Fact]
    public void Mute_StandingLevel_IsNotLearnt()
    {
        var world = new World(Host);
        world.Run(Quiet);
        double before = world.Detection.Verdict(2, world.NowMs).Expected!.Value;
        world.Give(FeedbackKind.Mute, selector: "{__name__=~\".+\"}", untilMs: World.At(100_000));
        world.Run(1_000, load: 6);

        Assert.Equal(before, world.Detection.Verdict(2, world.NowMs).Expected!.Value, 2);
    }

    [Fact]
    public void Expected_AfterTheIncident_RaisesWhatItsMembersNeed()
    {
        var world = new World(Host);
        world.Run(Quiet);
        world.Run(40, cpu: 0.95, pressure: 0.7, load: 6);
        world.Run(200);
        string id = world.Told[0].Id;

        Assert.Equal(new FeedbackOutcome(true, 3), world.Give(FeedbackKind.Expected, target: id));
        Assert.Equal(new FeedbackOutcome(true, 3), world.Give(FeedbackKind.Expected, target: id)); // said twice, done once
        Assert.Equal(0.5, world.Detection.Verdict(0, world.NowMs).Offset, 3);
        Assert.False(world.Give(FeedbackKind.Expected, target: "7-999", id: "other").IsFound);
    }

    [Fact]
    public void Real_WhileItLasts_NothingIsLearntFromIt()
    {
        var world = new World(Host);
        world.Run(Quiet);
        world.Run(20, load: 6);
        double before = world.Detection.Verdict(2, world.NowMs).Expected!.Value;
        world.Give(FeedbackKind.Real, target: world.Told[0].Id);
        world.Run(500, load: 6);

        Assert.Equal(before, world.Detection.Verdict(2, world.NowMs).Expected!.Value, 3);
    }

    [Fact]
    public void Accept_OpenIncident_EndsItAndTheLevelIsNormal()
    {
        var world = new World(Host);
        world.Run(Quiet);
        world.Run(40, load: 6);
        world.Give(FeedbackKind.Accept, target: world.Told[0].Id);
        world.Run(300, load: 6);

        Assert.Equal([AlertStatus.Firing, AlertStatus.Resolved], world.Told.Select(a => a.Status));
        Assert.InRange(world.Detection.Verdict(2, world.NowMs).Expected!.Value, 5, 7);
    }

    [Fact]
    public void Feedback_Snapshot_SurvivesAFailOver()
    {
        var world = new World(Host);
        world.Run(Quiet);
        world.Give(FeedbackKind.Mute, selector: "node_load1", untilMs: World.At(100_000), id: "m1");
        world.Give(FeedbackKind.Offset, selector: "node_cpu_seconds_total", offset: 1.5, id: "o1");

        world.FailOver();

        Assert.Equal("m1", Assert.Single(world.Detection.Mutes).Id);
        Assert.True(world.Detection.Verdict(2, world.NowMs).IsMuted);
        Assert.Equal(1.5, world.Detection.Verdict(0, world.NowMs).Offset, 3);
        Assert.True(world.Give(FeedbackKind.Unmute, target: "m1", id: "u1").IsFound);
        Assert.False(world.Detection.Verdict(2, world.NowMs).IsMuted);
    }

    [Fact]
    public void Verdict_YoungSeries_SaysHowLongItLearns()
    {
        var world = new World(Host);
        world.Run(11);

        SeriesVerdict verdict = world.Detection.Verdict(2, world.NowMs);
        Assert.Equal(SeriesPhase.Learning, verdict.Phase);
        Assert.Equal(20, verdict.LearningSecondsLeft);
        Assert.Contains("is learning: scored in about 20 s", verdict.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Restart_AfterAMemberWasRetired_ClosesTheIncidentOnce()
    {
        var world = new World(Host);
        world.Run(Quiet);
        world.Run(20, load: 6);
        world.FailOver(without: 2);

        world.Detection.ResolveEnded(world.NowMs);

        Assert.Empty(world.Detection.Book.Open());
        world.Run(60);
        Assert.Single(world.Told, a => a.Status == AlertStatus.Firing);
    }

    [Fact]
    public void MemberWithoutSamples_DoesNotHoldTheIncidentOpen()
    {
        var world = new World(Host);
        world.Run(Quiet);
        world.Run(20, load: 6);
        world.Run(300, load: double.NaN);

        Assert.Equal([AlertStatus.Firing, AlertStatus.Resolved], world.Told.Select(a => a.Status));
    }

    [Fact]
    public void Real_ThenTheSeriesEnds_LearnsAnewWhenItComesBack()
    {
        var world = new World(Host);
        world.Run(Quiet);
        world.Run(20, load: 6);
        world.Give(FeedbackKind.Real, target: world.Told[0].Id);
        world.Run(1, load: BitConverter.Int64BitsToDouble(0x7ff0000000000002));
        world.Run(200);

        Assert.Equal(SeriesPhase.Usual, world.Detection.Verdict(2, world.NowMs).Phase);
        Assert.InRange(world.Detection.Verdict(2, world.NowMs).Steps, 190, 200);
    }

    [Fact]
    public void NightlyJob_FromTheThirdNightOn_IsNoIncident()
    {
        var hours = default(HourPeaks);
        long night = World.At(0);
        for (int day = 0; day < 2; day++)
        {
            Assert.Equal(0, hours.Usual(night + (day * 86_400_000L)));
            hours.Note(night + (day * 86_400_000L), 0.2 - (0.05 * day));
        }

        Assert.Equal(0.2, hours.Usual(night + (2 * 86_400_000L)), 3);
        Assert.Equal(0, hours.Usual(night + (2 * 86_400_000L) + (3 * 3_600_000)));
        hours.Note(night, 0.9); // a backlog of the first day
        Assert.Equal(0.2, hours.Usual(night + (2 * 86_400_000L)), 3);
    }

    [Fact]
    public void Ramp_SlowlyFarAway_IsFoundWhereItMatters()
    {
        var world = new World(Host);
        world.Run(Quiet);
        for (int i = 0; i < 40; i++)
        {
            world.Run(1, load: 0.2 + (0.15 * i));
        }

        Assert.Contains(world.Told, a => a.Members.Any(m => m.Labels.Metric == "node_load1"));
    }

    /// <summary>One host with four judged series at steps of one second.</summary>
    private sealed class World
    {
        private const long Start = 1_700_000_000_000;
        private readonly LabelSet[] series;
        private readonly DetectorSettings settings = new DetectOptions { Step = TimeSpan.FromSeconds(1) }.ToSettings();
        private double cpuSeconds = 1_000;
        private double pressureSeconds = 100;
        private int second;
        private int retired = -1;

        public World(string host, string objective = "")
        {
            series =
            [
                LabelSet.Create("node_cpu_seconds_total", ("host", host), ("mode", "user")),
                LabelSet.Create("node_pressure_cpu_waiting_seconds_total", ("host", host)),
                LabelSet.Create("node_load1", ("host", host), ("slo", objective)),
                LabelSet.Create("up", ("host", host)),
            ];
            Detection = Make();
        }

        public ShardDetection Detection { get; private set; }

        public List<AlertRecord> Log { get; } = [];

        public List<DerivedScore> Scores { get; } = [];

        public List<AlertRecord> Told => [.. Log.Where(a => a.Notify)];

        public long NowMs => At(second);

        public static long At(int second) => Start + (second * 1_000L);

        public void Run(int seconds, double cpu = 0.03, double pressure = 0.01, double load = 0.2, double up = 1)
        {
            for (int end = second + seconds; second < end; second++)
            {
                double noise = 0.01 * ((second * 7) % 5);
                cpuSeconds += cpu + (cpu < 0.5 ? noise : 0);
                pressureSeconds += pressure + (noise / 10);
                Detection.Observe(0, NowMs, cpuSeconds);
                Detection.Observe(1, NowMs, pressureSeconds);
                if (retired != 2)
                {
                    Detection.Observe(2, NowMs, double.IsNaN(load) ? load : load + noise);
                }

                Detection.Observe(3, NowMs, up);
                Detection.Tick(NowMs);
                Log.AddRange(Detection.Book.Drain().Select(t => t.Alert));
                Scores.AddRange(Detection.Derived);
                Detection.ClearDerived();
            }
        }

        public FeedbackOutcome Give(FeedbackKind kind, string selector = "", string target = "", long untilMs = 0, double offset = 0, string id = "f1") =>
            Detection.Give(new FeedbackCommand
            {
                Id = id,
                Kind = kind,
                Selector = selector,
                Target = target,
                UntilMs = untilMs,
                Offset = offset,
                AtMs = NowMs,
            });

        public void FailOver(int without = -1)
        {
            ShardDetection other = Make();
            Assert.True(other.TryRestore(DetectionSnapshot.Of(Detection)));
            for (int i = 0; i < series.Length; i++)
            {
                if (i == without)
                {
                    other.Clear(i);
                    retired = i;
                    continue;
                }

                other.Register(i, series[i]);
            }

            Detection = other;
        }

        private ShardDetection Make()
        {
            var detection = new ShardDetection(settings, new AlertBook(7));
            for (int i = 0; i < series.Length; i++)
            {
                detection.Register(i, series[i]);
            }

            return detection;
        }
    }
}
