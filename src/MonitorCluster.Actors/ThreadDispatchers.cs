namespace MonitorCluster.Actors;

/// <summary>The production dispatchers: "default" is the thread pool, "pinned" a thread of its own for each actor.</summary>
public sealed class ThreadDispatchers : IDispatcherProvider
{
    private readonly ThreadPoolDispatcher _default = new();

    /// <inheritdoc/>
    public MessageDispatcher Lookup(string name) => name switch
    {
        Props.DefaultDispatcher => _default,
        Props.PinnedDispatcher => new PinnedDispatcher(),
        _ => throw new ArgumentException(
            $"No dispatcher is called '{name}'; there are '{Props.DefaultDispatcher}' and '{Props.PinnedDispatcher}'", nameof(name)),
    };
}

/// <summary>Runs mailboxes on the thread pool.</summary>
internal sealed class ThreadPoolDispatcher : MessageDispatcher
{
    internal override void Schedule(Mailbox mailbox) => ToPool(mailbox);

    public static void ToPool(Mailbox mailbox) =>
#pragma warning disable RS0030 // the one place where the thread pool is the right answer
        ThreadPool.UnsafeQueueUserWorkItem(mailbox, preferLocal: false);
#pragma warning restore RS0030
}
