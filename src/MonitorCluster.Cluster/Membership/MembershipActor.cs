using Microsoft.Extensions.Logging;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Cluster.Transport;

namespace MonitorCluster.Cluster.Membership;

/// <summary>Joins the cluster, keeps the membership alive, and tells the node through the event stream what became of it.</summary>
/// <remarks>
/// Publishes <see cref="MembershipReady"/>, <see cref="ClusterViewChanged"/>, <see cref="ReachabilityChanged"/>, <see cref="AlertsSeen"/>,
/// <see cref="LeaveRequested"/> and at the end one of <see cref="MembershipEvicted"/>, <see cref="MembershipRefused"/>, <see cref="MembershipLeft"/>.
/// Serves the requests of kind Join, PingOther and News; those of kind Operate whose body begins with 'm' are to be handed to it, with their sender.
/// All decisions are <see cref="MembershipState"/>'s.
/// Subscribe before making this actor.
/// </remarks>
public sealed partial class MembershipActor : ReceiveActor, IWithTimers
{
    private readonly MembershipSetup setup;
    private readonly MembershipState state;
    private readonly ILogger<MembershipActor> log;
    private readonly TimeProvider time;
    private readonly long started;
    private long heartbeatSentAt;

    private MembershipActor(MembershipSetup setup)
    {
        this.setup = setup;
        log = setup.Logger;
        time = Context.System.TimeProvider;
        started = time.GetTimestamp();
        state = new MembershipState(new MembershipConfig(setup.Identity, setup.Node, setup.Seeds, setup.Timing, setup.Random, time));
        Receive<MembershipTimer>(timer => Step(new MembershipEvent.Elapsed(timer)));
        Receive<StoreReply>(reply =>
        {
            if (reply.Result is HeartbeatResult taken)
            {
                Context.System.EventStream.Publish(new HeartbeatTaken(heartbeatSentAt, taken.ClusterVersion));
            }

            Step(new MembershipEvent.Succeeded((StoreCall)reply.Tag!, reply.Result));
        });
        Receive<StoreFailed>(failed => Step(new MembershipEvent.Failed((StoreCall)failed.Tag!, failed.Error)));
        Receive<PeerAnswer>(answer => Step(new MembershipEvent.Answered((PeerTag)answer.Tag!, answer.Peer, answer.Body)));
        Receive<PeerFailed>(failed => Step(new MembershipEvent.Unanswered((PeerTag)failed.Tag!, failed.Failure, failed.Reason)));
        Receive<IncomingRequest>(request => Step(new MembershipEvent.Asked(request, Sender)));
        Receive<LookAgain>(Wish);
        Receive<ShardsHandedOver>(Wish);
        Receive<TellNews>(Wish);
        Receive<LeaveCluster>(Wish);
        Receive<LeaveNow>(Wish);
        Receive<MoveShard>(Wish);
        Receive<AskToLeave>(Wish);
        Receive<DeclareDead>(Wish);
        Receive<PinShard>(Wish);
        Receive<CarryOut>(Wish);
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>How to make the actor.</summary>
    /// <param name="setup">What it needs.</param>
    public static Props Props(MembershipSetup setup) => Actors.Props.Create(() => new MembershipActor(setup));

    /// <inheritdoc/>
    protected override void PreStart()
    {
        foreach (RequestKind kind in (RequestKind[])[RequestKind.Join, RequestKind.PingOther, RequestKind.News, RequestKind.Operate])
        {
            setup.Peers.Tell(new ServeRequests(kind, Self));
        }

        Step(new MembershipEvent.Started());
    }

    private void Wish(object wish) => Step(new MembershipEvent.Wished(wish, Sender));

    private void Step(MembershipEvent happened)
    {
        foreach (MembershipEffect effect in state.Step(time.GetElapsedTime(started), happened))
        {
            switch (effect)
            {
                case MembershipEffect.RunStore run:
                    heartbeatSentAt = run.Call.Operation == MembershipOperation.Heartbeat ? time.GetTimestamp() : heartbeatSentAt;
                    setup.Store.Tell(new StoreCommand(run.Call.ToString(), run.Run, run.Call));
                    break;
                case MembershipEffect.AskPeer ask:
                    setup.Peers.Tell(ask.Request);
                    break;
                case MembershipEffect.TellPeers tell:
                    setup.Peers.Tell(tell.Message);
                    break;
                case MembershipEffect.Answer answer:
                    answer.Asker.Tell(answer.Message);
                    break;
                case MembershipEffect.SetTimer timer:
                    Timers.StartSingleTimer(timer.Timer, timer.Timer, timer.Delay);
                    break;
                case MembershipEffect.CancelTimers:
                    Timers.CancelAll();
                    break;
                case MembershipEffect.Publish publish:
                    Log(publish.Message);
                    Context.System.EventStream.Publish(publish.Message);
                    break;
                case MembershipEffect.Report report:
                    LogReport(report.IsWarning ? LogLevel.Warning : LogLevel.Information, report.Text);
                    break;
            }
        }
    }

    private void Log(object message)
    {
        switch (message)
        {
            case MembershipReady ready:
                LogActive(ready.Incarnation, ready.ClusterUuid);
                break;
            case MembershipEvicted evicted:
                LogEvicted(evicted.Incarnation);
                break;
            case MembershipLeft { IsRecorded: false }:
                LogLeftSilently();
                break;
            case LeaveRequested leave:
                LogLeaveRequested(leave.By);
                break;
        }
    }

    [LoggerMessage(EventId = 2010, Level = LogLevel.Information, Message = "Active as incarnation {Incarnation} of cluster {ClusterUuid}")]
    private partial void LogActive(long incarnation, Guid clusterUuid);

    [LoggerMessage(EventId = 2012, Level = LogLevel.Error, Message = "Incarnation {Incarnation} was declared dead; this node stops and must be started again")]
    private partial void LogEvicted(long incarnation);

    [LoggerMessage(EventId = 2013, Level = LogLevel.Warning, Message = "Left without the store's knowledge; other nodes will wait for missing heartbeats")]
    private partial void LogLeftSilently();

    [LoggerMessage(EventId = 2014, Level = LogLevel.Information, Message = "Asked to leave by {Node}")]
    private partial void LogLeaveRequested(string node);

    [LoggerMessage(EventId = 2015, Message = "{Text}")]
    private partial void LogReport(LogLevel level, string text);
}
