using MonitorCluster.Cluster.Membership;

namespace MonitorCluster.Query;

/// <summary>The newest version of the cluster that this node knows, for questions that are routed by it. Safe for any thread.</summary>
/// <param name="nodeName">This node's name.</param>
internal sealed class RoutingMap(string nodeName)
{
    // Heartbeats come every second; one may be late.
    private static readonly TimeSpan ConfirmedMax = TimeSpan.FromSeconds(2);

    private readonly Lock gate = new();
    private readonly HashSet<TaskCompletionSource> waiting = []; // guarded by gate
    private volatile ClusterRoutes current = ClusterRoutes.Empty;
    private volatile ReachabilityChanged reached = new(new Dictionary<long, bool>());
    private volatile HeartbeatTaken? confirmed;

    /// <summary>The newest version.</summary>
    public ClusterRoutes Current => current;

    /// <summary>Tells membership to read the cluster's version now: somebody knows a newer one. The runtime sets it.</summary>
    public Action<long> LookAgain { get; set; } = _ => { };

    /// <summary>Whether another node answers this one; null where that is not known.</summary>
    public bool? IsReachable(long incarnation) => reached.Members.TryGetValue(incarnation, out bool answers) ? answers : null;

    /// <summary>Takes what membership published.</summary>
    public void Set(ClusterViewChanged view)
    {
        TaskCompletionSource[] told;
        lock (gate)
        {
            if (view.Version < current.Version)
            {
                return;
            }

            current = current.Next(view, nodeName);
            told = [.. waiting];
        }

        foreach (TaskCompletionSource waiter in told)
        {
            waiter.TrySetResult();
        }
    }

    /// <summary>Takes what membership published.</summary>
    public void Set(ReachabilityChanged now) => reached = now;

    /// <summary>Notes that the store was reached.</summary>
    public void Confirm(HeartbeatTaken taken) => confirmed = taken;

    /// <summary>Whether the store was reached within two seconds, and the version that it named then is known.</summary>
    public bool IsConfirmed(TimeProvider time) =>
        confirmed is { } taken && current.Version >= taken.ClusterVersion && time.GetElapsedTime(taken.SentAt) <= ConfirmedMax;

    /// <summary>Completes when a version above <paramref name="version"/> is known, or after a time.</summary>
    public async Task WaitForNewerAsync(long version, TimeSpan atMost, TimeProvider time, CancellationToken cancellationToken)
    {
        // One promise for news, time and end: combinators of tasks would go over the thread pool, and a simulation would leave its thread.
        var first = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (gate)
        {
            if (current.Version > version)
            {
                return;
            }

            waiting.Add(first);
        }

        try
        {
            using ITimer timer = time.CreateTimer(static p => ((TaskCompletionSource)p!).TrySetResult(), first, atMost, Timeout.InfiniteTimeSpan);
            using CancellationTokenRegistration end = cancellationToken.UnsafeRegister(
                static (p, token) => ((TaskCompletionSource)p!).TrySetCanceled(token), first);
            await first.Task;
        }
        finally
        {
            lock (gate)
            {
                waiting.Remove(first);
            }
        }
    }
}
