using MonitorCluster.Alert;
using MonitorCluster.Stream;
using MonitorCluster.Tests.Node.Admin;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Tests.Node;

/// <summary>A fault on many hosts, from their samples to the incident that a whole node serves.</summary>
public sealed class FleetTests
{
    private const int Hosts = 12;
    private const int Affected = 8;

    [Fact]
    public void Fault_OnManyHosts_IsOneIncidentThatCanBeTakenInHandAndEnds()
    {
        using var node = new VirtualNode(set: s =>
        {
            s.Detect.Step = TimeSpan.FromSeconds(1);
            s.Detect.RecoverSteps = 3;
            s.Cluster.ShardCount = 2;
            s.Aggregate.FlushInterval = TimeSpan.FromSeconds(10);
        });
        var fleet = new Fleet(node);
        fleet.Learn(seconds: 200);
        fleet.Run(seconds: 5, load: 0.2);
        Assert.Empty(fleet.OpenOfTheFleet());

        fleet.Run(seconds: 35, load: 9);

        AlertRecord open = Assert.Single(fleet.OpenOfTheFleet());
        Assert.Equal((AlertKind.Incident, AlertSeverity.Critical, null), (open.Kind, open.Severity, open.Host));
        Assert.EndsWith("is unusual on 8 of 12 hosts: web-00, web-01, web-02 ...", open.Summary, StringComparison.Ordinal);
        Assert.Equal($"c-{open.Seq}", open.Id);
        Assert.Contains(open.Id, fleet.Ask(a => a.IncidentsAsync(IncidentStatus.Open, null, 100, false, default)).All.Select(a => a.Id));

        Assert.Equal(
            AcknowledgeOutcome.Acknowledged, node.Dispatcher.Run(() => node.Runtime.Feed.AcknowledgeAsync(open.Id, "ann", "mine", default), Fleet.Patience));
        fleet.Run(seconds: 11, load: 9);
        Assert.Equal((AlertStatus.Acknowledged, "ann"), (fleet.OpenOfTheFleet()[0].Status, fleet.OpenOfTheFleet()[0].AcknowledgedBy));

        IncidentHistory now = fleet.Ask(a => a.IncidentAsync(open.Id, default))!;
        Assert.Equal((AlertStatus.Acknowledged, true), (now.Incident.Status, now.Incident.Members.Single().IsOn));

        fleet.Run(seconds: 110, load: 0.2);

        Assert.Empty(fleet.OpenOfTheFleet());
        IncidentHistory history = fleet.Ask(a => a.IncidentAsync(open.Id, default))!;
        Assert.Equal([AlertStatus.Firing, AlertStatus.Acknowledged, AlertStatus.Resolved], history.Timeline.Select(a => a.Status));
        Assert.Equal(AlertStatus.Resolved, history.Incident.Status);
        Assert.Equal(history.Incident.Seq, node.Runtime.Feed.NewestSequence); // readers of the stream have heard of it
        Assert.Null(fleet.Ask(a => a.IncidentAsync("c-999", default)));
    }

    private sealed class Fleet
    {
        public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

        private readonly VirtualNode node;
        private readonly CollectedSeries[] series;
        private int second;

        public Fleet(VirtualNode node)
        {
            this.node = node;
            series = [.. Enumerable.Range(0, Hosts).Select(h => Intern(LabelSet.Create("node_load1", ("host", $"web-{h:00}"))))];
        }

        // A past that is sent at once: the hosts were there before this node.
        public void Learn(int seconds)
        {
            long nowMs = NowMs;
            var batch = new SampleBatch(Hosts * seconds);
            for (; second < seconds; second++)
            {
                Add(batch, nowMs - ((seconds - second) * 1_000L), load: 0.2);
            }

            Submit(batch);
        }

        public void Run(int seconds, double load)
        {
            for (int end = second + seconds; second < end; second++)
            {
                var batch = new SampleBatch(Hosts);
                Add(batch, NowMs, load);
                Submit(batch);
                node.Dispatcher.Advance(TimeSpan.FromSeconds(1));
            }
        }

        public T Ask<T>(Func<IAnomalyFeed, Task<T>> question) => node.Dispatcher.Run(() => question(node.Runtime.Anomalies), Patience);

        public IReadOnlyList<AlertRecord> OpenOfTheFleet() =>
            [.. node.Dispatcher.Run(() => node.Runtime.Feed.OpenAlertsAsync(false, default), Patience).Alerts.Where(a => a.Channel == "fleet")];

        private long NowMs => node.Dispatcher.Time.GetUtcNow().ToUnixTimeMilliseconds();

        private void Add(SampleBatch batch, long timestampMs, double load)
        {
            for (int host = 0; host < Hosts; host++)
            {
                batch.Add(series[host], timestampMs, (host < Affected ? load : 0.2) + (0.01 * (((second + host) * 7) % 5)));
            }
        }

        private void Submit(SampleBatch batch) => node.Runtime.Collector.Tell(new SubmitSamples(batch, "test", false, null), null);

        private CollectedSeries Intern(LabelSet labels)
        {
            Assert.True(node.Runtime.Catalog.TryIntern(labels, out CollectedSeries? interned));
            return interned;
        }
    }
}
