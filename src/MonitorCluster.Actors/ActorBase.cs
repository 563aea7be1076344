namespace MonitorCluster.Actors;

/// <summary>The base of every actor: one instance handles one message at a time.</summary>
/// <remarks>Fields need no locks: between two messages the runtime puts a full fence. Instances are made only by <see cref="Props"/>.</remarks>
public abstract class ActorBase
{
    private readonly ActorCell _cell;

    /// <summary>Joins the instance to the cell that is making it.</summary>
    /// <exception cref="InvalidOperationException">The instance was made outside of a <see cref="Props"/> factory.</exception>
    protected ActorBase() =>
        _cell = ActorCell.Creating ?? throw new InvalidOperationException($"{GetType().Name} is an actor: make it with Props.Create and ActorOf");

    /// <summary>This actor's reference. Safe for any thread.</summary>
    protected IActorRef Self => _cell.Self;

    /// <summary>Who told the message being handled; the system's dead letters when nobody.</summary>
    protected IActorRef Sender => _cell.Sender;

    /// <summary>What the actor can do to its surroundings.</summary>
    protected IActorContext Context => _cell;

    internal ActorCell Cell => _cell;

    /// <summary>Handles one message.</summary>
    /// <param name="message">The message.</param>
    /// <returns>False when there is no handler for it.</returns>
    protected abstract bool Receive(object message);

    /// <summary>Runs before the first message of the actor's life.</summary>
    protected virtual void PreStart()
    {
    }

    /// <summary>Runs after the last message; by default also before a restart.</summary>
    protected virtual void PostStop()
    {
    }

    /// <summary>Runs on the failed instance before a restart. By default stops all children and calls <see cref="PostStop"/>.</summary>
    /// <param name="reason">What was thrown.</param>
    /// <param name="message">What was being handled; null when nothing was.</param>
    protected virtual void PreRestart(Exception reason, object? message)
    {
        foreach (IActorRef child in Context.GetChildren())
        {
            Context.Unwatch(child);
            Context.Stop(child);
        }

        PostStop();
    }

    /// <summary>Runs on the new instance after a restart. By default calls <see cref="PreStart"/>.</summary>
    /// <param name="reason">What the old instance had thrown.</param>
    protected virtual void PostRestart(Exception reason) => PreStart();

    /// <summary>What happens when a child fails, unless the recipe says otherwise.</summary>
    /// <returns>By default <see cref="SupervisorStrategy.DefaultStrategy"/>.</returns>
    protected virtual SupervisorStrategy SupervisorStrategy() => Actors.SupervisorStrategy.DefaultStrategy;

    /// <summary>Gets what no handler took. By default publishes an <see cref="UnhandledMessage"/>; fails for <see cref="Terminated"/>.</summary>
    /// <param name="message">The message.</param>
    /// <exception cref="DeathPactException">A watched actor ended, and nobody handled it.</exception>
    protected virtual void Unhandled(object message)
    {
        if (message is Terminated terminated)
        {
            throw new DeathPactException($"{Self.Path} watched {terminated.ActorRef.Path} and does not handle its end");
        }

        _cell.ActorSystem.ToUnhandled(new UnhandledMessage(message, Sender, Self));
    }

    internal void Handle(object message)
    {
        if (!Receive(message))
        {
            Unhandled(message);
        }
    }

    internal void CallPreStart() => PreStart();

    internal void CallPostStop() => PostStop();

    internal void CallPreRestart(Exception reason, object? message) => PreRestart(reason, message);

    internal void CallPostRestart(Exception reason) => PostRestart(reason);

    internal SupervisorStrategy GetSupervisorStrategy() => SupervisorStrategy();
}
