namespace MonitorCluster.Actors;

/// <summary>Messages which the cell looks at before the actor does.</summary>
internal interface IAutoReceived;

/// <summary>Stops its recipient after everything that was told before it.</summary>
public sealed class PoisonPill : IAutoReceived
{
    private PoisonPill()
    {
    }

    /// <summary>The one pill.</summary>
    public static PoisonPill Instance { get; } = new();
}

/// <summary>Tells a watcher that an actor has ended for good. Comes once per watch, after all the actor had told the watcher.</summary>
/// <remarks>A watcher that does not handle it fails with a <see cref="DeathPactException"/>.</remarks>
public sealed class Terminated : IAutoReceived
{
    internal Terminated(IActorRef actorRef) => ActorRef = actorRef;

    /// <summary>Who ended.</summary>
    public IActorRef ActorRef { get; }
}

/// <summary>A message that reached nobody: its recipient had ended, or its mailbox was full.</summary>
/// <param name="Message">What was told.</param>
/// <param name="Sender">Who told it; the system's dead letters when nobody.</param>
/// <param name="Recipient">For whom it was.</param>
public sealed record DeadLetter(object Message, IActorRef Sender, IActorRef Recipient);

/// <summary>A message for which its recipient had no handler. Published on the event stream.</summary>
/// <param name="Message">What was told.</param>
/// <param name="Sender">Who told it; the system's dead letters when nobody.</param>
/// <param name="Recipient">Who had no handler for it.</param>
public sealed record UnhandledMessage(object Message, IActorRef Sender, IActorRef Recipient);

/// <summary>An answer that makes the asker's task fail; <c>Status.Failure</c> in Akka.NET.</summary>
/// <param name="Cause">The exception the asker gets.</param>
public sealed record StatusFailure(Exception Cause);
