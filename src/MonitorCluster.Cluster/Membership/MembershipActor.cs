using Microsoft.Extensions.Logging;
using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Cluster.Membership;

/// <summary>Joins the cluster, keeps the membership alive, and tells the node through the event stream what became of it.</summary>
/// <remarks>
/// Publishes <see cref="MembershipReady"/>, <see cref="ShardsOwned"/>, <see cref="ClusterViewChanged"/> and at the end one of <see cref="MembershipEvicted"/>,
/// <see cref="MembershipRefused"/>, <see cref="MembershipLeft"/>. All decisions are <see cref="MembershipState"/>'s. Subscribe before making this actor.
/// </remarks>
public sealed partial class MembershipActor : ReceiveActor, IWithTimers
{
    private readonly IActorRef _store;
    private readonly MembershipState _state;
    private readonly ILogger<MembershipActor> _log;
    private readonly List<IActorRef> _waitForLeave = [];
    private MembershipLeft? _left;

    private MembershipActor(IActorRef store, StoreIdentity identity, AdmitRequest node, ILogger<MembershipActor> log)
    {
        _store = store;
        _state = new MembershipState(identity, node);
        _log = log;
        Receive<MembershipTimer>(timer => Step(new MembershipEvent.Elapsed(timer)));
        Receive<StoreReply>(reply => Step(new MembershipEvent.Succeeded((MembershipOperation)reply.Tag!, reply.Result)));
        Receive<StoreFailed>(failed => Step(new MembershipEvent.Failed((MembershipOperation)failed.Tag!, failed.Error)));
        Receive<LeaveCluster>(_ => Leave());
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>How to make the actor.</summary>
    /// <param name="store">The store actor.</param>
    /// <param name="identity">What the store must be.</param>
    /// <param name="node">This node; its data directory is locked.</param>
    /// <param name="log">The log.</param>
    public static Props Props(IActorRef store, StoreIdentity identity, AdmitRequest node, ILogger<MembershipActor> log) =>
        Actors.Props.Create(() => new MembershipActor(store, identity, node, log));

    /// <inheritdoc/>
    protected override void PreStart() => Step(new MembershipEvent.Started());

    private void Leave()
    {
        if (_left is not null)
        {
            Sender.Tell(_left);
            return;
        }

        _waitForLeave.Add(Sender);
        Step(new MembershipEvent.LeaveRequested());
    }

    private void Step(MembershipEvent happened)
    {
        foreach (MembershipEffect effect in _state.Step(happened))
        {
            switch (effect)
            {
                case MembershipEffect.RunStore run:
                    _store.Tell(new StoreCommand(run.Operation.ToString(), run.Run, run.Operation));
                    break;
                case MembershipEffect.SetTimer timer:
                    Timers.StartSingleTimer(timer.Timer, timer.Timer, timer.Delay);
                    break;
                case MembershipEffect.CancelTimers:
                    Timers.CancelAll();
                    break;
                case MembershipEffect.Publish publish:
                    Tell(publish.Message);
                    break;
            }
        }
    }

    private void Tell(object message)
    {
        Log(message);
        Context.System.EventStream.Publish(message);
        if (message is MembershipLeft or MembershipEvicted or MembershipRefused)
        {
            _left = message as MembershipLeft ?? new MembershipLeft(IsRecorded: false);
            _waitForLeave.ForEach(waiter => waiter.Tell(_left));
            _waitForLeave.Clear();
        }
    }

    private void Log(object message)
    {
        switch (message)
        {
            case MembershipReady ready:
                LogActive(ready.Incarnation, ready.ClusterUuid);
                break;
            case ShardsOwned owned:
                LogOwned(owned.Shards.Count);
                break;
            case MembershipEvicted evicted:
                LogEvicted(evicted.Incarnation);
                break;
            case MembershipLeft { IsRecorded: false }:
                LogLeftSilently();
                break;
        }
    }

    [LoggerMessage(EventId = 2010, Level = LogLevel.Information, Message = "Active as incarnation {Incarnation} of cluster {ClusterUuid}")]
    private partial void LogActive(long incarnation, Guid clusterUuid);

    [LoggerMessage(EventId = 2011, Level = LogLevel.Information, Message = "This node owns {Count} shards")]
    private partial void LogOwned(int count);

    [LoggerMessage(EventId = 2012, Level = LogLevel.Error, Message = "Incarnation {Incarnation} was declared dead; this node stops and must be started again")]
    private partial void LogEvicted(long incarnation);

    [LoggerMessage(EventId = 2013, Level = LogLevel.Warning, Message = "Left without the store's knowledge; other nodes will wait for missing heartbeats")]
    private partial void LogLeftSilently();
}
