namespace MonitorCluster.Actors;

/// <summary>A picture of one actor, taken from outside.</summary>
/// <param name="Path">Where it stands.</param>
/// <param name="TypeName">Its class.</param>
/// <param name="Dispatcher">Its dispatcher's name.</param>
/// <param name="MailboxDepth">User messages that wait; approximate while it runs.</param>
/// <param name="Processed">User messages handled in its life; counted at the end of each run.</param>
/// <param name="Restarts">How often it was restarted.</param>
public sealed record ActorInfo(ActorPath Path, string TypeName, string Dispatcher, long MailboxDepth, long Processed, int Restarts);
