using Microsoft.Extensions.Logging.Abstractions;
using MonitorCluster.Stream;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.SimulationTests.Stream;

/// <summary>Collector, WAL and sender under power losses, full disks, lost and repeated messages, crashing owners: one seed, one schedule.</summary>
public sealed class StreamModelTests
{
    private const int Seeds = 120;

    [Fact]
    public void RandomSchedules_EveryAcknowledgedSample_IsJournalledExactlyOnceAndInOrder()
    {
        int acknowledged = 0;
        for (int seed = 1; seed <= Seeds; seed++)
        {
            try
            {
                acknowledged += new World(seed).Run();
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"seed {seed}", e);
            }
        }

        Assert.True(acknowledged > Seeds * 20, $"only {acknowledged} batches were acknowledged: the schedules test nothing");
    }

    [Fact]
    public void OwnerKnowsMoreThanTheLog_CollectorTakesANewIdentityAndSendsAll()
    {
        var world = new World(5) { Owner = { IsFaulty = false } };
        world.Start();
        world.Submit(30, waitDurable: false);
        world.Advance(2_000);
        world.Owner.Crash();
        // As if the log's disk were restored from an image: the owner has sections that the log never numbered.
        world.Owner.Shard(1, world.CollectorId).TryApply(new BatchSection(1, world.CollectorId, 0, 99, 1, default, default));

        world.RestartNode();
        world.Advance(10_000);
        world.Journal();

        Assert.Equal(1, world.Counters.IdentitiesMintedTotal);
        world.CheckArrived(mayDouble: true); // which sections had arrived is not known any more: owners drop a sample of the same series and time
    }

    private sealed class World
    {
        private const int Shards = 3;
        private readonly Random random;
        private readonly DeterministicDispatcher dispatcher;
        private readonly ActorSystem system;
        private readonly MemoryWalFiles files;
        private readonly IActorRef region;
        private readonly IActorRef source;
        private readonly List<(object Tag, double[] Values)> submitted = [];
        private readonly HashSet<object> logged = [];
        private readonly List<Exception> violations = [];
        private SeriesCatalog catalog = null!;
        private IActorRef collector = null!;
        private double nextValue;

        public World(int seed)
        {
            random = new Random(seed);
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
            Owner = new ModelOwner(random);
            region = system.ActorOf(Props.Create(() => new ModelRegion(Owner)), "region");
            source = system.ActorOf(Props.Create(() => new Source(logged)), "source");
        }

        public ModelOwner Owner { get; }

        public StreamCounters Counters { get; } = new();

        public Guid CollectorId => Guid.Parse(System.Text.Encoding.ASCII.GetString(files.ReadIdentity()!));

        public int Run()
        {
            Start();
            for (int step = 0; step < 150; step++)
            {
                switch (random.Next(30))
                {
                    case < 16:
                        Submit(random.Next(1, 60), waitDurable: random.Next(8) == 0);
                        break;
                    case < 23:
                        Advance(random.Next(1, 400));
                        break;
                    case < 25:
                        region.Tell(new ModelRegion.Journal(), null);
                        break;
                    case 25:
                        Owner.Crash();
                        break;
                    case 26:
                        files.FailsWrites = !files.FailsWrites;
                        break;
                    case 27:
                        files.FailsSyncs = !files.FailsSyncs;
                        break;
                    case 28 when random.Next(3) == 0:
                        RestartNode();
                        break;
                    default:
                        for (int i = random.Next(20); i > 0; i--)
                        {
                            dispatcher.Step();
                        }

                        break;
                }
            }

            Heal();
            CheckArrived();
            Assert.Empty(Owner.DictionaryRefusals);
            Assert.Equal(0, Counters.SectionsLostTotal);
            Assert.Equal(0, Counters.IdentitiesMintedTotal);
            Assert.InRange(files.Segments.Count(), 0, 2); // all is journalled, so the log is given back but for the newest segments
            return logged.Count;
        }

        public void Start()
        {
            catalog = new SeriesCatalog(10_000, (host, _) => int.Parse(host, System.Globalization.CultureInfo.InvariantCulture));
            var setup = new CollectorSetup
            {
                Files = files,
                Options = new WalOptions { SegmentBytes = 4 << 10, IdleRotateBytes = 512, SectionBytesMax = 1 << 10, ShardWindowBytes = 4 << 10 },
                Catalog = catalog,
                Counters = Counters,
                Region = region,
                Name = "node",
                Time = dispatcher.Time,
                Random = random,
                Logger = NullLogger.Instance,
            };
            collector = system.ActorOf(Props.Create(() => new CollectorActor(setup)));
            dispatcher.RunUntilIdle();
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
            region.Tell(new ModelRegion.Journal(), null);
            dispatcher.RunUntilIdle();
        }

        // Power loss: the actors are gone wherever they were, and with them what the disk had not synced.
        public void RestartNode()
        {
            system.Stop(collector);
            dispatcher.RunUntilIdle();
            files.Crash();
            files.FailsWrites = files.FailsSyncs = false;
            Start();
        }

        public void CheckArrived(bool mayDouble = false)
        {
            double[] arrived = [.. Owner.JournalledValues];
            Assert.Empty(violations);
            Assert.True(mayDouble || arrived.Length == arrived.Distinct().Count(), "samples are doubled");
            double[] missing = [.. submitted.Where(s => logged.Contains(s.Tag)).SelectMany(s => s.Values).Except(arrived)];
            Assert.True(missing.Length == 0, $"{missing.Length} acknowledged samples are lost, the first is {missing.FirstOrDefault()}");
            foreach (ModelShard shard in Owner.Shards.Values)
            {
                Assert.Equal(shard.Journalled.Order(), shard.Journalled);
            }
        }

        private void Heal()
        {
            Owner.IsFaulty = false;
            files.FailsWrites = files.FailsSyncs = false;
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
    }

    private sealed class Source : ReceiveActor
    {
        public Source(HashSet<object> logged)
        {
            Receive<SamplesLogged>(m => Assert.True(logged.Add(m.Tag!), "a batch was answered twice"));
            Receive<SamplesRefused>(m => Assert.DoesNotContain(m.Tag!, logged));
        }
    }
}
