using Microsoft.Extensions.Logging.Abstractions;
using MonitorCluster.Cluster.Membership;
using MonitorCluster.Stream;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.SimulationTests.Stream;

/// <summary>One collector, three owners and a store in one thread: every fault between them comes from the seed.</summary>
/// <remarks>On every third seed the collector is an agent's; else it runs on the first node, whose region it reaches without a link.</remarks>
internal sealed class StreamWorld
{
    private const int Shards = 6;
    private static readonly string[] Addresses = ["a:1", "b:1", "c:1"];
    private readonly Random random;
    private readonly DeterministicDispatcher dispatcher;
    private readonly ActorSystem system;
    private readonly MemoryWalFiles files;
    private readonly ModelNet net;
    private readonly IActorRef source;
    private readonly IActorRef agentPeers;
    private readonly bool isAgent;
    private readonly Dictionary<string, Node> nodes = [];
    private readonly List<(object Tag, double[] Values)> submitted = [];
    private readonly HashSet<object> logged = [];
    private readonly List<Exception> violations = [];
    private readonly List<(string Address, ClusterViewChanged View)> views = []; // on their way to nodes
    private ClusterViewChanged senderView;
    private SeriesCatalog catalog = null!;
    private IActorRef collector = ActorRefs.Nobody;
    private double nextValue;

    public StreamWorld(int seed, ModelMutation mutation = ModelMutation.None, bool isFaulty = true)
    {
        random = new Random(seed);
        isAgent = seed % 3 == 0;
        dispatcher = new DeterministicDispatcher((ulong)seed);
        system = ActorSystem.Create("model", new ActorSystemSetup
        {
            TimeProvider = dispatcher.Time,
            Dispatchers = dispatcher,
            GuardianStrategy = new OneForOneStrategy(e =>
            {
                violations.Add(e); // no actor fails in any schedule, nor an assertion inside of one
                return Directive.Stop;
            }),
        });
        files = new MemoryWalFiles(random);
        Faults = new ModelFaults(random) { Mutation = mutation, IsOn = isFaulty };
        net = new ModelNet { Mutation = mutation };
        source = system.ActorOf(Props.Create(() => new Source(logged)), "source");
        agentPeers = system.ActorOf(Props.Create(() => new ModelPeers(net, "agent", 0)));
        foreach (string address in Addresses)
        {
            StartOwner(address);
        }

        for (int shard = 0; shard < Shards; shard++)
        {
            Store.Assign(shard, nodes[Pick(Addresses)].Incarnation);
        }

        senderView = Store.View();
        Announce();
        DeliverAll();
        StartCollector();
    }

    public ModelStore Store { get; } = new(Shards);

    public ModelFaults Faults { get; }

    public StreamCounters Counters { get; } = new();

    public Guid CollectorId => Guid.Parse(System.Text.Encoding.ASCII.GetString(files.ReadIdentity()!));

    /// <summary>Runs a schedule to its end and judges it.</summary>
    /// <returns>How many batches were acknowledged.</returns>
    public int Run()
    {
        for (int step = 0; step < 200; step++)
        {
            Step();
        }

        Heal();
        CheckArrived();
        Assert.Empty(Faults.DictionaryRefusals);
        Assert.Equal(0, Counters.SectionsLostTotal);
        Assert.Equal(0, Counters.IdentitiesMintedTotal);
        Assert.Equal(0, Counters.LinksCutTotal);
        Assert.InRange(files.Segments.Count(), 0, 2); // all is journalled, so the log is given back but for the newest segments
        return logged.Count;
    }

    public void Submit(int samples, bool waitDurable)
    {
        var batch = new SampleBatch();
        var values = new double[samples];
        for (int i = 0; i < samples; i++)
        {
            values[i] = ++nextValue;
            string host = $"{random.Next(Shards)}";
            Assert.True(catalog.TryIntern(LabelSet.Create($"m{values[i] % 50}", ("host", host)), out CollectedSeries? series));
            batch.Add(series, (long)nextValue / 10, values[i]);
        }

        object tag = new();
        submitted.Add((tag, values));
        collector.Tell(new SubmitSamples(batch, "native", waitDurable, tag), source);
    }

    public void Advance(int milliseconds) => dispatcher.Advance(TimeSpan.FromMilliseconds(milliseconds));

    public void Journal()
    {
        foreach (Node node in nodes.Values)
        {
            node.Region.Tell(new ModelRegion.Journal(), null);
        }

        dispatcher.RunUntilIdle();
    }

    /// <summary>All owners forget what they have not journalled.</summary>
    public void ForgetAll()
    {
        foreach (Node node in nodes.Values)
        {
            node.Region.Tell(new ModelRegion.Forget(), null);
        }

        dispatcher.RunUntilIdle();
    }

    // Power loss: the actors are gone wherever they were, and with them what the disk had not synced.
    public void RestartCollector()
    {
        system.Stop(collector);
        dispatcher.RunUntilIdle();
        files.Crash();
        files.FailsWrites = files.FailsSyncs = false;
        StartCollector();
    }

    public void CheckArrived(bool mayDouble = false)
    {
        double[] arrived = [.. Store.Journals.Values.SelectMany(j => j.Values)];
        Assert.Empty(violations);
        Assert.True(mayDouble || arrived.Length == arrived.Distinct().Count(), "samples are doubled");
        double[] missing = [.. submitted.Where(s => logged.Contains(s.Tag)).SelectMany(s => s.Values).Except(arrived)];
        Assert.True(missing.Length == 0, $"{missing.Length} acknowledged samples are lost, the first is {missing.FirstOrDefault()}");
        foreach (ModelJournal journal in Store.Journals.Values)
        {
            Assert.Equal(journal.Values.Order(), journal.Values);
        }
    }

    private void Step()
    {
        switch (random.Next(48))
        {
            case < 16:
                Submit(random.Next(1, 60), waitDurable: random.Next(8) == 0);
                break;
            case < 24:
                Advance(random.Next(1, 400));
                break;
            case < 28:
                nodes[Pick(Addresses)].Region.Tell(new ModelRegion.Journal(), null);
                break;
            case < 32:
                Deliver();
                break;
            case 32 or 33:
                Move(random.Next(Shards), isPlanned: random.Next(2) == 0);
                break;
            case 34:
                net.Cut(Pick(Addresses));
                break;
            case 35 when !net.Refused.Remove(Pick(Addresses)):
                net.Refused.Add(Pick(Addresses));
                break;
            case 36:
                nodes[Pick(Addresses)].Region.Tell(new ModelRegion.Forget(), null);
                break;
            case 37 when random.Next(3) == 0:
                RestartOwner(Pick(Addresses));
                break;
            case 38:
                files.FailsWrites = !files.FailsWrites;
                break;
            case 39:
                files.FailsSyncs = !files.FailsSyncs;
                break;
            case 40 when random.Next(4) == 0:
                RestartCollector();
                break;
            default:
                for (int i = random.Next(20); i > 0; i--)
                {
                    dispatcher.Step();
                }

                break;
        }
    }

    // Planned: what the owner has applied is journalled in the same instant. Else it is taken away from an owner that goes on, unknowing.
    private void Move(int shardId, bool isPlanned)
    {
        if (isPlanned && Store.Shard(shardId).Owner is { } from && nodes.Values.FirstOrDefault(n => n.Incarnation == from) is { } owner)
        {
            owner.Region.Tell(new ModelRegion.Journal(), null);
            dispatcher.RunUntilIdle();
        }

        string to = Pick(Addresses);
        Store.Assign(shardId, random.Next(5) == 0 ? null : nodes[to].Incarnation);
        Announce();
        if (!isPlanned && random.Next(2) == 0)
        {
            // The owner was cut off: all others hear of it at once, and the new owner has taken what the old one still holds when that comes back.
            Deliver(views.FindLastIndex(v => v.Address == to));
            Deliver(views.FindLastIndex(v => v.Address.Length == 0));
            Advance(random.Next(1, 1_000));
        }
    }

    private void RestartOwner(string address)
    {
        Node before = nodes[address];
        net.Servers.Remove(address);
        net.Cut(address);
        system.Stop(before.Server);
        system.Stop(before.Region);
        dispatcher.RunUntilIdle();
        Store.Kill(before.Incarnation);
        StartOwner(address);
        for (int shard = 0; shard < Shards; shard++)
        {
            if (Store.Shard(shard).Owner == before.Incarnation)
            {
                Store.Assign(shard, random.Next(2) == 0 ? nodes[Pick(Addresses)].Incarnation : null);
            }
        }

        Announce();
        if (address == Addresses[0] && !isAgent)
        {
            RestartCollector(); // they are one process
        }
    }

    private void StartOwner(string address)
    {
        long incarnation = Store.Admit(address);
        IActorRef region = system.ActorOf(Props.Create(() => new ModelRegion(incarnation, Store, Faults)));
        IActorRef peers = system.ActorOf(Props.Create(() => new ModelPeers(net, address, incarnation)));
        IActorRef server = system.ActorOf(StreamServerActor.Props(peers, region, Counters, NullLogger.Instance));
        nodes[address] = new Node(incarnation, region, peers, server);
        dispatcher.RunUntilIdle();
    }

    private void StartCollector()
    {
        catalog = new SeriesCatalog(10_000, (host, _) => int.Parse(host, System.Globalization.CultureInfo.InvariantCulture));
        Node home = nodes[Addresses[0]];
        var setup = new CollectorSetup
        {
            Files = files,
            Options = new WalOptions { SegmentBytes = 4 << 10, IdleRotateBytes = 512, SectionBytesMax = 1 << 10, ShardWindowBytes = 4 << 10 },
            Catalog = catalog,
            Counters = Counters,
            Region = isAgent ? null : home.Region,
            Peers = isAgent ? agentPeers : home.Peers,
            Name = "node",
            Time = dispatcher.Time,
            Random = random,
            Logger = NullLogger.Instance,
        };
        collector = system.ActorOf(Props.Create(() => new CollectorActor(setup)));
        system.EventStream.Subscribe(collector, typeof(MembershipReady));
        system.EventStream.Subscribe(collector, typeof(ClusterViewChanged));
        dispatcher.RunUntilIdle();
        if (!isAgent)
        {
            system.EventStream.Publish(new MembershipReady(home.Incarnation, Guid.Empty));
        }

        system.EventStream.Publish(senderView);
        dispatcher.RunUntilIdle();
    }

    private void Announce()
    {
        ClusterViewChanged view = Store.View();
        views.Add((string.Empty, view));
        views.AddRange(Addresses.Select(a => (a, view)));
    }

    private void Deliver()
    {
        if (views.Count > 0)
        {
            Deliver(random.Next(views.Count)); // in any order: the highest epoch counts
        }
    }

    private void Deliver(int index)
    {
        (string address, ClusterViewChanged view) = views[index];
        views.RemoveAt(index);
        if (address.Length > 0)
        {
            nodes[address].Region.Tell(view, null);
        }
        else if (Faults.Mutation != ModelMutation.SenderHearsNoViews)
        {
            senderView = view.Version > senderView.Version ? view : senderView;
            system.EventStream.Publish(view);
        }
    }

    private void DeliverAll()
    {
        while (views.Count > 0)
        {
            Deliver();
        }

        dispatcher.RunUntilIdle();
    }

    private void Heal()
    {
        Faults.IsOn = false;
        files.FailsWrites = files.FailsSyncs = false;
        net.Refused.Clear();
        for (int shard = 0; shard < Shards; shard++)
        {
            if (Store.Shard(shard).Owner is null)
            {
                Store.Assign(shard, nodes[Pick(Addresses)].Incarnation);
            }
        }

        Announce();
        DeliverAll();
        for (int i = 0; i < 12; i++)
        {
            Advance(6_000);
            Journal();
            Submit(1, waitDurable: false);
        }

        Advance(6_000);
        Journal();
        Advance(6_000);
    }

    private T Pick<T>(T[] choices) => choices[random.Next(choices.Length)];

    private sealed record Node(long Incarnation, IActorRef Region, IActorRef Peers, IActorRef Server);

    private sealed class Source : ReceiveActor
    {
        public Source(HashSet<object> logged)
        {
            Receive<SamplesLogged>(m => Assert.True(logged.Add(m.Tag!), "a batch was answered twice"));
            Receive<SamplesRefused>(m => Assert.DoesNotContain(m.Tag!, logged));
        }
    }
}
