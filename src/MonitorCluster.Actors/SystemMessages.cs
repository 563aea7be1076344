namespace MonitorCluster.Actors;

/// <summary>What the runtime tells itself: before all user messages, exempt from limits and suspension.</summary>
internal abstract class SystemMessage
{
    /// <summary>The next older one while it waits in a mailbox. A message is posted once.</summary>
    public SystemMessage? Next { get; set; }
}

/// <summary>Makes the first instance.</summary>
internal sealed class CreateMessage : SystemMessage;

/// <summary>Ends the actor and its children.</summary>
internal sealed class TerminateMessage : SystemMessage;

/// <summary>The supervisor failed: hold user messages back.</summary>
internal sealed class SuspendMessage : SystemMessage;

/// <summary>Goes on with the same instance.</summary>
/// <param name="ofOwnFailure">True: the answer to the actor's own failure. False: the supervisor, which had failed, goes on.</param>
internal sealed class ResumeMessage(bool ofOwnFailure) : SystemMessage
{
    public bool OfOwnFailure => ofOwnFailure;
}

/// <summary>Goes on with a new instance.</summary>
/// <param name="cause">Why.</param>
/// <param name="incarnation">Which instance to replace; a message for an older one is out of date.</param>
internal sealed class RecreateMessage(Exception cause, int? incarnation) : SystemMessage
{
    public Exception Cause => cause;

    public int? Incarnation => incarnation;
}

/// <summary>A child failed and waits suspended for its supervisor's decision.</summary>
internal sealed class FailedMessage(LocalActorRef child, Exception cause, int incarnation) : SystemMessage
{
    public LocalActorRef Child => child;

    public Exception Cause => cause;

    public int Incarnation => incarnation;
}

/// <summary>Somebody wants to know of this actor's end.</summary>
internal sealed class WatchMessage(InternalActorRef watcher) : SystemMessage
{
    public InternalActorRef Watcher => watcher;
}

/// <summary>Somebody no longer wants to know.</summary>
internal sealed class UnwatchMessage(InternalActorRef watcher) : SystemMessage
{
    public InternalActorRef Watcher => watcher;
}

/// <summary>A child or a watched actor has ended.</summary>
internal sealed class DeathNotice(InternalActorRef actor) : SystemMessage
{
    public InternalActorRef Actor => actor;
}

/// <summary>The rest of an awaiting handler.</summary>
internal sealed class ContinuationMessage(SendOrPostCallback callback, object? state) : SystemMessage
{
    public void Run() => callback(state);
}

/// <summary>An awaiting handler has ended.</summary>
/// <param name="failure">What it threw; null when it ended well.</param>
internal sealed class AwaitEndedMessage(Exception? failure) : SystemMessage
{
    public Exception? Failure => failure;
}
