namespace MonitorCluster.Cluster.Storage;

/// <summary>Counts what store actors do. Safe for any thread; several actors may share one.</summary>
public sealed class StoreStatistics
{
    private long _operations;
    private long _failures;
    private long _ticks;
    private int _available = 1;

    /// <summary>Commands that were run, failed ones included.</summary>
    public long Operations => Interlocked.Read(ref _operations);

    /// <summary>Commands that threw.</summary>
    public long Failures => Interlocked.Read(ref _failures);

    /// <summary>Time spent in commands, in seconds.</summary>
    public double Seconds => TimeSpan.FromTicks(Interlocked.Read(ref _ticks)).TotalSeconds;

    /// <summary>False while the last command failed because the database was away.</summary>
    public bool IsAvailable => Volatile.Read(ref _available) == 1;

    internal void Ran(TimeSpan elapsed, bool failed, bool available)
    {
        Interlocked.Increment(ref _operations);
        Interlocked.Add(ref _ticks, elapsed.Ticks);
        Volatile.Write(ref _available, available ? 1 : 0);
        if (failed)
        {
            Interlocked.Increment(ref _failures);
        }
    }
}
