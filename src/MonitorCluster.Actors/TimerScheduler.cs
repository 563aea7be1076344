namespace MonitorCluster.Actors;

/// <summary>The timers of one incarnation.</summary>
internal sealed class TimerScheduler(ActorCell cell) : ITimerScheduler
{
    private readonly Dictionary<object, TimerTick> _ticks = [];

    public void StartPeriodicTimer(object key, object message, TimeSpan interval)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(interval, TimeSpan.Zero);
        Start(key, message, interval, interval);
    }

    public void StartSingleTimer(object key, object message, TimeSpan delay)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(delay, TimeSpan.Zero);
        Start(key, message, delay, Timeout.InfiniteTimeSpan);
    }

    public bool IsTimerActive(object key) => _ticks.ContainsKey(key);

    public void Cancel(object key)
    {
        if (_ticks.Remove(key, out TimerTick? tick))
        {
            tick.Dispose();
        }
    }

    public void CancelAll()
    {
        foreach (TimerTick tick in _ticks.Values)
        {
            tick.Dispose();
        }

        _ticks.Clear();
    }

    /// <summary>Takes a tick out of the mailbox.</summary>
    /// <returns>False when its timer was cancelled or replaced after the tick had been queued.</returns>
    public bool Accept(TimerTick tick)
    {
        tick.Taken();
        if (!_ticks.TryGetValue(tick.Key, out TimerTick? current) || !ReferenceEquals(current, tick))
        {
            return false;
        }

        if (!tick.IsPeriodic)
        {
            Cancel(tick.Key);
        }

        return true;
    }

    private void Start(object key, object message, TimeSpan due, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(message);
        Cancel(key);
        var tick = new TimerTick(cell, key, message, period != Timeout.InfiniteTimeSpan);
        _ticks.Add(key, tick);
        tick.Start(due, period);
    }
}

/// <summary>One timer and at the same time the envelope of its message, so that a tick allocates nothing.</summary>
internal sealed class TimerTick(ActorCell cell, object key, object message, bool isPeriodic) : IAutoReceived, IDisposable
{
    private ITimer? _timer;
    private int _isQueued;

    public object Key => key;

    public object Message => message;

    public bool IsPeriodic => isPeriodic;

    public void Start(TimeSpan due, TimeSpan period) =>
        _timer = cell.ActorSystem.TimeProvider.CreateTimer(static state => ((TimerTick)state!).Fire(), this, due, period);

    public void Taken() => Volatile.Write(ref _isQueued, 0);

    public void Dispose() => _timer?.Dispose();

    // Exempt from the mailbox limit: one tick per timer is a bound of its own, and a lost single tick would be lost for ever.
    private void Fire()
    {
        if (Interlocked.Exchange(ref _isQueued, 1) == 0)
        {
            cell.Mailbox.PostUnlimited(this, cell.Self);
        }
    }
}
