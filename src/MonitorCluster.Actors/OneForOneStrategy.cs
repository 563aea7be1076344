namespace MonitorCluster.Actors;

/// <summary>Treats the failed child alone, not its siblings.</summary>
public sealed class OneForOneStrategy : SupervisorStrategy
{
    private readonly int _maxRetries;
    private readonly TimeSpan _within;
    private readonly Func<Exception, Directive> _decider;
    private readonly TimeSpan _backoffMin;
    private readonly TimeSpan _backoffMax;

    /// <summary>Restarts without limit and at once.</summary>
    public OneForOneStrategy()
        : this(DefaultDecider)
    {
    }

    /// <summary>Restarts without limit and at once what the decider wants restarted.</summary>
    /// <param name="decider">Decides on each failure.</param>
    public OneForOneStrategy(Func<Exception, Directive> decider)
        : this(-1, Timeout.InfiniteTimeSpan, decider)
    {
    }

    /// <summary>Restarts at most so many times within a time, then stops the child.</summary>
    /// <param name="maxRetries">Restarts allowed within <paramref name="within"/>; -1 without limit, 0 none.</param>
    /// <param name="within">The time over which restarts are counted; <see cref="Timeout.InfiniteTimeSpan"/> over the whole life.</param>
    /// <param name="decider">Decides on each failure.</param>
    public OneForOneStrategy(int maxRetries, TimeSpan within, Func<Exception, Directive> decider)
        : this(maxRetries, within, decider, TimeSpan.Zero, TimeSpan.Zero)
    {
    }

    /// <summary>Restarts at most so many times within a time, and waits before each restart.</summary>
    /// <remarks>
    /// The wait doubles from restart to restart and starts again at its shortest after the child has lived longer than the longest wait.
    /// Meanwhile the child's mailbox is suspended: messages wait, up to its limit.
    /// </remarks>
    /// <param name="maxRetries">Restarts allowed within <paramref name="within"/>; -1 without limit, 0 none.</param>
    /// <param name="within">The time over which restarts are counted; <see cref="Timeout.InfiniteTimeSpan"/> over the whole life.</param>
    /// <param name="decider">Decides on each failure.</param>
    /// <param name="backoffMin">The wait before the first restart; zero: none at all.</param>
    /// <param name="backoffMax">The longest wait, at least <paramref name="backoffMin"/>.</param>
    public OneForOneStrategy(int maxRetries, TimeSpan within, Func<Exception, Directive> decider, TimeSpan backoffMin, TimeSpan backoffMax)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxRetries, -1);
        ArgumentNullException.ThrowIfNull(decider);
        ArgumentOutOfRangeException.ThrowIfLessThan(backoffMin, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(backoffMax, backoffMin);
        _maxRetries = maxRetries;
        _within = within;
        _decider = decider;
        _backoffMin = backoffMin;
        _backoffMax = backoffMax;
    }

    /// <summary>Stops children that could not start or broke a death pact, restarts all others.</summary>
    /// <param name="cause">What the child threw.</param>
    /// <returns>Stop or restart.</returns>
    public static Directive DefaultDecider(Exception cause) =>
        cause is ActorInitializationException or DeathPactException ? Directive.Stop : Directive.Restart;

    /// <inheritdoc/>
    public override Directive Decide(Exception cause) => _decider(cause);

    internal override TimeSpan? NextRestart(ChildStats stats, DateTimeOffset now)
    {
        if (_within != Timeout.InfiniteTimeSpan && now - stats.WindowStart >= _within)
        {
            stats.WindowStart = now;
            stats.Restarts = 0;
        }

        if (_maxRetries >= 0 && stats.Restarts >= _maxRetries)
        {
            return null;
        }

        stats.Restarts++;
        stats.Doublings = now - stats.LastRestart > _backoffMax ? 0 : Math.Min(stats.Doublings + 1, 30);
        double ticks = Math.Min(_backoffMin.Ticks * Math.Pow(2, stats.Doublings), _backoffMax.Ticks);
        var delay = TimeSpan.FromTicks((long)ticks);
        stats.LastRestart = now + delay;
        return delay;
    }
}
