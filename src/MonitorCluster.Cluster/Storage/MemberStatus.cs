namespace MonitorCluster.Cluster.Storage;

/// <summary>A member's status; it only ever rises.</summary>
public enum MemberStatus
{
    /// <summary>Admitted, not yet active.</summary>
    Joining = 1,

    /// <summary>Takes part in everything.</summary>
    Active = 2,

    /// <summary>Giving its shards away before it stops.</summary>
    Leaving = 3,

    /// <summary>Stopped, replaced or evicted; its shards may be taken.</summary>
    Dead = 4,
}
