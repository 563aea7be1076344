using Microsoft.Extensions.Logging.Abstractions;
using MonitorCluster.Aggregate;
using MonitorCluster.Alert;
using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Sharding;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Cluster.Transport;
using MonitorCluster.Collect;
using MonitorCluster.Query;
using MonitorCluster.Stream;
using MonitorCluster.TimeSeries.Model;
using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Tests.Query;

/// <summary>Several nodes' query parts on one thread under virtual time: real coordinators, servers and codecs; shards, store and network are
/// scripted.</summary>
internal sealed class QueryWorld
{
    private readonly DeterministicDispatcher dispatcher = new(seed: 1);
    private readonly Dictionary<int, ShardOwner> owners = [];
    private readonly Dictionary<long, MemberStatus> statuses = [];
    private long version;

    public QueryWorld(int nodes, int shards, QueryLimits? limits = null)
    {
        System = ActorSystem.Create("test", new ActorSystemSetup { Dispatchers = dispatcher, TimeProvider = dispatcher.Time });
        Limits = limits ?? QueryLimits.Default;
        Shape = new ClusterShape(shards, 1, ShardPlacement.HashId);
        Nodes = [.. Enumerable.Range(1, nodes).Select(n => new QueryNode(this, n))];
        for (int shard = 0; shard < shards; shard++)
        {
            QueryNode owner = Nodes[shard % nodes];
            owners[shard] = new ShardOwner(shard, 1, owner.Incarnation, null, 1);
            owner.Serve(shard, 1, Series(shard));
        }

        Publish();
    }

    public ActorSystem System { get; }

    public QueryLimits Limits { get; }

    public ClusterShape Shape { get; }

    public IReadOnlyList<QueryNode> Nodes { get; }

    public TimeSpan Elapsed { get; private set; }

    /// <summary>The one series of a shard: three samples.</summary>
    public LabelSet Series(int shard) => LabelSet.Create("m", ("host", Host(shard)), ("shard", $"{shard}"));

    /// <summary>A host that belongs to a shard.</summary>
    public string Host(int shard) =>
        Enumerable.Range(0, int.MaxValue).Select(n => $"h{n}").First(h => ShardPlacement.ShardOf(h, "m", Shape.ShardCount, Shape.MetricGroups) == shard);

    /// <summary>Changes owners in the store; nodes learn of it by <see cref="Publish"/>.</summary>
    public void Own(int shard, QueryNode? owner, long epoch, QueryNode? target = null) =>
        owners[shard] = new ShardOwner(shard, epoch, owner?.Incarnation, target?.Incarnation, ++version);

    /// <summary>What a node owns, as the store has it.</summary>
    public IReadOnlyList<ShardEpoch> OwnedBy(QueryNode node) =>
        [.. owners.Values.Where(o => o.Owner == node.Incarnation).OrderBy(o => o.ShardId).Select(o => new ShardEpoch(o.ShardId, o.Epoch))];

    public void Kill(QueryNode node)
    {
        node.Link = LinkState.Cut;
        statuses[node.Incarnation] = MemberStatus.Dead;
    }

    /// <summary>Tells nodes the newest version; all when none is named.</summary>
    public void Publish(params QueryNode[] told)
    {
        var view = new ClusterViewChanged(
            ++version,
            [.. Nodes.Select(n => new MemberRow(
                n.Incarnation, n.Name, n.Address, "", NodeRoles.Aggregator, "1", default,
                statuses.GetValueOrDefault(n.Incarnation, MemberStatus.Active), null, 1, 1))],
            [.. owners.Values.OrderBy(o => o.ShardId)]);
        foreach (QueryNode node in told.Length == 0 ? Nodes : told)
        {
            node.Routes.Set(view);
            node.Routes.Confirm(new HeartbeatTaken(System.TimeProvider.GetTimestamp() + (3_600 * System.TimeProvider.TimestampFrequency), version));
        }
    }

    /// <summary>Does something when so much virtual time has passed.</summary>
    public void After(TimeSpan delay, Action act) => dispatcher.Time.CreateTimer(_ => act(), null, delay, Timeout.InfiniteTimeSpan);

    /// <summary>The nodes' heartbeats do not reach the store any more; until then they do.</summary>
    public void LoseStore(params IEnumerable<QueryNode> nodes)
    {
        foreach (QueryNode node in nodes)
        {
            node.Routes.Confirm(new HeartbeatTaken(System.TimeProvider.GetTimestamp() - (3 * System.TimeProvider.TimestampFrequency), version));
        }
    }

    public T Run<T>(Func<Task<T>> work)
    {
        DateTimeOffset start = dispatcher.Time.GetUtcNow();
        try
        {
            return dispatcher.Run(work, TimeSpan.FromMinutes(2));
        }
        finally
        {
            Elapsed = dispatcher.Time.GetUtcNow() - start;
        }
    }

    /// <summary>The values of all series at the newest instant, by shard.</summary>
    public IReadOnlyDictionary<string, double> Query(QueryNode node, string promql = "m", QueryScope? scope = null)
    {
        Assert.True(PromQlQuery.TryParse(promql, out PromQlQuery query, out _));
        var result = (VectorResult)Run(() => node.Query.EvaluateAsync(query, QueryTimes.At(3_000), scope, CancellationToken.None));
        return result.Samples.ToDictionary(s => s.Labels["shard"], s => s.Value);
    }
}

internal enum LinkState
{
    Up,

    /// <summary>Every question fails at once.</summary>
    Cut,

    /// <summary>Nothing is answered.</summary>
    Silent,

    /// <summary>Pings are answered, legs are not, until the link is up again.</summary>
    Slow,
}

/// <summary>One node of a <see cref="QueryWorld"/>.</summary>
internal sealed class QueryNode
{
    private readonly QueryWorld world;
    private readonly Dictionary<int, LocalShard> shards = [];
    private readonly RegionView region = new();

    public QueryNode(QueryWorld world, int number)
    {
        this.world = world;
        (Incarnation, Name, Address) = (number, $"n{number}", $"10.0.0.{number}:9601");
        Routes = new RoutingMap(Name) { LookAgain = LooksAgain.Add };
        IActorRef peers = world.System.ActorOf(Props.Create(() => new FakePeers(world, Cancelled)), $"peers-{number}");
        IActorRef journal = world.System.ActorOf(Props.Create(() => new FakeJournal(Acts)), $"journal-{number}");
        IActorRef reader = world.System.ActorOf(Props.Create(() => new FakeReader(this)), $"reader-{number}");
        Legs = new LocalLegs(new LegContext(Routes, region, reader, journal, Metrics, world.Limits, TimeSpan.FromSeconds(10), world.System.TimeProvider));
        Gather = new ShardGather(Routes, Legs, new PeerLegs(peers), world.System.TimeProvider);
        Server = world.System.ActorOf(Props.Create(() => new QueryLegServer(Legs, peers, 2, NullLogger.Instance)), $"legs-{number}");
        Query = new QueryService(Gather, world.Shape, world.Limits, 4, TimeSpan.FromSeconds(30));
        Signals = world.System.ActorOf(Props.Create(() => new SignalGatherActor(Gather)), $"signals-{number}");
        Feed = new AlertFeed(reader, Gather, reader) { Committed = Committed.Add };
        Anomalies = new AnomalyFeed(reader, Gather, world.Shape, Feed);
    }

    public long Incarnation { get; }

    public string Name { get; }

    public string Address { get; }

    public LinkState Link { get; set; }

    /// <summary>How many of the next pings get no answer.</summary>
    public int PingsLost { get; set; }

    /// <summary>What happened here, in order.</summary>
    public List<string> Acts { get; } = [];

    public List<long> LooksAgain { get; } = [];

    /// <summary>Requests to other nodes that this one took back.</summary>
    public List<CancelRequest> Cancelled { get; } = [];

    /// <summary>Open alerts in the store, as this node reads them.</summary>
    public List<OpenAlertRow> Stored { get; } = [];

    /// <summary>What the store answers to acknowledgements of the cluster's own alerts, in order.</summary>
    public Queue<long?> Acknowledged { get; } = [];

    /// <summary>Numbers of the log that this node says it has written.</summary>
    public List<long> Committed { get; } = [];

    public MetricCatalog Metrics { get; } = new();

    public IActorRef Signals { get; }

    public RoutingMap Routes { get; }

    public LocalLegs Legs { get; }

    public ShardGather Gather { get; }

    public IActorRef Server { get; }

    public QueryService Query { get; }

    public AlertFeed Feed { get; }

    public AnomalyFeed Anomalies { get; }

    /// <summary>The alert log in the store, as this node reads it; ascending without holes.</summary>
    public List<AlertRecord> Log { get; } = [];

    /// <summary>The shards that the store says this node owns.</summary>
    public IReadOnlyList<ShardEpoch> Owned => world.OwnedBy(this);

    /// <summary>Serves a shard with some series of three samples (the value is the number of the shard's node), or as what else.</summary>
    public void Serve(int shard, long epoch, params LabelSet[] series)
    {
        double value = Incarnation;
        IActorRef actor = world.System.ActorOf(Props.Create(() => new FakeShard(shard, epoch, series, value, Acts)));
        Put(new LocalShard(shard, epoch, LocalShardStatus.Ready, actor));
    }

    /// <summary>Gives a shard another status; its actor stays.</summary>
    public void Become(int shard, LocalShardStatus status) => Put(shards[shard] with { Status = status });

    public void Put(LocalShard shard)
    {
        shards[shard.ShardId] = shard;
        Publish(shard.ShardId, shard);
    }

    public void Drop(int shard)
    {
        shards.Remove(shard);
        Publish(shard, null);
    }

    private void Publish(int shardId, LocalShard? shard) =>
        region.Set([KeyValuePair.Create(shardId, shard)], shards.Count, shards.Values.Count(s => s.Status == LocalShardStatus.Loading), isReady: true);
}

/// <summary>Carries requests between the nodes of a world as their links allow.</summary>
internal sealed class FakePeers : ReceiveActor
{
    public FakePeers(QueryWorld world, List<CancelRequest> cancelled)
    {
        Receive<CancelRequest>(cancelled.Add);
        Receive<ServeRequests>(_ => { });
        Receive<PeerRequest>(request =>
        {
            QueryNode node = world.Nodes.Single(n => n.Address == request.Address);
            var identity = new PeerIdentity(node.Name, node.Incarnation, node.Address, NodeRoles.Aggregator, "1", default);
            switch (node.Link)
            {
                case LinkState.Cut:
                    Sender.Tell(new PeerFailed(request.Tag, PeerFailure.Disconnected, "the link broke"));
                    break;
                case LinkState.Up or LinkState.Slow when request.Kind == RequestKind.Ping && node.PingsLost > 0:
                    node.PingsLost--;
                    Context.System.TimeProvider.CreateTimer(
                        asking => ((IActorRef)asking!).Tell(new PeerFailed(request.Tag, PeerFailure.TimedOut, "late"), null), Sender, request.Timeout,
                        Timeout.InfiniteTimeSpan);
                    break;
                case LinkState.Up or LinkState.Slow when request.Kind == RequestKind.Ping:
                    Sender.Tell(new PeerAnswer(request.Tag, identity, default));
                    break;
                case LinkState.Up:
                    IActorRef asker = Sender;
                    node.Server.Tell(
                        new IncomingRequest(request.Kind, identity, request.Body),
                        Context.ActorOf(Props.Create(() => new Relay(asker, identity))));
                    break;
            }
        });
    }

    private sealed class Relay : ReceiveActor
    {
        public Relay(IActorRef asker, PeerIdentity identity)
        {
            Receive<RequestReply>(m => asker.Tell(new PeerAnswer(null, identity, m.Body)));
            Receive<RequestRefused>(m => asker.Tell(new PeerFailed(null, PeerFailure.Refused, m.Reason)));
        }
    }
}

/// <summary>A shard that holds what it was given; of odd shards everything is unusual.</summary>
internal sealed class FakeShard : ReceiveActor
{
    public FakeShard(int shard, long epoch, LabelSet[] series, double value, List<string> acts)
    {
        Receive<FindSeries>(m => Sender.Tell((IReadOnlyList<FoundSeries>)
        [
            .. series.Select((labels, i) => new FoundSeries(i, labels)).Where(s => m.FixedLabels.All(l => s.Labels[l.Name] == l.Value)),
        ]));
        Receive<PinSeries>(m => Sender.Tell(new PinnedShard(
            shard, 0, false, [.. m.Numbers.Select(n => new PinnedSeries(series[n], n, [], [], [1_000, 2_000, 3_000], [value, value, value], []))])));
        Receive<GetShardStatistics>(_ => Sender.Tell(new ShardStatistics(shard, epoch, series.Length, 1, 3, 1.5, 0, 2, 1_000, 3_000, ["h"])));
        Receive<GetOpenAlerts>(_ => Sender.Tell((IReadOnlyList<AlertRecord>)[Alert.Alerts.Make(series[0], id: $"{shard}-1")]));
        Receive<GetVerdicts>(m => Sender.Tell((IReadOnlyList<SeriesVerdict>)
        [
            .. series.Where(s => (m.Metric is null || s.Metric == m.Metric) && m.FixedLabels.All(l => s[l.Name] == l.Value))
                .Select(s => Verdict(s, shard)).Where(v => m.All || v.Phase == SeriesPhase.Unusual),
        ]));
        Receive<GetMutes>(_ => Sender.Tell((IReadOnlyList<Mute>)
            [new Mute("all", "m", 9, "ann", "", 1), new Mute($"of-{shard}", "m", 9, "ann", "", 1)]));
        Receive<GetSignals>(_ => Sender.Tell((IReadOnlyList<MetricSignals>)
            [new MetricSignals("m", 2, 1, shard % 2, shard % 2 == 1 ? [new SignalHost($"host-{shard}", 1_000 + shard)] : [])]));
        Receive<GiveFeedback>(m =>
        {
            acts.Add($"{shard}: {m.Command.Kind} {m.Command.Id} {m.Command.Selector}{m.Command.Target}");
            bool isFound = m.Command.Target.Length == 0 || m.Command.Target.EndsWith("-1", StringComparison.Ordinal);
            Sender.Tell(new FeedbackGiven(new FeedbackOutcome(isFound, isFound ? 2 : 0)));
        });
        Receive<AcknowledgeAlert>(m =>
        {
            acts.Add($"ack {m.AlertId} by {m.By}: {m.Comment}");
            Sender.Tell(new AlertAcknowledged(m.AlertId, m.AlertId == $"{shard}-1" ? AcknowledgeOutcome.Acknowledged : AcknowledgeOutcome.NotOpen));
        });
    }

    private static SeriesVerdict Verdict(LabelSet labels, int shard) => new()
    {
        Labels = labels,
        Phase = shard % 2 == 1 ? SeriesPhase.Unusual : SeriesPhase.Usual,
        StepSeconds = 5,
        Score = shard,
        Reason = "why",
    };
}

/// <summary>Writes down that it was asked to flush.</summary>
internal sealed class FakeJournal : ReceiveActor
{
    public FakeJournal(List<string> acts) => Receive<FlushAll>(_ =>
    {
        acts.Add("flush");
        Sender.Tell(FlushedAll.Instance);
    });
}

/// <summary>A store that has open alerts, a log of them, owners, and nothing else.</summary>
internal sealed class FakeReader : ReceiveActor
{
    public FakeReader(QueryNode node) => Receive<StoreCommand>(m => Sender.Tell(new StoreReply(m.Name, m.Tag, m.Name switch
    {
        "own-shards" => node.Owned,
        "acknowledge-cluster-alert" => node.Acknowledged.Dequeue(),
        "ended-incidents" => Found(node, a => a.Kind is AlertKind.Incident or AlertKind.Stale && a.Status == AlertStatus.Resolved),
        "incident-history" => Found(node, a => a.Id == "0-5" || a.Incident == "0-5"), // the incident that tests ask for
        _ => (IReadOnlyList<OpenAlertRow>)[.. node.Stored],
    })));

    private static AlertLogPart Found(QueryNode node, Func<AlertRecord, bool> isWanted) => new(
        [.. node.Log.Where(isWanted).Reverse().Select(a => new AlertLogRow(a.Seq!.Value, 0, a.Id, System.Text.Encoding.UTF8.GetString(AlertJson.ToBytes(a))))],
        Next: 0);
}
