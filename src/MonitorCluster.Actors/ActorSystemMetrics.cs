namespace MonitorCluster.Actors;

/// <summary>What an actor system counts since its start. Safe for any thread; each figure is read on its own.</summary>
public sealed class ActorSystemMetrics
{
    private long _processed;
    private long _deadLetters;
    private long _overflows;
    private long _unhandled;
    private long _restarts;
    private long _live;

    internal ActorSystemMetrics()
    {
    }

    /// <summary>User messages handled; counted at the end of each run of a mailbox.</summary>
    public long Processed => Interlocked.Read(ref _processed);

    /// <summary>Messages that reached nobody, overflows included.</summary>
    public long DeadLetters => Interlocked.Read(ref _deadLetters);

    /// <summary>Messages refused by a full mailbox or stash.</summary>
    public long Overflows => Interlocked.Read(ref _overflows);

    /// <summary>Messages without a handler.</summary>
    public long Unhandled => Interlocked.Read(ref _unhandled);

    /// <summary>Restarts of actors.</summary>
    public long Restarts => Interlocked.Read(ref _restarts);

    /// <summary>Actors that live now, guardians included.</summary>
    public long LiveActors => Interlocked.Read(ref _live);

    internal void AddProcessed(int messages)
    {
        if (messages > 0)
        {
            Interlocked.Add(ref _processed, messages);
        }
    }

    internal void DeadLetter() => Interlocked.Increment(ref _deadLetters);

    internal long Overflow() => Interlocked.Increment(ref _overflows);

    internal void UnhandledMessage() => Interlocked.Increment(ref _unhandled);

    internal void ActorRestarted() => Interlocked.Increment(ref _restarts);

    internal void ActorStarted() => Interlocked.Increment(ref _live);

    internal void ActorEnded() => Interlocked.Decrement(ref _live);
}
