using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Aggregate;

/// <summary>Why a sample was not stored.</summary>
internal enum RejectReason
{
    /// <summary>Further ahead of this node's clock than <see cref="AggregateOptions.FutureMax"/>.</summary>
    TooFarAhead,

    /// <summary>Older than <see cref="AggregateOptions.Retention"/>.</summary>
    TooOld,

    /// <summary>Its host has <see cref="AggregateOptions.SeriesPerHostMax"/> series already.</summary>
    SeriesLimit,

    /// <summary>Its value is the one NaN that marks an empty cell.</summary>
    ReservedValue,

    /// <summary>Its section could not be read.</summary>
    Malformed,
}

/// <summary>What became of a sample that is not newer than its series' newest.</summary>
internal enum BehindKind
{
    /// <summary>Kept in the late buffer.</summary>
    Late,

    /// <summary>Same series, time and bits: dropped.</summary>
    Duplicate,

    /// <summary>Same series and time, other value: the first stays.</summary>
    Conflict,
}

/// <summary>A node's counts of what its shards did. Safe for any thread; added to once per batch, or for the rare sample that is behind.</summary>
internal sealed class AggregateCounters
{
    private readonly long[] rejected = new long[Enum.GetValues<RejectReason>().Length];
    private readonly long[] behind = new long[Enum.GetValues<BehindKind>().Length];
    private readonly long[] handOvers = new long[Enum.GetValues<HandOverKind>().Length];
    private long handOverTicks;
    private long handOverTicksLast;
    private long handOverTicksMax;
    private long invariantViolations;
    private long accepted;
    private long durable;
    private long unflushedBytes;
    private long unpackedBytes;
    private long replaySkipped;
    private long steps;
    private long signals;
    private DelayWindow? flushes;

    /// <summary>Samples taken from sections, repeated ones included.</summary>
    public long Accepted => Interlocked.Read(ref accepted);

    /// <summary>Samples in committed journal rows.</summary>
    public long Durable => Interlocked.Read(ref durable);

    /// <summary>Journal bytes of this node's shards that are not committed yet.</summary>
    public long UnflushedBytes => Interlocked.Read(ref unflushedBytes);

    /// <summary>Memory of this node's snapshots that wait to be packed, in bytes.</summary>
    public long UnpackedBytes => Interlocked.Read(ref unpackedBytes);

    /// <summary>Samples of journal rows that were not restored: retention had deleted their series since.</summary>
    public long ReplaySkipped => Interlocked.Read(ref replaySkipped);

    /// <summary>Closed detection steps that were scored.</summary>
    public long Steps => Interlocked.Read(ref steps);

    /// <summary>Steps among them that were signals.</summary>
    public long Signals => Interlocked.Read(ref signals);

    /// <summary>From the first offer of a round to the store until its answer; null before the journal runs. Written by it.</summary>
    public DelayWindow? Flushes
    {
        get => Volatile.Read(ref flushes);
        set => Volatile.Write(ref flushes, value);
    }

    /// <summary>Times that something was so that never may be: stays 0, or a person must look.</summary>
    public long InvariantViolations => Interlocked.Read(ref invariantViolations);

    /// <summary>Pauses of the shards that this node handed over: together, the last one, the longest one. In seconds.</summary>
    public (double Sum, double Last, double Max) HandOverSeconds => (
        TimeSpan.FromTicks(Interlocked.Read(ref handOverTicks)).TotalSeconds,
        TimeSpan.FromTicks(Interlocked.Read(ref handOverTicksLast)).TotalSeconds,
        TimeSpan.FromTicks(Interlocked.Read(ref handOverTicksMax)).TotalSeconds);

    /// <summary>Hand-overs that ended so.</summary>
    public long HandOvers(HandOverKind kind) => Interlocked.Read(ref handOvers[(int)kind]);

    public long Rejected(RejectReason reason) => Interlocked.Read(ref rejected[(int)reason]);

    public long Behind(BehindKind kind) => Interlocked.Read(ref behind[(int)kind]);

    public void AddInvariantViolation() => Interlocked.Increment(ref invariantViolations);

    /// <summary>Counts a hand-over. One writer: the journal.</summary>
    public void AddHandOver(HandOverKind kind, TimeSpan pause)
    {
        Interlocked.Increment(ref handOvers[(int)kind]);
        if (kind == HandOverKind.Done)
        {
            Interlocked.Add(ref handOverTicks, pause.Ticks);
            Interlocked.Exchange(ref handOverTicksLast, pause.Ticks);
            Interlocked.Exchange(ref handOverTicksMax, Math.Max(pause.Ticks, Interlocked.Read(ref handOverTicksMax)));
        }
    }

    public void AddAccepted(long samples) => Interlocked.Add(ref accepted, samples);

    public void AddDurable(long samples) => Interlocked.Add(ref durable, samples);

    public void AddDetection(long scored, long unusual)
    {
        Interlocked.Add(ref steps, scored);
        Interlocked.Add(ref signals, unusual);
    }

    public void AddReplaySkipped(long samples) => Interlocked.Add(ref replaySkipped, samples);

    public void AddUnpacked(long bytes) => Interlocked.Add(ref unpackedBytes, bytes);

    public void AddUnflushed(long bytes) => Interlocked.Add(ref unflushedBytes, bytes);

    public void Reject(RejectReason reason, long samples) => Interlocked.Add(ref rejected[(int)reason], samples);

    public void AddBehind(BehindKind kind) => Interlocked.Increment(ref behind[(int)kind]);
}
