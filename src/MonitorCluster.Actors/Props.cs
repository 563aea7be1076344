namespace MonitorCluster.Actors;

/// <summary>The recipe of an actor: how to make an instance (again on each restart) and how to run it. Immutable; safe for any thread.</summary>
public sealed record Props
{
    /// <summary>The name of the thread-pool dispatcher.</summary>
    public const string DefaultDispatcher = "default";

    /// <summary>The name of the dispatcher that gives each actor a thread of its own, for actors that block.</summary>
    public const string PinnedDispatcher = "pinned";

    private Props(Type type, Func<ActorBase> factory)
    {
        Type = type;
        Factory = factory;
    }

    /// <summary>The actor's class, for people who look at the tree.</summary>
    public Type Type { get; }

    /// <summary>The dispatcher's name.</summary>
    /// <value>Default <see cref="DefaultDispatcher"/>.</value>
    public string Dispatcher { get; private init; } = DefaultDispatcher;

    /// <summary>How the actor treats failures of its children; null: as its class says.</summary>
    public SupervisorStrategy? SupervisorStrategy { get; private init; }

    /// <summary>How many user messages may wait; null: as the system says.</summary>
    public int? MailboxLimit { get; private init; }

    /// <summary>Where the time of the mailbox's runs is added; null: nowhere.</summary>
    public RunMeter? RunMeter { get; private init; }

    internal Func<ActorBase> Factory { get; }

    /// <summary>Makes a recipe.</summary>
    /// <typeparam name="T">The actor's class.</typeparam>
    /// <param name="factory">Makes a new instance each time it is called; it runs on the actor's own mailbox.</param>
    /// <returns>A recipe with the defaults.</returns>
    public static Props Create<T>(Func<T> factory)
        where T : ActorBase
    {
        ArgumentNullException.ThrowIfNull(factory);
        return new Props(typeof(T), factory);
    }

    /// <summary>The same recipe on another dispatcher.</summary>
    /// <param name="name">A name the system's <see cref="IDispatcherProvider"/> knows.</param>
    /// <returns>A new recipe.</returns>
    public Props WithDispatcher(string name) => this with { Dispatcher = name };

    /// <summary>The same recipe with another treatment of the children's failures.</summary>
    /// <param name="strategy">Replaces what the actor's class says.</param>
    /// <returns>A new recipe.</returns>
    public Props WithSupervisorStrategy(SupervisorStrategy strategy) => this with { SupervisorStrategy = strategy };

    /// <summary>The same recipe with another mailbox limit.</summary>
    /// <param name="messages">How many user messages may wait, at least 1; one more becomes a dead letter.</param>
    /// <returns>A new recipe.</returns>
    public Props WithMailboxLimit(int messages)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(messages, 1);
        return this with { MailboxLimit = messages };
    }

    /// <summary>The same recipe with a meter. For one actor: a meter has one writer.</summary>
    /// <param name="meter">Gets the time of each run.</param>
    /// <returns>A new recipe.</returns>
    public Props WithRunMeter(RunMeter meter)
    {
        ArgumentNullException.ThrowIfNull(meter);
        return this with { RunMeter = meter };
    }
}
