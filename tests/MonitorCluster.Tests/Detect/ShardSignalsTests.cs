using MonitorCluster.Alert;
using MonitorCluster.Detect;
using MonitorCluster.TimeSeries.Detectors;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Tests.Detect;

/// <summary>What a shard tells of its hosts to the fleet.</summary>
public class ShardSignalsTests
{
    private const long Start = 1_700_000_000_000;
    private const string Load = "node_load1";
    private readonly DetectorSettings settings = new DetectOptions { Step = TimeSpan.FromSeconds(1) }.ToSettings();
    private readonly LabelSet[] series =
    [
        LabelSet.Create(Load, ("host", "a"), ("cpu", "0")),
        LabelSet.Create(Load, ("host", "a"), ("cpu", "1")),
        LabelSet.Create(Load, ("host", "b")),
        LabelSet.Create(Load, ("host", "c")),
        LabelSet.Create("node_time_seconds", ("host", "c")), // not judged
        LabelSet.Create("up", ("host", "c")),
    ];

    private ShardDetection detection;
    private int second;

    public ShardSignalsTests() => detection = Make();

    [Fact]
    public void Signals_CountHostsAndSeriesOfJudgedMetrics()
    {
        Run(5);

        Assert.Equal([(Load, 4, 3, 0), ("up", 1, 1, 0)], Said());
        detection.Forget(0, NowMs);
        Assert.Equal((Load, 3, 3, 0), Said()[0]);
        detection.Forget(1, NowMs);
        Assert.Equal((Load, 2, 2, 0), Said()[0]);
        detection.Clear(1); // once more
        Register(detection);
        Register(detection);
        Assert.Equal((Load, 4, 3, 0), Said()[0]);
    }

    [Fact]
    public void Signals_NameTheHostsWhereItIsUnusual_AlsoForAWhileAfterwardsAndAfterAFailOver()
    {
        Run(300);
        Run(8, loadOfA: 9);

        MetricSignals load = detection.SignalsByMetric(NowMs).Single(s => s.Metric == Load);
        SignalHost host = Assert.Single(load.Named);
        Assert.Equal((1, "a"), (load.On, host.Name));
        Assert.InRange(host.SinceMs, At(300), At(304));

        FailOver();
        Assert.Equal((Load, 4, 3, 1), Said()[0]);
        Run(30);
        Assert.Equal((Load, 4, 3, 1), Said()[0]); // over, but only just
        Run((int)(settings.GroupMs / 1_000) + 30);
        Assert.Equal((Load, 4, 3, 0), Said()[0]);
    }

    [Fact]
    public void Signals_OfYoungSeries_AreNoneButRulesNeedNoPast()
    {
        Run(80);
        Run(10, loadOfA: 9, up: 0);

        Assert.Equal([(Load, 4, 3, 0), ("up", 1, 1, 1)], Said());
    }

    [Fact]
    public void Signals_OfSilentHosts_AreLeftOut()
    {
        Run(300);
        Run(8, loadOfA: 9);
        Run(600, isASilent: true);

        Assert.Equal((Load, 2, 2, 0), Said()[0]);
    }

    private static long At(int second) => Start + (second * 1_000L);

    private long NowMs => At(second);

    private (string Metric, int Series, int Hosts, int On)[] Said() =>
        [.. detection.SignalsByMetric(NowMs).OrderBy(s => s.Metric).Select(s => (s.Metric, s.Series, s.Hosts, s.On))];

    private void Run(int seconds, double loadOfA = 0.2, double up = 1, bool isASilent = false)
    {
        for (int end = second + seconds; second < end; second++)
        {
            double noise = 0.01 * ((second * 7) % 5);
            for (int i = isASilent ? 2 : 0; i < series.Length; i++)
            {
                double value = series[i].Metric == "up" ? up : series[i].Metric != Load ? second : (i < 2 ? loadOfA : 0.2) + noise;
                detection.Observe(i, NowMs, value);
            }

            detection.Tick(NowMs);
            detection.ClearDerived();
        }
    }

    private void FailOver()
    {
        ShardDetection other = new(settings, new AlertBook(0));
        Assert.True(other.TryRestore(DetectionSnapshot.Of(detection)));
        Register(other);
        detection = other;
    }

    private ShardDetection Make()
    {
        ShardDetection made = new(settings, new AlertBook(0));
        Register(made);
        return made;
    }

    private void Register(ShardDetection to)
    {
        for (int i = 0; i < series.Length; i++)
        {
            to.Register(i, series[i]);
        }
    }
}
