namespace MonitorCluster.Actors;

/// <summary>Well-known references and what every reference can do besides <see cref="IActorRef.Tell"/>.</summary>
public static class ActorRefs
{
    /// <summary>The sender of a message that expects no answer: null.</summary>
    public static IActorRef? NoSender => null;

    /// <summary>A reference that swallows everything; a placeholder that is never null.</summary>
    public static IActorRef Nobody { get; } = new NobodyRef();

    /// <summary>Tells with the actor that is running on this thread as the sender; outside of an actor without a sender.</summary>
    /// <param name="recipient">Who gets the message.</param>
    /// <param name="message">Any immutable object.</param>
    public static void Tell(this IActorRef recipient, object message)
    {
        ArgumentNullException.ThrowIfNull(recipient);
        recipient.Tell(message, ActorCell.Current?.SelfRef);
    }

    /// <summary>Hands a message on and keeps its sender, so that the answer goes to where the question came from.</summary>
    /// <param name="recipient">Who gets the message.</param>
    /// <param name="message">Any immutable object.</param>
    public static void Forward(this IActorRef recipient, object message)
    {
        ArgumentNullException.ThrowIfNull(recipient);
        recipient.Tell(message, ActorCell.Current?.SenderOrNull);
    }

    /// <summary>Asks an actor and waits for the first answer.</summary>
    /// <typeparam name="T">The answer's type; any other answer fails the task with an <see cref="InvalidCastException"/>.</typeparam>
    /// <param name="recipient">An actor of an <see cref="ActorSystem"/>.</param>
    /// <param name="message">The question.</param>
    /// <param name="timeout">How long to wait on the system's clock; <see cref="Timeout.InfiniteTimeSpan"/> for ever.</param>
    /// <param name="cancellationToken">Ends the wait; the actor does not learn of it.</param>
    /// <returns>The answer; <see cref="AskTimeoutException"/> when none came; the carried exception when the answer is a <see cref="StatusFailure"/>.</returns>
    public static Task<T> Ask<T>(this IActorRef recipient, object message, TimeSpan timeout, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(recipient);
        ArgumentNullException.ThrowIfNull(message);
        if (recipient is not InternalActorRef { System: { } system })
        {
            throw new ArgumentException($"{recipient.Path} belongs to no actor system, so it cannot be asked", nameof(recipient));
        }

        var promise = new PromiseActorRef<T>(system, recipient, message);
        promise.Start(timeout, cancellationToken);
        recipient.Tell(message, promise);
        return promise.Task;
    }
}
