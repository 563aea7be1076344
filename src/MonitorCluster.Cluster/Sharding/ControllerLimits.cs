namespace MonitorCluster.Cluster.Sharding;

/// <summary>How fast the controller moves shards.</summary>
internal sealed record ControllerLimits
{
    /// <summary>Hand-overs under way in the whole cluster, drains not counted: what moves for balance must not be felt.</summary>
    internal int InFlight { get; init; } = 8;

    /// <summary>Of them to one node, and from one node.</summary>
    internal int InFlightPerNode { get; init; } = 2;

    /// <summary>Hand-overs under way when nodes leave: 340 shards (a third of 1,024) at 100 to 300 ms each take 2 to 7 s of the 30 s that a leaving
    /// node has.</summary>
    internal int DrainInFlight { get; init; } = 16;

    /// <summary>Of them to one node.</summary>
    internal int DrainInFlightPerTarget { get; init; } = 8;

    /// <summary>Assignments in one transaction: no transaction may take over 100 ms (a guess: 20 us for each in SQLite).</summary>
    internal int AssignmentsMax { get; init; } = 4_096;

    /// <summary>How long a new node is left alone before shards move to it.</summary>
    internal TimeSpan Settle { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How long a new controller that does not know whether the cluster is idle leaves members as they are that were there before it: what one gave by
    /// load the next must not even out by number.</summary>
    internal TimeSpan LookFirst { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>A hand-over that takes longer is cancelled.</summary>
    internal TimeSpan MoveTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a shard rests whose hand-over was cancelled.</summary>
    internal TimeSpan Rest { get; init; } = TimeSpan.FromSeconds(60);
}
