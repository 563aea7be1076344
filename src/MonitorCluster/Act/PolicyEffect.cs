using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Act;

/// <summary>Something to be done for a policy, in this order: write an action down, set a value and read it back, note what became of it.</summary>
internal sealed record PolicyEffect
{
    /// <summary>The action to write down; null when there is none, or it is there already.</summary>
    public NewActuation? Begin { get; init; }

    /// <summary>The target whose value is set; null for none.</summary>
    public string? Target { get; init; }

    /// <summary>Its value; null for the initial one.</summary>
    public int? Value { get; init; }

    /// <summary>What is noted then; null for nothing. An <see cref="ActuationChange.ActionId"/> of 0 is the one that was written down.</summary>
    public ActuationChange? Change { get; init; }

    /// <summary>Goes to the alert log with the last thing that is written.</summary>
    public IReadOnlyList<ClusterAlert> Entries { get; init; } = [];

    /// <summary>What it is, one sentence.</summary>
    public required string Words { get; init; }

    /// <summary>Which kind it is, for the counter.</summary>
    public ActuationKind Kind { get; init; }
}

/// <summary>What is counted of actions.</summary>
internal enum ActuationKind
{
    /// <summary>Noted by a dry run.</summary>
    Proposed,

    /// <summary>Done and read back.</summary>
    Applied,

    /// <summary>Judged and kept.</summary>
    Verified,

    /// <summary>Judged harmful and taken back.</summary>
    Reverted,

    /// <summary>Ended with the initial value.</summary>
    Returned,

    /// <summary>Prolonged, since its reason stands.</summary>
    Renewed,

    /// <summary>Never done, or ended by somebody else's hand.</summary>
    Failed,

    /// <summary>Wanted, but a guard rail objected.</summary>
    Refused,
}
