namespace MonitorCluster.Actors;

/// <summary>
/// Runs all mailboxes of one or more systems on the caller's thread: which runs next, and for how many messages, is drawn from a seed.
/// Same seed, same program: same order.
/// </summary>
/// <remarks>
/// Nothing moves by itself: a test drives it. Time moves to the next timer only when nothing is runnable. Asynchronous work outside of
/// actors is deterministic when it is started by <see cref="Post"/> or <see cref="Run"/>: its continuations then queue here, too. Work that
/// comes from another thread while the dispatcher runs is an error of the simulation; the next step throws and names the actor.
/// </remarks>
public sealed class DeterministicDispatcher : MessageDispatcher, IDispatcherProvider
{
    private readonly List<Mailbox?> _runnable = []; // null: the queue of posted work
    private readonly Queue<(SendOrPostCallback Callback, object? State)> _posted = new();
    private readonly PostingContext _context;
    private readonly int _turnMessagesMax;
    private ulong _random;
    private int _drivingThread;
    private string? _intruder;

    /// <summary>Makes a dispatcher.</summary>
    /// <param name="seed">Decides every choice.</param>
    /// <param name="time">The clock to move; null for one that starts at 2026-01-01.</param>
    /// <param name="turnMessagesMax">The most messages a mailbox may handle in one turn, at least 1.</param>
    public DeterministicDispatcher(ulong seed, VirtualTimeProvider? time = null, int turnMessagesMax = 8)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(turnMessagesMax, 1);
        _random = seed;
        _turnMessagesMax = turnMessagesMax;
        Time = time ?? new VirtualTimeProvider();
        _context = new PostingContext(this);
    }

    /// <summary>The clock the dispatcher moves; give it to the systems, too.</summary>
    public VirtualTimeProvider Time { get; }

    /// <summary>How many turns were taken so far.</summary>
    public long Steps { get; private set; }

    /// <summary>Gives every actor this dispatcher, whatever its recipe names.</summary>
    /// <param name="name">Ignored.</param>
    /// <returns>This dispatcher.</returns>
    public MessageDispatcher Lookup(string name) => this;

    /// <summary>Runs one turn of one mailbox, or one piece of posted work.</summary>
    /// <returns>False when nothing is runnable.</returns>
    public bool Step()
    {
        if (_intruder is { } intruder)
        {
            throw new InvalidOperationException($"The simulation left its thread: {intruder} was woken from another one");
        }

        if (_runnable.Count == 0)
        {
            return false;
        }

        Steps++;
        int index = (int)(Next() % (ulong)_runnable.Count);
        Mailbox? mailbox = _runnable[index];
        _runnable[index] = _runnable[^1];
        _runnable.RemoveAt(_runnable.Count - 1);
        int outerThread = Enter();
        SynchronizationContext? outer = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(mailbox is null ? _context : null);
        try
        {
            if (mailbox is null)
            {
                RunPosted();
            }
            else
            {
                mailbox.Run(1 + (int)(Next() % (ulong)_turnMessagesMax));
            }
        }
        finally
        {
            _drivingThread = outerThread;
            SynchronizationContext.SetSynchronizationContext(outer);
        }

        return true;
    }

    /// <summary>Runs until nothing is runnable. The clock stands still.</summary>
    public void RunUntilIdle()
    {
        int outerThread = Enter();
        try
        {
            while (Step())
            {
            }
        }
        finally
        {
            _drivingThread = outerThread;
        }
    }

    /// <summary>Lets a time pass: everything runs that is runnable or becomes so by timers on the way.</summary>
    /// <param name="time">Zero or more.</param>
    public void Advance(TimeSpan time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(time, TimeSpan.Zero);
        _ = RunUntil(static () => false, time);
    }

    /// <summary>Runs, and moves the clock from timer to timer, until a condition holds.</summary>
    /// <param name="condition">Asked before each step.</param>
    /// <param name="limit">How far the clock may move.</param>
    /// <returns>False when the condition did not hold even at the limit; the clock then stands there.</returns>
    public bool RunUntil(Func<bool> condition, TimeSpan limit)
    {
        ArgumentNullException.ThrowIfNull(condition);
        DateTimeOffset now = Time.GetUtcNow();
        DateTimeOffset target = limit < DateTimeOffset.MaxValue - now ? now + limit : DateTimeOffset.MaxValue;
        int outerThread = Enter();
        try
        {
            while (!condition())
            {
                if (!Step() && !Time.FireNext(target))
                {
                    Time.MoveTo(target);
                    return false;
                }
            }

            return true;
        }
        finally
        {
            _drivingThread = outerThread;
        }
    }

    /// <summary>Queues work; its continuations queue here, too. Only from the driving thread.</summary>
    /// <param name="work">The work; its exceptions reach whoever drives.</param>
    public void Post(Action work)
    {
        ArgumentNullException.ThrowIfNull(work);
        _context.Post(static state => ((Action)state!)(), work);
    }

    /// <summary>Runs asynchronous work to its end, actors and clock included.</summary>
    /// <typeparam name="T">The result.</typeparam>
    /// <param name="work">The work; it must await only actors, timers of <see cref="Time"/> and what these complete.</param>
    /// <param name="limit">How far the clock may move.</param>
    /// <returns>The work's result; its exception is thrown as it is.</returns>
    /// <exception cref="TimeoutException">The work was not done at the limit.</exception>
    public T Run<T>(Func<Task<T>> work, TimeSpan limit)
    {
        ArgumentNullException.ThrowIfNull(work);
        Task<T>? task = null;
        Post(() => task = work());
        if (!RunUntil(() => task is { IsCompleted: true }, limit))
        {
            throw new TimeoutException($"The work was not done after {limit} of virtual time");
        }

#pragma warning disable VSTHRD002 // the task is complete: nothing waits here
        return task!.GetAwaiter().GetResult();
#pragma warning restore VSTHRD002
    }

    internal override void Schedule(Mailbox mailbox)
    {
        if (IsOnThread)
        {
            _runnable.Add(mailbox);
        }
        else
        {
            _intruder = mailbox.Cell.SelfRef.Path.ToString();
        }
    }

    private bool IsOnThread => _drivingThread == 0 || _drivingThread == Environment.CurrentManagedThreadId;

    private int Enter()
    {
        int outerThread = _drivingThread;
        _drivingThread = Environment.CurrentManagedThreadId;
        return outerThread;
    }

    private void RunPosted()
    {
        (SendOrPostCallback callback, object? state) = _posted.Dequeue();
        if (_posted.Count > 0)
        {
            _runnable.Add(null);
        }

        callback(state);
    }

    /// <summary>SplitMix64: the order must not change with a new version of .NET, as Random's may.</summary>
    /// <remarks>Source: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014.</remarks>
    private ulong Next()
    {
        _random += 0x9E3779B97F4A7C15;
        ulong z = _random;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    private sealed class PostingContext(DeterministicDispatcher dispatcher) : SynchronizationContext
    {
        public override void Post(SendOrPostCallback d, object? state)
        {
            if (!dispatcher.IsOnThread)
            {
                dispatcher._intruder = "posted work";
                return;
            }

            dispatcher._posted.Enqueue((d, state));
            if (dispatcher._posted.Count == 1)
            {
                dispatcher._runnable.Add(null);
            }
        }

        public override SynchronizationContext CreateCopy() => this;
    }
}
