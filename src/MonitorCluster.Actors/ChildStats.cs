namespace MonitorCluster.Actors;

/// <summary>What a supervisor remembers of one child.</summary>
internal sealed class ChildStats(LocalActorRef child)
{
    public LocalActorRef Child => child;

    public DateTimeOffset WindowStart { get; set; } = DateTimeOffset.MinValue;

    public DateTimeOffset LastRestart { get; set; } = DateTimeOffset.MinValue;

    public int Restarts { get; set; }

    public int Doublings { get; set; }

    /// <summary>The supervisor itself stopped the child: a restart of the supervisor waits for the child's end.</summary>
    public bool IsStopping { get; set; }

    /// <summary>Runs while the child waits for its restart.</summary>
    public ITimer? Backoff { get; set; }
}
