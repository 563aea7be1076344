using Microsoft.Extensions.Logging;
using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Cluster.Transport;
using MonitorCluster.Stream;

namespace MonitorCluster.Aggregate;

/// <summary>What a region needs.</summary>
/// <param name="Shards">How to make a shard's actor.</param>
/// <param name="Loader">Where collectors are registered, aside from the journal's writes, and where it is asked which shards have data.</param>
/// <param name="Journal">Hands over shards that have no actor.</param>
/// <param name="Peers">The way to other nodes.</param>
/// <param name="View">Where it publishes what it has.</param>
/// <param name="Counters">The node's counts.</param>
/// <param name="Logger">For the rare line.</param>
internal sealed record RegionSetup(
    Func<ShardRecipe, Props> Shards, IActorRef Loader, IActorRef Journal, IActorRef Peers, RegionView View, AggregateCounters Counters,
    ILogger Logger);

/// <summary>
/// This node's set of shards, the mailbox round <see cref="RegionState"/>: it follows the cluster's view, and passes the collectors' messages on.
/// </summary>
/// <remarks>
/// It must be subscribed to <see cref="MembershipReady"/> and <see cref="ClusterViewChanged"/> before membership begins, and publishes
/// <see cref="LookAgain"/> and <see cref="ShardsHandedOver"/> for membership on the event stream.
/// </remarks>
internal sealed partial class ShardRegionActor : ReceiveActor, IWithTimers
{
    /// <summary>
    /// Messages that may wait for the region, or for a shard. The collectors' credit is what bounds them, and this is over the smallest sections that fit into
    /// it: were the limit reached by samples, what membership and journal say would be lost with them.
    /// </summary>
    public const int MailboxMax = 4 << 20;

    // Elsewhere or nowhere: a map with the owner comes on its own. Here soon: a load takes some tens of milliseconds.
    private static readonly TimeSpan NotOwnerRetry = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan ComingRetry = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan GrantTimeout = TimeSpan.FromSeconds(2);

    private readonly RegionSetup setup;
    private readonly ILogger logger;
    private readonly RegionState state = new();
    private readonly Dictionary<long, IActorRef> actors = [];
    private readonly Dictionary<IActorRef, long> instances = [];
    private readonly Dictionary<long, ShardMeter> meters = [];
    private readonly Dictionary<int, IActorRef> serving = []; // the owned shards that have an actor
    private readonly CollectorTable collectors = new();
    private Registration? early;
    private long startedAt;

    public ShardRegionActor(RegionSetup setup)
    {
        (this.setup, logger) = (setup, setup.Logger);
        Receive<BatchSection>(Pass);
        Receive<OpenShard>(Open);
        Receive<HelloCollector>(hello => Register(new Registration(hello.CollectorId, hello.Name, Sender)));
        Receive<StoreReply>(Answered);
        Receive<StoreFailed>(m =>
        {
            if (m.Tag is Registration registration)
            {
                collectors.Failed(registration.Id); // it says hello again after its own time-out
            }
            else
            {
                state.TakeNoAnswer(NowMs);
            }
        });
        Handle<MembershipReady>(Join);
        Handle<ClusterViewChanged>(state.TakeView);
        Handle<ShardReady>(_ => state.TakeReady(Instance));
        Handle<ShardUnreadable>(_ => state.TakeUnreadable(Instance));
        Handle<ShardWarmed>(m => state.TakeWarmed(Instance, m.Jseq));
        Handle<MoveBegun>(m => state.TakeMoveBegun(Instance, m.MoveId));
        Handle<HandOverEnded>(m => state.TakeHandOverEnded(m, Instance, NowMs));
        Handle<Terminated>(m => Ended(m.ActorRef));
        Handle<RegionTick>(_ => Tick());
        Handle<IncomingRequest>(Serve);
        Handle<PeerAnswer>(WarmAnswered);
        Handle<PeerFailed>(WarmFailed);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private long NowMs => (long)Context.System.TimeProvider.GetElapsedTime(startedAt).TotalMilliseconds;

    private long Instance => instances.GetValueOrDefault(Sender);

    // A shard that throws is wrong. Starting the node again from journal and log repairs all that can be repaired; going on beside a
    // half-applied batch could not be trusted. (Bytes of the store that cannot be read end in no exception: ShardActor.Opening.cs.)
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Escalate);

    protected override void PreStart()
    {
        startedAt = Context.System.TimeProvider.GetTimestamp();
        Timers.StartPeriodicTimer("tick", RegionTick.Instance, TimeSpan.FromSeconds(1));
        setup.Peers.Tell(new ServeRequests(RequestKind.Warm, Self));
        setup.Peers.Tell(new ServeRequests(RequestKind.Grant, Self));
    }

    private void Handle<T>(Action<T> handler) => Receive<T>(message =>
    {
        handler(message);
        Settle();
    });

    private void Join(MembershipReady ready)
    {
        state.Join(ready.Incarnation);
        if (early is { } registration)
        {
            early = null;
            Register(registration);
        }
    }

    private void Register(Registration registration)
    {
        // Before membership has opened the store it may have no tables yet. One place is enough: whoever loses it says hello again.
        if (state.Incarnation == 0)
        {
            early = registration;
            return;
        }

        if (collectors.TryFind(registration.Id, out long number))
        {
            registration.Collector.Tell(new CollectorWelcome(number, collectors.CreditBytes));
        }
        else if (collectors.MustAsk(registration.Id, registration.Collector, NowMs))
        {
            setup.Loader.Tell(new StoreCommand("register-collector", s => s.RegisterCollector(registration.Id, registration.Name), registration));
        }
    }

    private void Answered(StoreReply reply)
    {
        if (reply.Tag is Registration registration)
        {
            long number = (long)reply.Result!;
            collectors.Answered(registration.Id, number)?.Tell(new CollectorWelcome(number, collectors.CreditBytes));
        }
        else
        {
            state.TakeWithData((IReadOnlyList<int>)reply.Result!);
            Settle();
        }
    }

    private void Open(OpenShard open)
    {
        if (!collectors.TryFind(open.CollectorId, out long number))
        {
            Refuse(open.ShardId, open.CollectorId, open.Session);
            return;
        }

        if (state.Use(open.ShardId) != 0)
        {
            Settle();
        }

        if (serving.TryGetValue(open.ShardId, out IActorRef? shard))
        {
            shard.Tell(new CollectorOpen(open, number), Sender); // until the shard is loaded it waits there
        }
        else
        {
            Refuse(open.ShardId, open.CollectorId, open.Session);
        }
    }

    private void Pass(BatchSection section)
    {
        if (serving.TryGetValue(section.ShardId, out IActorRef? shard))
        {
            shard.Tell(section, Sender);
        }
        else
        {
            Refuse(section.ShardId, section.CollectorId, section.Session);
        }
    }

    private void Refuse(int shardId, Guid collectorId, long session) => Sender.Tell(new NotOwner(
        shardId, collectorId, session, state.EpochOf(shardId), state.IsComing(shardId) ? ComingRetry : NotOwnerRetry));

    private void Ended(IActorRef shard)
    {
        if (instances.Remove(shard, out long instance))
        {
            actors.Remove(instance);
            meters.Remove(instance);
            state.TakeEnded(instance, NowMs);
        }
    }

    private void Tick()
    {
        var tick = new ShardTick(Context.System.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds());
        foreach (IActorRef shard in serving.Values)
        {
            shard.Tell(tick);
        }

        state.Tick(NowMs);
    }

    private void Serve(IncomingRequest request)
    {
        if (request.Kind == RequestKind.Warm && WarmRequest.Read(request.Body.Span) is { } warm)
        {
            state.TakeWarmRequest(warm, Sender, NowMs);
        }
        else if (request.Kind == RequestKind.Grant && GrantRequest.Read(request.Body.Span) is { } grant)
        {
            state.TakeGrant(grant);
            Sender.Tell(new RequestReply(ReadOnlyMemory<byte>.Empty));
        }
        else
        {
            Sender.Tell(new RequestRefused($"no such {request.Kind} request"));
        }
    }

    private void WarmAnswered(PeerAnswer answer)
    {
        if (answer.Tag is not WarmRequest request)
        {
            return;
        }

        if (WarmAnswer.Read(answer.Body.Span) is { Jseq: not null })
        {
            state.TakeWarmAnswer(request.ShardId, request.MoveId);
        }
        else
        {
            LogUnreadableThere(request.ShardId, answer.Peer.Name);
            state.TakeWarmUnreadable(request.ShardId, request.MoveId);
        }
    }

    private void WarmFailed(PeerFailed failed)
    {
        if (failed.Tag is not WarmRequest request)
        {
            return;
        }

        LogNotWarmed(request.ShardId, failed.Reason);
        if (failed.Failure == PeerFailure.Refused)
        {
            state.TakeWarmAnswer(request.ShardId, request.MoveId);
        }
        else
        {
            state.TakeNoWarmAnswer(request.ShardId, request.MoveId);
        }
    }

    private void Settle()
    {
        state.Advance(NowMs);
        foreach (RegionEffect effect in state.TakeEffects())
        {
            Run(effect);
        }

        Publish();
    }

    private void Run(RegionEffect effect)
    {
        switch (effect)
        {
            case RegionEffect.OpenActor open:
                var meter = new ShardMeter(Context.System.TimeProvider);
                Props props = setup.Shards(open.Recipe with { Meter = meter }).WithMailboxLimit(MailboxMax).WithRunMeter(meter.Runs);
                IActorRef made = Context.Watch(Context.ActorOf(props, $"shard-{open.Recipe.ShardId}-{open.Instance}"));
                (actors[open.Instance], instances[made], meters[open.Instance]) = (made, open.Instance, meter);
                break;
            case RegionEffect.StopActor stop when actors.Remove(stop.Instance, out IActorRef? shard):
                instances.Remove(shard);
                meters.Remove(stop.Instance);
                Context.Stop(shard);
                break;
            case RegionEffect.TellActor tell when actors.TryGetValue(tell.Instance, out IActorRef? shard):
                shard.Tell(tell.Message);
                break;
            case RegionEffect.AskWithData:
                setup.Loader.Tell(new StoreCommand("shards-with-data", s => s.ShardsWithData()));
                break;
            case RegionEffect.AskWarm ask:
                setup.Peers.Tell(new PeerRequest(ask.Address, RequestKind.Warm, ask.Request.ToBytes(), RegionState.WarmTimeout, ask.Request));
                break;
            case RegionEffect.SendGrant grant:
                setup.Peers.Tell(new PeerRequest(grant.Address, RequestKind.Grant, grant.Request.ToBytes(), GrantTimeout));
                break;
            case RegionEffect.AnswerWarm answer:
                answer.Asker.Tell(answer.Answer is { } loaded ? new RequestReply(loaded.ToBytes()) : new RequestRefused(answer.Reason));
                break;
            case RegionEffect.HandOverEmpty empty:
                setup.Journal.Tell(empty.Message);
                break;
            case RegionEffect.LookAgain look:
                Context.System.EventStream.Publish(new LookAgain(look.Version));
                break;
            case RegionEffect.TellHandedOver:
                Context.System.EventStream.Publish(new ShardsHandedOver());
                break;
            case RegionEffect.Violated violated:
                setup.Counters.AddInvariantViolation();
                LogViolated(violated.What);
                break;
        }
    }

    private void Publish()
    {
        IReadOnlyList<int> changed = state.TakeChanged();
        var shards = new List<KeyValuePair<int, LocalShard?>>(changed.Count);
        foreach (int shardId in changed)
        {
            (LocalShard? shard, IActorRef? actor) = state.Describe(shardId) is { } described
                ? (described.Shard with { Meter = meters.GetValueOrDefault(described.Actor) }, actors.GetValueOrDefault(described.Actor))
                : (null, null);
            if (actor is not null && shard!.Status != LocalShardStatus.Released)
            {
                serving[shardId] = actor;
            }
            else
            {
                serving.Remove(shardId);
            }

            bool canAnswer = shard?.Status is LocalShardStatus.Ready or LocalShardStatus.Released;
            shards.Add(KeyValuePair.Create(shardId, shard is null ? null : shard with { Ref = canAnswer ? actor : null }));
        }

        if (shards.Count > 0 || setup.View.IsReady != state.IsReady)
        {
            setup.View.Set(shards, state.Owned, state.Loading, state.IsReady);
        }
    }

    [LoggerMessage(EventId = 4301, Level = LogLevel.Error, Message = "{What}: this should never be; the shard or the view is left aside")]
    private partial void LogViolated(string what);

    [LoggerMessage(EventId = 4303, Level = LogLevel.Warning, Message = "Shard {ShardId} stays here: {Node} cannot read what is stored of it")]
    private partial void LogUnreadableThere(int shardId, string node);

    [LoggerMessage(EventId = 4302, Level = LogLevel.Debug, Message = "Shard {ShardId} is to move to a node that has not loaded it: {Reason}")]
    private partial void LogNotWarmed(int shardId, string reason);

    private sealed record Registration(Guid Id, string Name, IActorRef Collector);

    private sealed class RegionTick
    {
        public static readonly RegionTick Instance = new();
    }
}
