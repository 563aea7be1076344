using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using MonitorCluster.Alert;
using MonitorCluster.Detect;
using MonitorCluster.Tests.Alert;
using MonitorCluster.TimeSeries.Detectors;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Tests.Detect;

public class ShardDetectionTests
{
    private const long Start = 1_700_000_000_000;
    private static readonly DetectorSettings Seconds = new()
    {
        StepMs = 1_000,
        StuckSteps = 10,
        RelearnSteps = 40,
        GroupMs = 60_000,
        Model = new AnomalySettings { StepMs = 1_000, WarmUpSteps = 60 },
    };

    private static readonly LabelSet[] Series =
    [
        LabelSet.Create("node_load1", ("host", "a")),
        LabelSet.Create("node_cpu_seconds_total", ("host", "a"), ("cpu", "0"), ("mode", "user")),
        LabelSet.Create("app_queue_length", ("host", "b")),
    ];

    [Fact]
    public void Recording_TwoCpuHogs_AreOneIncidentWithinFifteenSeconds()
    {
        (long[] times, LabelSet[] series, double[][] rows) = ReadRecording();
        DetectorSettings settings = new DetectOptions { Step = TimeSpan.FromSeconds(1) }.ToSettings();
        ShardDetection detection = Make(series, settings);
        var transitions = new List<AlertTransition>();
        for (int i = 0; i < times.Length; i++)
        {
            for (int s = 0; s < series.Length; s++)
            {
                detection.Observe(s, times[i], rows[i][s]);
            }

            detection.Tick(times[i]);
            transitions.AddRange(detection.Book.Drain());
        }

        AlertTransition told = Assert.Single(transitions, t => t.Alert is { Notify: true, Status: AlertStatus.Firing });
        Assert.Equal(AlertKind.Incident, told.Alert.Kind);
        Assert.InRange(told.AtMs - times[0], 120_000, 135_000); // the build before the hogs began at 120 s
        Assert.Contains(told.Alert.Members.Take(3), m => m.Labels.Metric.Contains("cpu", StringComparison.Ordinal));
        AlertTransition ended = Assert.Single(transitions, t => t.Alert.Id == told.Alert.Id && t.Alert.Status == AlertStatus.Resolved);
        Assert.True(ended.Alert.Notify);
        Assert.InRange(ended.AtMs - times[0], 180_000, 330_000);
        Assert.DoesNotContain(transitions, t => t.Alert.Metric is "node_time_seconds" or "node_vmstat_pgfault");
    }

    [Fact]
    public void Tick_HostFallsSilent_OneStaleAlertResolvedByFreshData()
    {
        ShardDetection detection = Make(Series, Seconds);
        for (int i = 0; i < 60; i++)
        {
            detection.Observe(0, Start + (i * 1_000), 1);
            detection.Observe(2, Start + (i * 1_000), 1);
            detection.Tick(Start + (i * 1_000));
        }

        for (int i = 60; i < 120; i++)
        {
            detection.Observe(0, Start + (i * 1_000), 1);
            detection.Tick(Start + (i * 1_000));
        }

        detection.Observe(2, Start + 120_000, 1);
        detection.Tick(Start + 120_000);

        IReadOnlyList<AlertTransition> transitions = detection.Book.Drain();
        Assert.Equal([AlertStatus.Firing, AlertStatus.Resolved], transitions.Select(t => t.Alert.Status));
        Assert.All(transitions, t => Assert.Equal(("b", AlertKind.Stale, "7-1"), (t.Alert.Host, t.Alert.Kind, t.Alert.Id)));
    }

    [Fact]
    public void Observe_ClosingSteps_AllocatesNothing() => Allocation.AssertNone(
        () => Make(Series, Seconds),
        detection =>
        {
            for (int second = 0; second < 800; second++)
            {
                detection.Observe(0, Start + (second * 1_000), second % 3);
            }
        });

    [Fact]
    public void SnapshotAnywhere_RestoreAndContinue_EqualsTheStraightRun() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(60),
        Prop.ForAll(ArbMap.Default.ArbFor<(int Seed, byte Cut)>(), input =>
        {
            Operation[] operations = Operations(input.Seed);
            int cut = input.Cut * operations.Length / 256;

            (byte[] state, string log) = Run(operations, cut: -1, everyTick: true);
            (byte[] splitState, string splitLog) = Run(operations, cut, everyTick: true);
            return state.AsSpan().SequenceEqual(splitState) && log == splitLog && log.Length > 0;
        }));

    [Fact]
    public void TicksThatSaidNothingChanged_LeftOut_GiveTheSameState() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(60),
        Prop.ForAll(ArbMap.Default.ArbFor<int>(), seed =>
        {
            Operation[] operations = Operations(seed);
            (byte[] state, string log) = Run(operations, -1, everyTick: true);
            (byte[] lean, string leanLog) = Run(operations, -1, everyTick: false);
            return state.AsSpan().SequenceEqual(lean) && log == leanLog;
        }));

    [Fact]
    public void TryRestore_TruncatedAnywhere_IsRefused()
    {
        ShardDetection detection = Make(Series, Seconds);
        detection.Observe(0, Start, 1);
        byte[] snapshot = DetectionSnapshot.Of(detection);

        for (int length = 0; length < snapshot.Length; length++)
        {
            Assert.False(Make([], Seconds).TryRestore(snapshot.AsSpan(0, length)));
        }

        Assert.True(Make([], Seconds).TryRestore(snapshot));
    }

    [Fact]
    public void TryRestore_OtherStep_KeepsTheAlertsAndLearnsAnew()
    {
        ShardDetection detection = Make(Series, Seconds);
        detection.Book.Raise(Alerts.Make(Series[0], channel: "unusual"), Start);
        ShardDetection other = Make([], Seconds with { StepMs = 5_000 });

        Assert.True(other.TryRestore(DetectionSnapshot.Of(detection)));

        Assert.Single(other.Book.Open());
    }

    [Fact]
    public void Options_MoreWarningsThanSignals_IsNamed()
    {
        string fault = Assert.Single(new DetectOptions { SignalsPerSeriesDay = 0.5, WarningsPerSeriesDay = 0.6 }.Faults());

        Assert.Contains("Detect:WarningsPerSeriesDay (0.6)", fault, StringComparison.Ordinal);
        Assert.Empty(new DetectOptions().Faults());
    }

    [Fact]
    public void Options_Budgets_BecomeThresholdsOfTheStep()
    {
        DetectorSettings minute = new DetectOptions { Step = TimeSpan.FromMinutes(1) }.ToSettings();
        DetectorSettings second = new DetectOptions { Step = TimeSpan.FromSeconds(1) }.ToSettings();

        Assert.InRange(minute.SignalDecades, 2.2f, 2.6f);
        Assert.InRange(minute.WarningDecades, 4.2f, 4.6f);
        Assert.True(second.SignalDecades > minute.SignalDecades + 1); // sixty times the steps, the same signals a day
        Assert.True(second.WarningDecades > second.SignalDecades + 1);
    }

    // A live run journals a tick only when it says that something changed; a replay sees only those.
    private static (byte[] State, string Log) Run(Operation[] operations, int cut, bool everyTick)
    {
        ShardDetection live = Make(Series, Seconds), detection = Make(Series, Seconds);
        var log = new List<string>();
        for (int i = 0; i < operations.Length; i++)
        {
            if (i == cut)
            {
                byte[] snapshot = DetectionSnapshot.Of(detection);
                detection = Make([], Seconds);
                Assert.True(detection.TryRestore(snapshot));
                Register(detection, Series);
            }

            Operation operation = operations[i];
            bool changed = Apply(live, operation);
            if (operation.Series >= 0 || everyTick || changed)
            {
                Apply(detection, operation);
            }

            log.AddRange(detection.Book.Drain().Select(t => $"{t.AtMs} {System.Text.Encoding.UTF8.GetString(AlertJson.ToBytes(t.Alert))}"));
        }

        return (DetectionSnapshot.Of(detection), string.Join('\n', log));
    }

    private static bool Apply(ShardDetection detection, Operation operation) => operation.Series < 0
        ? detection.Tick(operation.TimeMs)
        : detection.Observe(operation.Series, operation.TimeMs, operation.Value);

    // Bursts, standstills, gaps, silence of a host, late samples, ticks at odd moments.
    private static Operation[] Operations(int seed)
    {
        var random = new Random(seed);
        var operations = new List<Operation>();
        double counter = 0;
        for (int i = 0; i < 400; i++)
        {
            long now = Start + (i * 500);
            bool burst = i % 150 > 100;
            counter += burst ? 0.5 : 0.01 * random.NextDouble();
            operations.Add(new(0, now, burst ? 9 + random.NextDouble() : random.NextDouble()));
            operations.Add(new(1, now - (random.Next(20) == 0 ? 3_000 : 0), random.Next(40) == 0 ? counter = 0 : counter));
            if (i is < 150 or > 300)
            {
                operations.Add(new(2, now, random.Next(30) == 0 ? double.NaN : i > 320 ? 5 : random.Next(100)));
            }

            if (random.Next(3) > 0)
            {
                operations.Add(new(-1, now + random.Next(-2_000, 500), 0));
            }
        }

        return [.. operations];
    }

    private static ShardDetection Make(LabelSet[] series, DetectorSettings settings)
    {
        var detection = new ShardDetection(settings, new AlertBook(7));
        Register(detection, series);
        return detection;
    }

    private static void Register(ShardDetection detection, LabelSet[] series)
    {
        for (int i = 0; i < series.Length; i++)
        {
            detection.Register(i, series[i]);
        }
    }

    private static (long[] Times, LabelSet[] Series, double[][] Rows) ReadRecording()
    {
        using System.IO.Stream stream = typeof(ShardDetectionTests).Assembly.GetManifestResourceStream(
            "MonitorCluster.Tests.TimeSeries.Detectors.Fixtures.two-core-burst-1s.csv")!;
        using var reader = new StreamReader(stream);
        string[][] lines = [.. reader.ReadToEnd().Split('\n').Where(l => l.Length > 0 && l[0] != '#').Select(l => l.Split(';'))];
        return (
            [.. lines.Skip(1).Select(l => long.Parse(l[0], CultureInfo.InvariantCulture))],
            [.. lines[0].Skip(1).Select(ParseName)],
            [.. lines.Skip(1).Select(l => l.Skip(1).Select(v => double.Parse(v, CultureInfo.InvariantCulture)).ToArray())]);
    }

    private static LabelSet ParseName(string text)
    {
        string[] parts = text.Split('{', ',', '}');
        var labels = parts.Skip(1).Where(p => p.Length > 0).Select(p => p.Split('=')).Select(p => new Label(p[0], p[1].Trim('"')));
        return LabelSet.Create([new Label("__name__", parts[0]), new Label("host", "web-1"), .. labels]);
    }

    private readonly record struct Operation(int Series, long TimeMs, double Value);
}
