using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using MonitorCluster.Aggregate;
using MonitorCluster.Node;
using MonitorCluster.Stream;

namespace MonitorCluster.SimulationTests.World;

/// <summary>One run of the node: production's <see cref="NodeRuntime"/> on simulated ports, on a dispatcher that stops with it.</summary>
internal sealed class SimProcess
{
    private readonly Simulation world;
    private readonly IActorRef writer;
    private readonly List<SimBatch> failed = []; // the disk may have kept them; void once a later batch is logged, whose checkpoint says so
    private int submitted;

    public SimProcess(SimMachine machine, Simulation world, Random random)
    {
        this.world = world;
        Clock = new SimClock(world.Time) { Offset = machine.ClockOffset };
        Threads = new SimThreads(random, world.Time);
        Log = new SimLog(world, machine.Name);
        Node = new NodeRuntime(
            machine.Settings(),
            new NodePorts(
                Clock,
                Threads,
                machine.Network,
                new SimConnections(world, machine),
                machine.Files,
                new Random(random.Next()),
                () => [],
                Log),
            machine.DirectoryId);
        machine.OnMade(Node);
        writer = Node.System.ActorOf(Props.Create(() => new SimWriter(this)), "writer");
    }

    public NodeRuntime Node { get; }

    public SimClock Clock { get; }

    public SimThreads Threads { get; }

    public SimLog Log { get; }

    public void Submit(SimBatch batch)
    {
        (batch.Process, batch.Number) = (this, ++submitted);
        var samples = new SampleBatch(batch.Samples.Count);
        foreach (SimSample sample in batch.Samples)
        {
            Require(Node.Catalog.TryIntern(sample.Series.Labels, out CollectedSeries? series), "the catalog is full");
            samples.Add(series, sample.TimestampMs, sample.Value);
        }

        Node.Collector.Tell(new SubmitSamples(samples, "simulation", batch.IsDurableWanted, batch), writer);
    }

    public void Kill()
    {
        failed.ForEach(b => b.MayBeLogged = true);
        Clock.Kill();
        Node.Dispose();
    }

    /// <summary>What must hold at every moment of every process.</summary>
    public void Check(bool isLateAllowed, bool mayEnd)
    {
        Require(Node.Counters.Behind(BehindKind.Duplicate) == 0, "a sample was applied twice (the second net caught it)");
        Require(Node.Counters.Behind(BehindKind.Conflict) == 0, "two values for one series and time");
        Require(isLateAllowed || Node.Counters.Behind(BehindKind.Late) == 0, "a sample was late that the writer sent in order");
        Require(Node.StreamCounters.IdentitiesMintedTotal == 0, "the collector took a new identity");
        Require(Node.StreamCounters.SectionsLostTotal == 0, "a section was sent without its samples");
        Require(Node.StreamCounters.CorruptPlacesTotal == 0, "the log was found corrupt");
        Require(Node.Counters.Rejected(RejectReason.Malformed) == 0, "a section could not be read");
        Require(Node.System.Failure is null, $"the actor system failed: {Node.System.Failure}");
        Require(Log.Errors.Count == 0, $"the node logged an error: {(Log.Errors.Count > 0 ? Log.Errors[0] : null)}");
        if (Node.Ended.IsCompleted)
        {
#pragma warning disable VSTHRD002 // it is complete: nothing waits here
            (NodeExit code, IReadOnlyList<string> reasons) = Node.Ended.Result;
#pragma warning restore VSTHRD002
            Require(mayEnd && code is (NodeExit.Evicted or NodeExit.Configuration), $"the node ended by itself: {code}, {string.Join("; ", reasons)}");
        }
    }

    private void Require([DoesNotReturnIf(false)] bool holds, [InterpolatedStringHandlerArgument(nameof(holds))] Complaint what) => world.Require(holds, what);

    private void Settle(SimBatch batch, BatchFate fate)
    {
        Require(batch.Fate == BatchFate.Unknown, $"a batch was answered twice: {batch.Fate}, then {fate}");
        (batch.Fate, batch.SettledAt) = (fate, world.Now);
        if (fate == BatchFate.Logged)
        {
            failed.RemoveAll(b => b.RefusedAt < batch.Number);
        }
    }

    private void Refuse(SimBatch batch, SubmitRefusal reason)
    {
        Settle(batch, reason == SubmitRefusal.Interrupted ? BatchFate.Interrupted : BatchFate.Refused);
        if (reason == SubmitRefusal.WalFailed)
        {
            batch.RefusedAt = submitted;
            failed.Add(batch);
        }
    }

    private sealed class SimWriter : ReceiveActor
    {
        public SimWriter(SimProcess process)
        {
            Receive<SamplesLogged>(m => process.Settle((SimBatch)m.Tag!, BatchFate.Logged));
            Receive<SamplesRefused>(m => process.Refuse((SimBatch)m.Tag!, m.Reason));
        }
    }
}
