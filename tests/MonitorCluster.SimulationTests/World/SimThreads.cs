namespace MonitorCluster.SimulationTests.World;

/// <summary>The threads of one process: all actors of the pool share one dispatcher, and each pinned actor has its own, which can be held up.</summary>
/// <remarks>A pinned actor waits for the database or the disk; while it does, the rest of its process goes on.</remarks>
internal sealed class SimThreads : IDispatcherProvider
{
    private readonly List<Thread> threads = [];
    private readonly Random random;
    private readonly VirtualTimeProvider time;

    public SimThreads(Random random, VirtualTimeProvider time)
    {
        (this.random, this.time) = (random, time);
        threads.Add(NewThread());
    }

    /// <summary>The pool's dispatcher.</summary>
    public DeterministicDispatcher Pool => threads[0].Dispatcher;

    public long Steps => threads.Sum(t => t.Dispatcher.Steps);

    public MessageDispatcher Lookup(string name)
    {
        if (name != Props.PinnedDispatcher)
        {
            return Pool;
        }

        threads.Add(NewThread());
        return threads[^1].Dispatcher;
    }

    /// <summary>One turn of one mailbox of any thread that is not held up.</summary>
    public bool Step()
    {
        int first = random.Next(threads.Count);
        for (int i = 0; i < threads.Count; i++)
        {
            Thread thread = threads[(first + i) % threads.Count];
            if (!thread.IsHeld(time) && thread.Dispatcher.Step())
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>One pinned actor, whichever, waits for something that takes its time.</summary>
    public void Hold(TimeSpan duration)
    {
        if (threads.Count > 1)
        {
            threads[random.Next(1, threads.Count)].HeldUntil = time.GetUtcNow() + duration;
        }
    }

    public void Release() => threads.ForEach(t => t.HeldUntil = null);

    private Thread NewThread() => new(new DeterministicDispatcher((ulong)random.NextInt64(), time));

    private sealed class Thread(DeterministicDispatcher dispatcher)
    {
        public DeterministicDispatcher Dispatcher => dispatcher;

        public DateTimeOffset? HeldUntil { get; set; }

        public bool IsHeld(VirtualTimeProvider time)
        {
            if (HeldUntil is { } until && time.GetUtcNow() >= until)
            {
                HeldUntil = null;
            }

            return HeldUntil is not null;
        }
    }
}
