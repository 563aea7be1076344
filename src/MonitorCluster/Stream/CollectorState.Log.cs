namespace MonitorCluster.Stream;

/// <content>What the log and the shards' owners report back.</content>
internal sealed partial class CollectorState
{
    private const long RetryDelayMsMin = 100;
    private const long RetryDelayMsMax = 5_000;
    private long nextSegment = 1;
    private long lsn;
    private long failedLsn;      // all appends up to here are settled, one way or the other
    private long generation;     // how many failures were dealt with
    private long syncedSegment;
    private long unsyncedBytes;
    private long usedBytes;
    private long retryAtMs;
    private long retryDelayMs = RetryDelayMsMin;
    private readonly List<long> voidSegments = []; // of failed appends, ascending
    private int durableWaiters;

    /// <summary>The log has synced all appends up to a number.</summary>
    /// <param name="synced">Up to where.</param>
    /// <param name="places">Filled with the sections that may be sent now, in order.</param>
    /// <param name="answered">Filled with the batches that are acknowledged now.</param>
    public void OnSynced(long synced, List<SectionPlace> places, List<BatchWaiter> answered)
    {
        while (pendingAppends.TryPeek(out PendingAppend? append) && append.Lsn <= synced)
        {
            pendingAppends.Dequeue();
            LogSegment segment = append.Segment!;
            segment.SyncedEnd = append.End;
            segment.Pending += append.Places.Count;
            syncedSegment = segment.Number;
            unsyncedBytes -= append.Bytes;
            places.AddRange(append.Places);
            foreach (SectionPlace place in append.Places)
            {
                Shard(place.ShardId).SyncedSeq = place.Seq;
            }

            counters.CountLogged(append.Protocol, append.Waiter.SampleCount);
            Acknowledge(append, answered);
            retryDelayMs = RetryDelayMsMin;
        }

        Gauge();
    }

    /// <summary>The log could not write or sync: nothing that is not synced yet counts.</summary>
    /// <param name="failed">The append that failed, or the last one its sync was for.</param>
    /// <param name="nowMs">The time.</param>
    /// <param name="refused">Filled with the batches that are refused now.</param>
    public void OnFailed(long failed, long nowMs, List<BatchWaiter> refused)
    {
        if (failed <= failedLsn)
        {
            return; // it was on its way when the failure of an earlier one was dealt with
        }

        failedLsn = lsn;
        generation++;
        counters.WalFailuresTotal++;
        retryAtMs = nowMs + retryDelayMs;
        retryDelayMs = Math.Min(retryDelayMs * 2, RetryDelayMsMax);
        while (pendingAppends.TryDequeue(out PendingAppend? append))
        {
            counters.CountRefused(SubmitRefusal.WalFailed, append.Waiter.SampleCount);
            refused.Add(append.Waiter);
        }

        foreach (CollectorShard shard in shards.Values)
        {
            shard.LastSeq = shard.SyncedSeq;
        }

        foreach (LogSegment segment in segments.Values.ToArray())
        {
            segment.End = segment.SyncedEnd;
            if (segment.SyncedEnd == 0)
            {
                segments.Remove(segment.Number);
                voidSegments.Add(segment.Number);
            }
        }

        current = null;
        unsyncedBytes = 0;
        Gauge();
    }

    /// <summary>A shard's owner has journalled sections.</summary>
    /// <param name="durable">What the sender found out.</param>
    /// <param name="answered">Filled with the batches that are acknowledged now.</param>
    public void OnDurable(SectionsDurable durable, List<BatchWaiter> answered)
    {
        CollectorShard shard = Shard(durable.ShardId);
        shard.DurableSeq = Math.Max(shard.DurableSeq, durable.DurableSeq);
        foreach ((long number, int sections) in durable.Segments)
        {
            if (segments.TryGetValue(number, out LogSegment? segment))
            {
                segment.Pending -= sections;
            }
        }

        while (shard.Waiters.TryPeek(out (long Seq, BatchWaiter Waiter) first) && first.Seq <= shard.DurableSeq)
        {
            shard.Waiters.Dequeue();
            if (--first.Waiter.ShardsLeft == 0)
            {
                durableWaiters--;
                answered.Add(first.Waiter);
            }
        }

        Gauge();
    }

    /// <summary>The segments that can be deleted now: all their sections are journalled, and a newer segment's checkpoint is synced.</summary>
    public IReadOnlyList<long> TakeDeletable()
    {
        List<long>? deletable = null;
        foreach (LogSegment segment in segments.Values)
        {
            if (segment.Number < syncedSegment && segment.Pending == 0)
            {
                (deletable ??= []).Add(segment.Number);
            }
        }

        if (voidSegments.Count > 0 && syncedSegment > voidSegments[^1])
        {
            (deletable ??= []).AddRange(voidSegments);
            voidSegments.Clear();
        }

        deletable?.ForEach(s => segments.Remove(s));
        if (deletable is not null)
        {
            Gauge();
        }

        return deletable ?? [];
    }

    /// <summary>Ends the state: the log will be opened anew under another identity. All who wait are refused.</summary>
    public void Close(List<BatchWaiter> refused)
    {
        var waiting = new HashSet<BatchWaiter>(pendingAppends.Select(p => p.Waiter));
        waiting.UnionWith(shards.Values.SelectMany(s => s.Waiters).Select(w => w.Waiter));
        refused.AddRange(waiting);
        pendingAppends.Clear();
        shards.Clear();
        IsStarted = false;
    }

    private void Acknowledge(PendingAppend append, List<BatchWaiter> answered)
    {
        BatchWaiter waiter = append.Waiter;
        waiter.ShardsLeft = append.Shards.Length;
        if (waiter.ShardsLeft == 0)
        {
            answered.Add(waiter);
            return;
        }

        durableWaiters++;
        foreach ((CollectorShard shard, long seq) in append.Shards)
        {
            shard.Waiters.Enqueue((seq, waiter));
        }
    }

    /// <summary>Whether something is written to the log and not yet synced.</summary>
    public bool IsSyncing => pendingAppends.Count > 0;

    private void Gauge()
    {
        usedBytes = 0;
        long oldestMs = 0;
        foreach (LogSegment segment in segments.Values)
        {
            usedBytes += segment.End;
            oldestMs = segment.Pending > 0 && oldestMs == 0 ? segment.SinceMs : oldestMs;
        }

        counters.WalBytes = usedBytes;
        counters.OldestUnackedMs = oldestMs;
    }
}
