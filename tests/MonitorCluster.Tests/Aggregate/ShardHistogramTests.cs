using MonitorCluster.Alert;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Tests.Aggregate;

/// <summary>A histogram's way through a shard: buckets in, mean, median and 99th percentile stored and judged.</summary>
public class ShardHistogramTests
{
    private const int ScrapeMs = 5_000;
    private static readonly string[] Bounds = ["0.1", "0.2", "0.5", "1", "+Inf"];

    [Fact]
    public void Buckets_OfTheSameRequests_GiveMeanMedianAndTail()
    {
        var world = new World();
        world.Run(20);

        Assert.All(world.Estimates(":p50"), s => Assert.Equal(0.1 + (0.1 * 40 / 90), s.Value, 1e-6)); // 10 up to 0.1 s, 100 up to 0.2 s
        Assert.All(world.Estimates(":p99"), s => Assert.Equal(0.2 - (0.1 / 90), s.Value, 1e-6));
        Assert.All(world.Estimates(":mean"), s => Assert.Equal(0.15, s.Value, 1e-6));
        Assert.Equal(8, world.Estimates(":p99").Count); // of nine closed steps; the first has one part that is alive
        Assert.All(world.Estimates(":p99"), s => Assert.Equal(9_999, s.TimestampMs % 10_000));
    }

    [Fact]
    public void SlowTail_IsAnIncidentThatNamesThePercentile()
    {
        var world = new World();
        world.Run(300);
        world.Run(40, slow: 10);

        AlertRecord incident = Assert.Single(world.Shard.State.OpenAlerts(), a => a.Kind == AlertKind.Incident);
        Assert.Contains(incident.Members, m => m.Reason.StartsWith("p99 of http_request_seconds on h was", StringComparison.Ordinal));
        Assert.DoesNotContain(incident.Members, m => m.Labels.Metric.EndsWith("_bucket", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Restart_AtAnyScrape_GoesOnAsIfNothingHadHappened(bool cut)
    {
        var steady = new World();
        steady.Run(40, slow: 3);
        List<Sample> expected = steady.Estimates(":p99");
        for (int at = 1; at < 12; at++)
        {
            var world = new World();
            world.Run(at, slow: 3);
            if (cut)
            {
                world.Shard.Cut();
            }

            world.Shard.Flush();
            world.Shard.Restart();
            world.Run(40 - at, slow: 3);

            Assert.Equal(expected, world.Estimates(":p99"));
        }
    }

    [Fact]
    public void TornApart_PartsInAnyOrder_GiveTheSame()
    {
        var whole = new World();
        var torn = new World { IsTorn = true };
        whole.Run(30, slow: 3);
        torn.Run(30, slow: 3);

        Assert.Equal(whole.Estimates(":p99"), torn.Estimates(":p99"));
    }

    [Fact]
    public void FewRequests_AreNoQuantile()
    {
        var world = new World { Requests = 1 };
        world.Run(20);

        Assert.False(world.Shard.State.Series.TryFind(World.Of("http_request_seconds:p99"), out _));
    }

    [Fact]
    public void BucketThatIsNoLongerSent_HoldsUpTheOthersForTenSteps()
    {
        var world = new World();
        world.Run(20);
        int before = world.Estimates(":p50").Count;
        world.Without = "0.2";
        world.Run(60);

        Assert.InRange(world.Estimates(":p50").Count - before, 18, 22); // of thirty
    }

    private sealed class World
    {
        private readonly double[] counts = new double[Bounds.Length];
        private double sum;
        private int scrape;

        public ShardHarness Shard { get; } = new();

        public bool IsTorn { get; init; }

        public int Requests { get; init; } = 100;

        public string? Without { get; set; }

        public static LabelSet Of(string metric, string bound = "") => LabelSet.Create(metric, ("host", "h"), ("le", bound));

        public List<Sample> Estimates(string suffix) => Shard.Read(Of("http_request_seconds" + suffix));

        /// <summary>Scrapes: a hundred requests in each, a tenth within 0.1 s and the others within 0.2 s, some of them slow instead.</summary>
        public void Run(int scrapes, int slow = 0)
        {
            for (int end = scrape + scrapes; scrape < end; scrape++)
            {
                int quick = Requests - slow;
                double[] more = [Math.Min(quick, Requests / 10.0), quick, quick, Requests, Requests];
                for (int i = 0; i < counts.Length; i++)
                {
                    counts[i] += more[i];
                }

                sum += (quick * 0.15) + (slow * 0.8);
                long atMs = ShardHarness.Start + (scrape * ScrapeMs);
                var samples = new List<(LabelSet Labels, long TimestampMs, double Value)>();
                for (int i = 0; i < counts.Length; i++)
                {
                    if (Bounds[i] != Without)
                    {
                        samples.Add((Of("http_request_seconds_bucket", Bounds[i]), atMs, counts[i]));
                    }
                }

                samples.Add((Of("http_request_seconds_sum"), atMs, sum));
                samples.Add((Of("http_request_seconds_count"), atMs, counts[^1]));
                Shard.NowMs = atMs;
                if (IsTorn)
                {
                    samples.Reverse();
                    Shard.Send([.. samples[..3]]);
                    Shard.NowMs += 700;
                    Shard.Send([.. samples[3..]]);
                }
                else
                {
                    Shard.Send([.. samples]);
                }

                for (int second = 1; second < 5; second++)
                {
                    Shard.State.Tick(atMs + (second * 1_000));
                }
            }
        }
    }
}
