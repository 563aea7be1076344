using Microsoft.Extensions.Logging.Abstractions;
using MonitorCluster.Collect;
using MonitorCluster.Stream;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Tests.Collect;

public class HostCollectorActorTests
{
    private readonly DeterministicDispatcher dispatcher = new(seed: 7);
    private readonly List<(long[] TimestampsMs, Dictionary<string, double> Values)> submitted = [];
    private readonly List<ISampleSource> sources = [];

    [Fact]
    public void Tick_EachSecond_SubmitsOneAlignedBatchWithStatus()
    {
        sources.Add(new Scripted("a", () => 5));
        Start();

        dispatcher.Advance(TimeSpan.FromSeconds(3));

        Assert.Equal(3, submitted.Count);
        foreach ((long[] timestampsMs, Dictionary<string, double> values) in submitted)
        {
            Assert.Equal(0, Assert.Single(timestampsMs.Distinct()) % 1000);
            Assert.Equal(5, values["a"]);
            Assert.Equal(1, values["up"]);
            Assert.Equal(1, values["node_scrape_collector_success{collector=\"a\"}"]);
            Assert.True(values.ContainsKey("node_scrape_collector_duration_seconds{collector=\"a\"}"));
        }
    }

    [Fact]
    public void Source_Fails_IsBackedOffAndHurtsNoOther()
    {
        int tries = 0;
        sources.Add(new Scripted("bad", () =>
        {
            tries++;
            throw new FormatException("no");
        }));
        sources.Add(new Scripted("good", () => 1));
        IActorRef actor = Start();

        dispatcher.Advance(TimeSpan.FromSeconds(16));

        Assert.Equal(5, tries); // after 0, 1, 3, 7, 15 seconds
        Assert.All(submitted, s => Assert.Equal((1, 0), (s.Values["good"], s.Values["node_scrape_collector_success{collector=\"bad\"}"])));
        SourceStatus status = StatusOf(actor, "bad");
        Assert.Equal((SourceState.Failing, 5, 5), (status.State, status.ConsecutiveFailures, status.FailuresTotal));
        Assert.Equal("FormatException: no", status.LastError);
    }

    [Fact]
    public void Source_Absent_IsShownAndFoundWhenItAppears()
    {
        bool isThere = false;
        sources.Add(new Scripted("psi", () => isThere ? 3 : throw new SourceAbsentException("no PSI")));
        IActorRef actor = Start();
        dispatcher.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal((SourceState.Absent, 0), (StatusOf(actor, "psi").State, StatusOf(actor, "psi").FailuresTotal));

        isThere = true;
        dispatcher.Advance(TimeSpan.FromSeconds(70));

        Assert.Equal((SourceState.Ok, 0), (StatusOf(actor, "psi").State, StatusOf(actor, "psi").ConsecutiveFailures));
        Assert.Equal(3, submitted[^1].Values["psi"]);
    }

    private IActorRef Start()
    {
        ActorSystem system = ActorSystem.Create("test", new ActorSystemSetup { Dispatchers = dispatcher, TimeProvider = dispatcher.Time });
        IActorRef collector = system.ActorOf(Props.Create(() => new Recorder(submitted)), "collector");
        var setup = new HostCollectorSetup(
            "h", new CollectOptions(), () => sources, new SeriesCatalog(1000, (_, _) => 0), new MetricCatalog(), collector, NullLogger.Instance);
        return system.ActorOf(HostCollectorActor.CreateProps(setup), "host");
    }

    private SourceStatus StatusOf(IActorRef actor, string name) => dispatcher
        .Run(() => actor.Ask<HostCollectorStatus>(new GetHostCollectorStatus(), TimeSpan.FromSeconds(1), CancellationToken.None), TimeSpan.FromSeconds(2))
        .Sources.Single(s => s.Name == name);

    private sealed class Scripted(string name, Func<double> value) : ISampleSource
    {
        private SeriesSlot? slot;

        public string Name => name;

        public bool MayHang => false;

        public void Collect(SourceWriter writer, long timestampMs) =>
            writer.Write(slot ??= writer.Series(new MetricFamily(name, MetricType.Gauge, "help")), value());
    }

    private sealed class Recorder : ReceiveActor
    {
        public Recorder(List<(long[] TimestampsMs, Dictionary<string, double> Values)> submitted) => Receive<SubmitSamples>(s =>
        {
            submitted.Add((s.Batch.TimestampsMs.ToArray(), MeasuredTree.Values(s.Batch)));
            s.Batch.Return();
            Sender.Tell(new SamplesLogged(s.Tag));
        });
    }
}
