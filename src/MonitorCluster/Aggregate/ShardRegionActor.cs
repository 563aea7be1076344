using MonitorCluster.Cluster.Storage;
using MonitorCluster.Stream;

namespace MonitorCluster.Aggregate;

/// <summary>This node's set of shards: opens those it owns when they are wanted, and passes their messages on.</summary>
/// <remarks>A remote owner will sit behind the same messages. Owned shards without data exist only as an entry of the epoch map.</remarks>
internal sealed class ShardRegionActor : ReceiveActor, IWithTimers
{
    // What a collector may have in flight to this node: enough to hide a flush, little enough to bound the mailboxes.
    private const int CreditBytes = 4 * 1024 * 1024;

    private static readonly TimeSpan NotOwnerRetry = TimeSpan.FromMilliseconds(200);

    private readonly Func<int, long, Props> shardProps;
    private readonly IActorRef store;
    private readonly RegionView view;
    private readonly Dictionary<int, long> epochs = [];
    private readonly Dictionary<int, IActorRef> shards = [];
    private readonly HashSet<int> loading = [];
    private readonly Dictionary<Guid, long> collectors = [];
    private Registration? early;

    public ShardRegionActor(Func<int, long, Props> shardProps, IActorRef store, RegionView view)
    {
        (this.shardProps, this.store, this.view) = (shardProps, store, view);
        Receive<OwnShards>(Own);
        Receive<HelloCollector>(hello => Register(new Registration(hello.CollectorId, hello.Name, Sender)));
        Receive<StoreReply>(m => Registered((Registration)m.Tag!, (long)m.Result!));
        Receive<StoreFailed>(_ => { }); // no answer: the collector says hello again after its own time-out
        Receive<OpenShard>(Open);
        Receive<BatchSection>(m => Pass(m.ShardId, m, m.CollectorId, m.Session));
        Receive<ShardReady>(m =>
        {
            loading.Remove(m.ShardId);
            Publish();
        });
        Receive<RegionTick>(_ => Tick());
        Receive<Terminated>(m => Closed(m.ActorRef));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    // A shard that throws is wrong or reads a damaged snapshot. Starting the node again from journal and log repairs all that can be
    // repaired; going on beside a half-applied batch could not be trusted.
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Escalate);

    protected override void PreStart() => Timers.StartPeriodicTimer("tick", RegionTick.Instance, TimeSpan.FromSeconds(1));

    private void Own(OwnShards message)
    {
        foreach ((int shardId, long epoch) in message.Shards)
        {
            epochs[shardId] = epoch;
        }

        if (early is { } registration)
        {
            early = null;
            Register(registration);
        }

        foreach (int shardId in message.WithData.Where(id => !shards.ContainsKey(id)))
        {
            loading.Add(shardId);
            Shard(shardId);
        }

        Publish();
    }

    private void Register(Registration registration)
    {
        // Before membership has opened the store it may have no tables yet. One place is enough: whoever loses it says hello again.
        if (epochs.Count == 0)
        {
            early = registration;
            return;
        }

        store.Tell(new StoreCommand("register-collector", s => s.RegisterCollector(registration.Id, registration.Name), registration));
    }

    private void Registered(Registration registration, long number)
    {
        collectors[registration.Id] = number;
        registration.Collector.Tell(new CollectorWelcome(number, CreditBytes));
    }

    private void Open(OpenShard open)
    {
        if (!collectors.TryGetValue(open.CollectorId, out long number) || !epochs.ContainsKey(open.ShardId))
        {
            Sender.Tell(new NotOwner(open.ShardId, open.CollectorId, open.Session, epochs.GetValueOrDefault(open.ShardId), NotOwnerRetry));
            return;
        }

        Shard(open.ShardId).Tell(new CollectorOpen(open, number), Sender);
    }

    private void Pass(int shardId, object message, Guid collectorId, long session)
    {
        if (shards.TryGetValue(shardId, out IActorRef? shard))
        {
            shard.Tell(message, Sender);
        }
        else
        {
            Sender.Tell(new NotOwner(shardId, collectorId, session, epochs.GetValueOrDefault(shardId), NotOwnerRetry));
        }
    }

    private IActorRef Shard(int shardId)
    {
        if (!shards.TryGetValue(shardId, out IActorRef? shard))
        {
            shard = Context.ActorOf(shardProps(shardId, epochs[shardId]), $"shard-{shardId}");
            Context.Watch(shard);
            shards[shardId] = shard;
            Publish(); // not as loading: nothing was ever stored of it, and what it is asked before it serves waits in its stash
        }

        return shard;
    }

    // A shard stops by itself only when it is fenced: this node does not own it any more.
    private void Closed(IActorRef shard)
    {
        foreach (int shardId in shards.Where(s => s.Value.Equals(shard)).Select(s => s.Key).ToArray())
        {
            shards.Remove(shardId);
            epochs.Remove(shardId);
            loading.Remove(shardId);
        }

        Publish();
    }

    private void Tick()
    {
        var tick = new ShardTick(Context.System.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds());
        foreach (IActorRef shard in shards.Values)
        {
            shard.Tell(tick);
        }
    }

    private void Publish() => view.Set([.. epochs.OrderBy(e => e.Key).Select(e => new LocalShard(e.Key, e.Value, StatusOf(e.Key), shards.GetValueOrDefault(e.Key)))]);

    private LocalShardStatus StatusOf(int shardId) => loading.Contains(shardId) ? LocalShardStatus.Loading
        : shards.ContainsKey(shardId) ? LocalShardStatus.Ready : LocalShardStatus.Empty;

    private sealed record Registration(Guid Id, string Name, IActorRef Collector);

    private sealed class RegionTick
    {
        public static readonly RegionTick Instance = new();
    }
}

/// <summary>This node owns shards.</summary>
/// <param name="Shards">Shard and epoch.</param>
/// <param name="WithData">Those that the store has data of: they are opened at once.</param>
internal sealed record OwnShards(IReadOnlyList<(int ShardId, long Epoch)> Shards, IReadOnlyList<int> WithData);
