namespace MonitorCluster.Actors;

/// <summary>The address of one actor. It stays valid over restarts; after the actor's end what is told to it becomes a dead letter.</summary>
/// <remarks>Safe for any thread. Equality is identity: one actor has one reference, a later actor of the same name has another.</remarks>
public interface IActorRef
{
    /// <summary>Where the actor stands in the tree.</summary>
    ActorPath Path { get; }

    /// <summary>Puts a message into the actor's mailbox and returns at once. Never throws for a full or closed mailbox: see <see cref="DeadLetter"/>.</summary>
    /// <param name="message">Any immutable object.</param>
    /// <param name="sender">Who is to get answers; null when nobody.</param>
    void Tell(object message, IActorRef? sender);
}
