using MonitorCluster.Aggregate;
using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Node;

/// <summary>Ties the node's parts together: what membership says becomes shards to own, what the journal commits becomes news for subscribers.</summary>
internal sealed class NodeActor : ReceiveActor, IWithTimers
{
    /// <summary>
    /// What it listens to. The runtime subscribes it before it makes the membership actor: an actor subscribes itself only when it runs for the
    /// first time, and by then the news may be out.
    /// </summary>
    public static readonly IReadOnlyList<Type> Events =
    [
        typeof(MembershipReady), typeof(ClusterViewChanged), typeof(MembershipEvicted), typeof(MembershipRefused),
        typeof(AlertsCommitted), typeof(AlertLogSpan),
    ];

    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(200);

    private static readonly TimeSpan CountDelay = TimeSpan.FromSeconds(1);

    private readonly NodeRuntime node;
    private long incarnation;
    private List<(int ShardId, long Epoch)>? owned;

    public NodeActor(NodeRuntime node)
    {
        this.node = node;
        Receive<MembershipReady>(m =>
        {
            incarnation = m.Incarnation;
            node.Journal.Tell(m);
            node.Retention.Tell(m);
        });
        Receive<AlertLogSpan>(m => node.Feed.Announce(m.Oldest, m.Last));
        Receive<ClusterViewChanged>(Look);
        Receive<MembershipEvicted>(m => node.End(NodeExit.Evicted, [$"incarnation {m.Incarnation} of this node was declared dead"]));
        Receive<MembershipRefused>(m => node.End(m.MayRetry ? NodeExit.Evicted : NodeExit.Configuration, m.Reasons));
        Receive<AlertsCommitted>(m =>
        {
            node.Feed.Announce(m.LastSequence);
            CountAlertsSoon();
        });
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
        Receive<Retry>(_ => AskWithData());
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private void Look(ClusterViewChanged view)
    {
        node.View = view;
        List<(int ShardId, long Epoch)> mine = [.. view.ShardOwners.Where(s => s.Owner == incarnation).Select(s => (s.ShardId, s.Epoch))];
        if (owned is null || !owned.SequenceEqual(mine))
        {
            owned = mine;
            AskWithData();
        }
    }

    private void AskWithData() => node.Store.Tell(new StoreCommand(
        "shards-with-data", s => new Opening(s.ShardsWithData(), s.OldestAlertSequence(), s.LastAlertSequence())));

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
            Open((Opening)reply.Result!);
        }
    }

    private void Open(Opening opening)
    {
        CountAlertsSoon();
        node.Feed.Announce(opening.OldestAlert, opening.LastAlert);
        var mine = owned!.Select(s => s.ShardId).ToHashSet();
        node.Region.Tell(new OwnShards([.. owned!], [.. opening.WithData.Where(mine.Contains)]));
    }

    private sealed record Opening(IReadOnlyList<int> WithData, long OldestAlert, long LastAlert);

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

    /// <summary>The cluster went on without this node; start it again.</summary>
    Evicted = 75,

    /// <summary>The configuration, the store or a listener is refused; starting again does not help.</summary>
    Configuration = 78,
}
