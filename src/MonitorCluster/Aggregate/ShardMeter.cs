namespace MonitorCluster.Aggregate;

/// <summary>What one shard costs this node and what it holds. Written by its mailbox; read on any thread, without a lock, each figure on its own.</summary>
/// <remarks>
/// One for each instance of the shard's actor: counters begin at zero where a shard is opened. What queries cost a shard's mailbox is in its time;
/// what they cost the threads that evaluate them is nobody's.
/// </remarks>
/// <param name="time">The clock of the actor system.</param>
internal sealed class ShardMeter(TimeProvider time)
{
    private long samples;
    private long series;
    private long bytes;
    private long unflushedBytes;

    /// <summary>The mailbox's runs, loading the shard included.</summary>
    public RunMeter Runs { get; } = new(time);

    /// <summary>Samples taken since the shard was opened, repeated ones included.</summary>
    public long Samples => Volatile.Read(ref samples);

    /// <summary>Series that it has.</summary>
    public long Series => Volatile.Read(ref series);

    /// <summary>Bytes that it holds in memory: see <see cref="ShardState.MemoryBytes"/>. As of the last second.</summary>
    public long Bytes => Volatile.Read(ref bytes);

    /// <summary>Journal bytes that no row has taken yet.</summary>
    public long UnflushedBytes => Volatile.Read(ref unflushedBytes);

    /// <summary>Takes what changes with every section. Costs three stores.</summary>
    public void Note(ShardState state)
    {
        Volatile.Write(ref samples, state.AcceptedTotal);
        Volatile.Write(ref series, state.Series.Count);
        Volatile.Write(ref unflushedBytes, state.UnflushedBytes);
    }

    /// <summary>Takes what is summed up; for once a second.</summary>
    public void NoteMemory(ShardState state) => Volatile.Write(ref bytes, state.MemoryBytes);
}
