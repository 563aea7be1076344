namespace MonitorCluster.Actors;

/// <summary>An actor that wants timers: the runtime sets the property before PreStart.</summary>
public interface IWithTimers
{
    /// <summary>The timers of this incarnation.</summary>
    ITimerScheduler Timers { get; set; }
}

/// <summary>Timers that tell their own actor. They end with the incarnation that started them: a restarted actor gets no old message.</summary>
/// <remarks>Only for the actor itself. At most one message of a timer waits in the mailbox; ticks that come meanwhile are dropped.</remarks>
public interface ITimerScheduler
{
    /// <summary>Tells a message again and again, first after one interval; replaces a timer of the same key.</summary>
    /// <param name="key">Names the timer.</param>
    /// <param name="message">What to tell.</param>
    /// <param name="interval">More than zero.</param>
    void StartPeriodicTimer(object key, object message, TimeSpan interval);

    /// <summary>Tells a message once; replaces a timer of the same key.</summary>
    /// <param name="key">Names the timer.</param>
    /// <param name="message">What to tell.</param>
    /// <param name="delay">Zero or more.</param>
    void StartSingleTimer(object key, object message, TimeSpan delay);

    /// <summary>Says whether a timer of that key is running.</summary>
    /// <param name="key">Names the timer.</param>
    /// <returns>False when it never started, was cancelled, or was a single timer that has been delivered.</returns>
    bool IsTimerActive(object key);

    /// <summary>Ends a timer; a message of it that already waits in the mailbox is not delivered.</summary>
    /// <param name="key">Names the timer; unknown keys are ignored.</param>
    void Cancel(object key);

    /// <summary>Ends all timers.</summary>
    void CancelAll();
}
