namespace MonitorCluster.Stream;

/// <summary>What the collector behind a link has sent without an answer. A collector keeps within its credit by itself; this is the end of trusting
/// it.</summary>
/// <remarks>
/// Counted generously: a session's sections are let go of as soon as the session is refused or followed by another, and what no answer came to for a
/// minute (its shard was stopped) is, too. The collector may be one section over its credit, and the limit is twice the credit, so that only one that
/// does not count is cut. One writer: the stream's mailbox. No allocation per section but for growth.
/// </remarks>
internal sealed class InboundCredit
{
    /// <summary>When a section without an answer is forgotten: well over what a collector itself waits.</summary>
    public const long ForgetMs = 60_000;

    private readonly Dictionary<int, Shard> shards = [];

    /// <summary>The credit; 0 before the collector is welcome, when it may send nothing.</summary>
    public long CreditBytes { get; private set; }

    public long OutstandingBytes { get; private set; }

    /// <summary>The region has said a credit. It never falls on a link: the collector heeds the first one that it hears there.</summary>
    public void Grant(long bytes) => CreditBytes = Math.Max(CreditBytes, bytes);

    /// <summary>A section came.</summary>
    /// <returns>False when too much is without an answer.</returns>
    public bool TryTake(int shardId, long session, long seq, int bytes, long nowMs)
    {
        if (OutstandingBytes >= 2 * CreditBytes)
        {
            ForgetOld(nowMs);
            if (OutstandingBytes >= 2 * CreditBytes)
            {
                return false;
            }
        }

        if (!shards.TryGetValue(shardId, out Shard? shard))
        {
            shards.Add(shardId, shard = new Shard());
        }

        if (shard.Session != session)
        {
            Clear(shard);
            shard.Session = session;
        }

        shard.Sections.Enqueue((seq, bytes, nowMs));
        OutstandingBytes += bytes;
        return true;
    }

    public void OnReceived(int shardId, long session, long lastSeq)
    {
        if (shards.TryGetValue(shardId, out Shard? shard) && shard.Session == session)
        {
            while (shard.Sections.TryPeek(out (long Seq, int Bytes, long AtMs) oldest) && oldest.Seq <= lastSeq)
            {
                OutstandingBytes -= shard.Sections.Dequeue().Bytes;
            }
        }
    }

    /// <summary>A session begins: all of the ones before are answered, or never will be.</summary>
    public void OnOpened(int shardId, long session)
    {
        if (shards.TryGetValue(shardId, out Shard? shard) && shard.Session != session)
        {
            Clear(shard);
        }
    }

    /// <summary>A session is over, or was not begun; sessions count up, so all before it are over, too.</summary>
    public void OnRefused(int shardId, long session)
    {
        if (shards.TryGetValue(shardId, out Shard? shard) && session >= shard.Session)
        {
            Clear(shard);
        }
    }

    private void ForgetOld(long nowMs)
    {
        foreach (Shard shard in shards.Values)
        {
            while (shard.Sections.TryPeek(out (long Seq, int Bytes, long AtMs) oldest) && nowMs - oldest.AtMs >= ForgetMs)
            {
                OutstandingBytes -= shard.Sections.Dequeue().Bytes;
            }
        }
    }

    private void Clear(Shard shard)
    {
        while (shard.Sections.TryDequeue(out (long Seq, int Bytes, long AtMs) section))
        {
            OutstandingBytes -= section.Bytes;
        }
    }

    private sealed class Shard
    {
        public long Session { get; set; }

        public Queue<(long Seq, int Bytes, long AtMs)> Sections { get; } = new();
    }
}
