namespace MonitorCluster.Cluster.Storage;

/// <summary>What a vote against a member came to.</summary>
/// <param name="IsDead">True when the member is dead now, by this vote or before it.</param>
/// <param name="Votes">Votes of active members against it that still count.</param>
/// <param name="Needed">Votes that end it: two, or one when fewer than three members are active.</param>
public readonly record struct VoteResult(bool IsDead, int Votes, int Needed);
