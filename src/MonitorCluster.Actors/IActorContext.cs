namespace MonitorCluster.Actors;

/// <summary>What an actor can do to its surroundings. Only for the actor itself, from its own handlers, except where a member says otherwise.</summary>
public interface IActorContext
{
    /// <summary>The actor's own reference. Safe for any thread.</summary>
    IActorRef Self { get; }

    /// <summary>Who told the message being handled; the system's dead letters when nobody.</summary>
    IActorRef Sender { get; }

    /// <summary>The supervisor. Safe for any thread.</summary>
    IActorRef Parent { get; }

    /// <summary>The system. Safe for any thread.</summary>
    ActorSystem System { get; }

    /// <summary>Starts a child.</summary>
    /// <param name="props">Its recipe.</param>
    /// <param name="name">Unique among the living siblings; null for an automatic name ($a, $b, ...).</param>
    /// <returns>The child, which may be told at once.</returns>
    /// <exception cref="InvalidActorNameException">The name is malformed or taken.</exception>
    IActorRef ActorOf(Props props, string? name = null);

    /// <summary>Finds a child by name.</summary>
    /// <param name="name">The child's name.</param>
    /// <returns>The child, or <see cref="ActorRefs.Nobody"/>.</returns>
    IActorRef Child(string name);

    /// <summary>The living children, stopping ones included, in no promised order.</summary>
    /// <returns>A copy.</returns>
    IReadOnlyList<IActorRef> GetChildren();

    /// <summary>Stops an actor after the message it is handling; what still waits in its mailbox becomes dead letters.</summary>
    /// <param name="actor">A child or the actor itself.</param>
    void Stop(IActorRef actor);

    /// <summary>Asks to be told <see cref="Terminated"/> when an actor has ended; at once when it already has.</summary>
    /// <param name="actor">Any actor of this system.</param>
    /// <returns>The same actor.</returns>
    IActorRef Watch(IActorRef actor);

    /// <summary>Takes a watch back; no <see cref="Terminated"/> of that watch comes afterwards.</summary>
    /// <param name="actor">The watched actor.</param>
    void Unwatch(IActorRef actor);
}
