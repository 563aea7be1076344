namespace MonitorCluster.Actors;

/// <summary>Time that an actor's mailbox runs took, and how long its messages waited. Give it to an actor by <see cref="Props.WithRunMeter"/>.</summary>
/// <remarks>
/// One writer, the mailbox's run; readers on any thread, without a lock. The time is that of the clock while a run held its thread: CPU time as long as
/// the processors are not overcommitted. Cost: three timestamps for each run, whatever its number of messages; nothing for actors without a meter.
/// </remarks>
public sealed class RunMeter
{
    /// <summary>Length of the windows of <see cref="Delays"/>.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    private readonly TimeProvider _time;
    private long _ticks;
    private long _runs;

    /// <summary>Makes a meter for one actor.</summary>
    /// <param name="time">The clock of the actor's system.</param>
    public RunMeter(TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        _time = time;
        Delays = new DelayWindow(time, Window);
    }

    /// <summary>Time of all runs that have ended, in seconds; it only rises.</summary>
    public double Seconds => (double)Volatile.Read(ref _ticks) / _time.TimestampFrequency;

    /// <summary>Runs that have ended.</summary>
    public long Runs => Volatile.Read(ref _runs);

    /// <summary>
    /// One delay for each run: how long the last of the messages that waited when it began has waited, or will. That is the time from the moment the
    /// mailbox got something to do until it ran, and the time that this run needed for a message, times the messages that were before the last.
    /// </summary>
    public DelayWindow Delays { get; }

    internal long Now => _time.GetTimestamp();

    /// <summary>Counts a run that ends now.</summary>
    /// <returns>Now.</returns>
    internal long Add(long scheduledAt, long startedAt, long waiting, int processed)
    {
        long now = _time.GetTimestamp();
        long ran = now - startedAt;
        Volatile.Write(ref _ticks, _ticks + ran);
        Volatile.Write(ref _runs, _runs + 1);
        long behind = processed > 0 && waiting > 1 ? (long)((double)ran / processed * (waiting - 1)) : 0;
        Delays.Add(now, startedAt - scheduledAt + behind);
        return now;
    }
}
