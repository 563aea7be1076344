namespace MonitorCluster.Act;

/// <summary>How things stand with a policy.</summary>
public enum PolicyStatus
{
    /// <summary>Another node acts for it, or none does: its shard has no owner now.</summary>
    Elsewhere,

    /// <summary>It has just begun here and has not looked yet.</summary>
    Starting,

    /// <summary>Nothing needs to be done.</summary>
    Watching,

    /// <summary>Something was done at the last look.</summary>
    Acting,

    /// <summary>Something should be done, but a guard rail objects.</summary>
    Refused,

    /// <summary>The optimiser is paused.</summary>
    Paused,

    /// <summary>The watched service or the store does not answer.</summary>
    Unreachable,

    /// <summary>It turned itself off.</summary>
    Off,

    /// <summary>Its file is gone, and what it did is taken back.</summary>
    Retired,
}

/// <summary>A policy and how it stands, as this node knows it. Immutable.</summary>
/// <param name="Name">The policy's name.</param>
/// <param name="File">Its file.</param>
/// <param name="Revision">Its revision.</param>
/// <param name="Endpoint">Where HAProxy's runtime API listens.</param>
/// <param name="Backend">The backend.</param>
/// <param name="IsDryRun">Whether it only notes what it would do.</param>
/// <param name="ShardId">The shard whose owner acts for it.</param>
/// <param name="Owner">The name of the node that acts for it; null when there is none.</param>
/// <param name="IsHere">Whether this node does; only then the rest says anything.</param>
/// <param name="Status">How it stands.</param>
/// <param name="Words">How it stands: what was done or why nothing is, and when that may change; one sentence.</param>
/// <param name="LookedAtMs">When it was looked at last, milliseconds since 1970; null for not yet.</param>
/// <param name="Servers">The backend's servers at the last look.</param>
public sealed record PolicySnapshot(
    string Name, string File, string Revision, string Endpoint, string Backend, bool IsDryRun, int ShardId, string? Owner, bool IsHere, PolicyStatus Status,
    string Words, long? LookedAtMs, IReadOnlyList<WatchedServer> Servers);

/// <summary>A server of a policy's backend at the last look.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Weight">Its weight.</param>
/// <param name="InitialWeight">The weight that HAProxy's configuration has.</param>
/// <param name="IsUp">Whether it takes requests.</param>
/// <param name="LatencySeconds">Its latency; null when there is no fresh value.</param>
public sealed record WatchedServer(string Name, int Weight, int InitialWeight, bool IsUp, double? LatencySeconds);
