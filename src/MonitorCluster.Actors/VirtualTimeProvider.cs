namespace MonitorCluster.Actors;

/// <summary>A clock that moves only when told to: wall clock, timestamps and timers of a simulation.</summary>
/// <remarks>For one thread at a time. Timers fire in the order of their times, equal times in the order they were set.</remarks>
public sealed class VirtualTimeProvider : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly PriorityQueue<(VirtualTimer Timer, long Version), (long DueTicks, long Order)> _timers = new(); // guarded by _gate
    private readonly long _startTicks;
    private long _nowTicks;
    private long _order;

    /// <summary>Makes a clock.</summary>
    /// <param name="start">What it shows at first.</param>
    public VirtualTimeProvider(DateTimeOffset start)
    {
        _startTicks = start.UtcTicks;
        _nowTicks = start.UtcTicks;
    }

    /// <summary>Makes a clock that shows 2026-01-01T00:00:00Z.</summary>
    public VirtualTimeProvider()
        : this(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero))
    {
    }

    /// <inheritdoc/>
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>When the next timer is due; null when none is set.</summary>
    public DateTimeOffset? NextTimer
    {
        get
        {
            lock (_gate)
            {
                return PeekDue() is { } due ? new DateTimeOffset(due, TimeSpan.Zero) : null;
            }
        }
    }

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => new(Interlocked.Read(ref _nowTicks), TimeSpan.Zero);

    /// <inheritdoc/>
    public override long GetTimestamp() => Interlocked.Read(ref _nowTicks) - _startTicks;

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        var timer = new VirtualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Moves to the next timer and fires it, if it is due by then.</summary>
    /// <param name="limit">How far to move at most.</param>
    /// <returns>False, and the clock unmoved, when no timer is due by then.</returns>
    public bool FireNext(DateTimeOffset limit)
    {
        VirtualTimer timer;
        lock (_gate)
        {
            if (PeekDue() is not { } due || due > limit.UtcTicks)
            {
                return false;
            }

            timer = _timers.Dequeue().Timer;
            _nowTicks = Math.Max(_nowTicks, due);
            timer.Rearm(due);
        }

        timer.Fire(); // outside of the lock: it sets timers
        return true;
    }

    /// <summary>Moves the clock and fires what becomes due on the way.</summary>
    /// <remarks>Actors do not run meanwhile: see <see cref="DeterministicDispatcher.Advance"/>.</remarks>
    /// <param name="time">Zero or more.</param>
    public void Advance(TimeSpan time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(time, TimeSpan.Zero);
        DateTimeOffset target = GetUtcNow() + time;
        while (FireNext(target))
        {
        }

        MoveTo(target);
    }

    internal void MoveTo(DateTimeOffset target)
    {
        lock (_gate)
        {
            _nowTicks = Math.Max(_nowTicks, target.UtcTicks);
        }
    }

    private long? PeekDue()
    {
        while (_timers.TryPeek(out (VirtualTimer Timer, long Version) entry, out (long DueTicks, long Order) due))
        {
            if (entry.Timer.Version == entry.Version)
            {
                return due.DueTicks;
            }

            _timers.Dequeue(); // changed or disposed since
        }

        return null;
    }

    private sealed class VirtualTimer(VirtualTimeProvider clock, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan _period;
        private bool _isDisposed;

        /// <summary>Grows with each change, so that older entries of the queue are void. Guarded by the clock's gate.</summary>
        public long Version { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock._gate)
            {
                if (_isDisposed)
                {
                    return false;
                }

                Version++;
                _period = period;
                if (dueTime != Timeout.InfiniteTimeSpan)
                {
                    Enqueue(clock._nowTicks + dueTime.Ticks);
                }

                return true;
            }
        }

        public void Rearm(long due)
        {
            Version++;
            if (_period > TimeSpan.Zero)
            {
                Enqueue(due + _period.Ticks);
            }
        }

        public void Fire() => callback(state);

        public void Dispose()
        {
            lock (clock._gate)
            {
                _isDisposed = true;
                Version++;
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private void Enqueue(long due) => clock._timers.Enqueue((this, Version), (due, clock._order++));
    }
}
