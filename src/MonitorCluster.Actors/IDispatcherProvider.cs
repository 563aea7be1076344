namespace MonitorCluster.Actors;

/// <summary>Gives each actor the dispatcher its recipe names. Safe for any thread.</summary>
public interface IDispatcherProvider
{
    /// <summary>Finds or makes a dispatcher; called once per actor.</summary>
    /// <param name="name">The name in the recipe.</param>
    /// <returns>The dispatcher of the new actor.</returns>
    /// <exception cref="ArgumentException">No dispatcher has that name.</exception>
    MessageDispatcher Lookup(string name);
}

/// <summary>Gives mailboxes that have something to do a thread. The runtime's own; not for derivation elsewhere.</summary>
public abstract class MessageDispatcher
{
    private protected MessageDispatcher()
    {
    }

    /// <summary>How many user messages a mailbox may handle before others get their turn.</summary>
    internal virtual int Throughput => 60;

    /// <summary>Arranges that the mailbox runs once, soon, on one thread.</summary>
    internal abstract void Schedule(Mailbox mailbox);

    /// <summary>The mailbox's actor has ended.</summary>
    internal virtual void Detach(Mailbox mailbox)
    {
    }
}
