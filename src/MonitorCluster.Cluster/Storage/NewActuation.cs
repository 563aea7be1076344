namespace MonitorCluster.Cluster.Storage;

/// <summary>An action that is to be written before it is done.</summary>
/// <param name="Policy">The policy's name.</param>
/// <param name="Revision">The revision of the policy's file.</param>
/// <param name="Target">What it acts on.</param>
/// <param name="Param">What of it.</param>
/// <param name="InitialValue">The value that the target's own configuration has.</param>
/// <param name="OldValue">The value before.</param>
/// <param name="NewValue">The value that it is for.</param>
/// <param name="Reason">Why, for people.</param>
/// <param name="LifeMs">After how many milliseconds it ends by itself.</param>
/// <param name="VerifyInMs">In how many milliseconds it is judged; null when it is not.</param>
/// <param name="VerifyJson">What it is judged by.</param>
/// <param name="Supersedes">The open action on the target whose place it takes; null when there is none.</param>
/// <param name="IsDryRun">Whether it is only noted.</param>
public sealed record NewActuation(
    string Policy, string Revision, string Target, string Param, int InitialValue, int OldValue, int NewValue, string Reason, long LifeMs,
    long? VerifyInMs, string VerifyJson, long? Supersedes, bool IsDryRun);
