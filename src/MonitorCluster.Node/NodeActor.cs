using MonitorCluster.Aggregate;
using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Node;

/// <summary>Ties the node's parts together: what membership says reaches journal and retention, what the journal commits becomes news for everybody.</summary>
internal sealed class NodeActor : ReceiveActor, IWithTimers
{
    /// <summary>
    /// What it listens to. The runtime subscribes it before it makes the membership actor: an actor subscribes itself only when it runs for the
    /// first time, and by then the news may be out.
    /// </summary>
    public static readonly IReadOnlyList<Type> Events =
    [
        typeof(MembershipReady), typeof(ClusterViewChanged), typeof(MembershipEvicted), typeof(MembershipRefused), typeof(LeaveRequested),
        typeof(ReachabilityChanged), typeof(HeartbeatTaken), typeof(AlertsCommitted), typeof(AlertLogSpan), typeof(AlertsSeen),
    ];

    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(200);

    private static readonly TimeSpan CountDelay = TimeSpan.FromSeconds(1);

    private readonly NodeRuntime node;

    public NodeActor(NodeRuntime node)
    {
        this.node = node;
        Receive<MembershipReady>(m =>
        {
            node.Journal.Tell(m);
            node.Retention.Tell(m);
            AskAlertLog();
        });
        Receive<ClusterViewChanged>(m => node.View = m);
        Receive<ReachabilityChanged>(node.Routes.Set);
        Receive<HeartbeatTaken>(m => node.Routes.Confirm(m));
        Receive<MembershipEvicted>(m => node.End(NodeExit.Evicted, [$"incarnation {m.Incarnation} of this node was declared dead"]));
        Receive<MembershipRefused>(m => node.End(m.MayRetry ? NodeExit.Evicted : NodeExit.Configuration, m.Reasons));
        Receive<LeaveRequested>(m => node.AskToStop($"node {m.By} asks this node to leave"));
        Receive<AlertLogSpan>(m => node.Feed.Announce(m.Last));
        Receive<AlertsCommitted>(m =>
        {
            node.Membership.Tell(new TellNews(m.LastSequence));
            Announce(m.LastSequence);
        });
        Receive<AlertsSeen>(m => Announce(m.LastSequence));
        Receive<CountAlerts>(count => node.Reader.Tell(new StoreCommand("count-alerts", s => s.OpenAlerts().CountBy(a => a.State).ToDictionary(), count)));
        Receive<StoreReply>(Read);
        Receive<StoreFailed>(m =>
        {
            if (m.Tag is CountAlerts)
            {
                CountAlertsSoon();
            }
            else
            {
                Timers.StartSingleTimer("retry", Retry.Instance, RetryDelay);
            }
        });
        Receive<Retry>(_ => AskAlertLog());
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private void AskAlertLog() => node.Reader.Tell(new StoreCommand("last-alert", s => s.LastAlertSequence()));

    private void Announce(long lastSequence)
    {
        node.Feed.Announce(lastSequence);
        CountAlertsSoon();
    }

    // For the own metrics: at most once a second, however often alerts change.
    private void CountAlertsSoon()
    {
        if (!Timers.IsTimerActive(CountAlerts.Instance))
        {
            Timers.StartSingleTimer(CountAlerts.Instance, CountAlerts.Instance, CountDelay);
        }
    }

    private void Read(StoreReply reply)
    {
        if (reply.Tag is CountAlerts)
        {
            node.Feed.OpenByState = (Dictionary<AlertState, int>)reply.Result!;
        }
        else
        {
            Announce((long)reply.Result!);
        }
    }

    private sealed class CountAlerts
    {
        public static readonly CountAlerts Instance = new();
    }

    private sealed class Retry
    {
        public static readonly Retry Instance = new();
    }
}

/// <summary>The program's exit codes.</summary>
internal enum NodeExit
{
    /// <summary>Stopped as asked.</summary>
    Ok = 0,

    /// <summary>The program is wrong; a person must look.</summary>
    Failed = 70,

    /// <summary>The command line cannot be read.</summary>
    Usage = 64,

    /// <summary>The cluster went on without this node, or it cannot reach it; start it again.</summary>
    Evicted = 75,

    /// <summary>The configuration, the store or a listener is refused; starting again does not help.</summary>
    Configuration = 78,
}
