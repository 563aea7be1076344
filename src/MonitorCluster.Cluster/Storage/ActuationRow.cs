namespace MonitorCluster.Cluster.Storage;

/// <summary>One action on a watched service. Times are by the database's clock, as of the read.</summary>
/// <param name="ActionId">Its number; it only rises.</param>
/// <param name="Policy">The policy's name.</param>
/// <param name="Revision">The revision of the policy's file.</param>
/// <param name="Target">What it acts on.</param>
/// <param name="Param">What of it.</param>
/// <param name="InitialValue">The value that the target's own configuration has.</param>
/// <param name="OldValue">The value before.</param>
/// <param name="NewValue">The value that it is for.</param>
/// <param name="Owner">The member that decided it.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Reason">Why, for people; and why it ended.</param>
/// <param name="AgeMs">Milliseconds since it was decided.</param>
/// <param name="LeftMs">Milliseconds until it ends by itself; negative when that is over.</param>
/// <param name="VerifyInMs">Milliseconds until it is judged; negative when it is due; null when it is not to be judged.</param>
/// <param name="VerifyJson">What it is judged by, and how it was judged.</param>
/// <param name="EndedMs">Milliseconds since it was over; null while it is open.</param>
public sealed record ActuationRow(
    long ActionId, string Policy, string Revision, string Target, string Param, int InitialValue, int OldValue, int NewValue, long Owner,
    ActuationState State, string Reason, long AgeMs, long LeftMs, long? VerifyInMs, string VerifyJson, long? EndedMs)
{
    /// <summary>Whether it is not over.</summary>
    public bool IsOpen => State < ActuationState.Superseded;
}
