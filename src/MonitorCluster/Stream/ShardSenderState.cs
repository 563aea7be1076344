using MonitorCluster.Cluster.Membership;

namespace MonitorCluster.Stream;

/// <summary>The sender without its mailbox: opens shards at their owners, keeps within each owner's credit, repeats what was lost.</summary>
/// <remarks>
/// One writer: the sender's mailbox. Each call may leave messages in the outboxes (<see cref="SenderLane.Outbox"/> and the lists here); the shell
/// sends and clears them. Times are milliseconds of any clock that only goes forward.
/// <list type="bullet">
/// <item>A shard belongs to the lane of its owner. One lane at a time: leaving one ends the session, and what is answered to an ended session is not
/// heard, but for <see cref="BatchesDurable"/>, which is true for ever.</item>
/// <item>Sessions count up from a random number of 62 bits. A number that the collector used before it restarted would let an owner take a section that
/// was still on its way then for one of the new session, whose dictionary it does not fit; no clock can promise that, this does but for odds of 2^-40.</item>
/// <item>Credit is counted by what this side sent and not by what the answers say, so a lost or repeated answer cannot leak it.</item>
/// <item>A backlog shares its lane with live data, shard by shard in turn, and is sent no faster than the owner gives credit back. As the owner applies
/// live data first come first served from all collectors, that is what spares a new owner; there is no other limit on replay.</item>
/// </list>
/// </remarks>
internal sealed partial class ShardSenderState
{
    private const int ReadBytes = 256 << 10; // one read and, on the way to another node, about one frame
    private const int ReadsMax = 4;          // in the log's mailbox at once: an append waits for at most 1 MiB of reads, whatever the number of owners
    private const long HelloRetryMs = 1_000;
    private const long NotOwnerPauseMsMax = 1_000;
    private const long PauseMsMin = 100;
    private const long PauseMsMax = 5_000;
    private readonly WalOptions options;
    private readonly StreamCounters counters;
    private readonly RouteMap routes;
    private readonly Random random;
    private readonly long answerTimeoutMs;
    private readonly long durableTimeoutMs;
    private readonly SortedDictionary<int, ShardStream> streams = [];
    private readonly SortedDictionary<long, SenderLane> lanes = [];
    private readonly Queue<SenderLane> waitForRead = new();
    private readonly Dictionary<int, long> replaying = []; // shard -> the last number that the log held at the start
    private Guid collectorId;
    private string name = string.Empty;
    private bool isStarted;
    private bool isRejected;
    private int readsInHand;
    private long session;

    public ShardSenderState(WalOptions options, StreamCounters counters, RouteMap routes, Random random)
    {
        (this.options, this.counters, this.routes, this.random) = (options, counters, routes, random);
        answerTimeoutMs = (long)options.AnswerTimeout.TotalMilliseconds;
        durableTimeoutMs = (long)options.DurableTimeout.TotalMilliseconds;
        session = random.NextInt64(1, 1L << 62);
    }

    /// <summary>All lanes, by the owner's incarnation.</summary>
    public IReadOnlyCollection<SenderLane> Lanes => lanes.Values;

    /// <summary>Lanes that have ended; the shell lets go of what it keeps for them.</summary>
    public List<SenderLane> EndedLanes { get; } = [];

    public List<object> ToWal { get; } = [];

    public List<object> ToCollector { get; } = [];

    /// <summary>For who keeps the view of the cluster.</summary>
    public List<LookAgain> Wishes { get; } = [];

    public void Start(WalRecovery recovery, string collectorName, long nowMs)
    {
        collectorId = recovery.CollectorId;
        name = collectorName;
        isStarted = true;
        foreach (ShardNumbers numbers in recovery.Numbers)
        {
            Stream(numbers.ShardId, nowMs).Recover(numbers.LastSeq, numbers.DurableSeq);
        }

        replaying.Clear();
        foreach (SectionPlace place in recovery.Sections)
        {
            Stream(place.ShardId, nowMs).Add(place);
            replaying[place.ShardId] = place.Seq;
        }

        counters.IsReplayed = replaying.Count == 0;
        PumpAll(nowMs);
    }

    public void OnSynced(IReadOnlyList<SectionPlace> places, long nowMs)
    {
        foreach (SectionPlace place in places)
        {
            ShardStream stream = Stream(place.ShardId, nowMs);
            stream.Add(place);
            Enqueue(stream);
        }

        PumpAll(nowMs);
    }

    public void OnOpened(ShardOpened opened, long nowMs)
    {
        if (!IsCurrent(opened.ShardId, opened.CollectorId, opened.Session, out ShardStream stream) || stream.Status != StreamStatus.Opening)
        {
            return;
        }

        long epoch = routes.EpochOf(stream.ShardId);
        if (opened.Epoch > epoch)
        {
            LookAgain(nowMs);
        }

        // Who was cut off may still believe in an epoch that others have ended; what it knows is old, and what it takes is never journalled.
        if (opened.Epoch < epoch || IsContradicted(stream, opened, nowMs))
        {
            Close(stream, nowMs, isRejected ? PauseMsMax : PauseMsMin);
            return;
        }

        stream.Lane!.Works();
        stream.NotOwnersInRow = 0;
        OnDurable(stream, opened.DurableSeq, nowMs);
        stream.Lane.InFlightBytes -= stream.Resume(Math.Max(opened.LastSeq, opened.DurableSeq));
        NoteReplayed(stream);
        stream.Status = StreamStatus.Open;
        stream.DeadlineMs = 0;
        stream.DurableDeadlineMs = stream.ReceivedSeq > stream.DurableSeq ? nowMs + durableTimeoutMs : 0;
        Enqueue(stream);
        Pump(stream.Lane, nowMs);
    }

    public void OnReceived(BatchesReceived received, long nowMs)
    {
        if (!IsCurrent(received.ShardId, received.CollectorId, received.Session, out ShardStream stream) || stream.Status != StreamStatus.Open)
        {
            return;
        }

        stream.Lane!.InFlightBytes -= stream.Received(received.LastSeq);
        NoteReplayed(stream);
        stream.RefusalsInRow = 0;
        stream.DeadlineMs = stream.HasInFlight ? nowMs + answerTimeoutMs : 0;
        if (stream.DurableDeadlineMs == 0 && stream.ReceivedSeq > stream.DurableSeq)
        {
            stream.DurableDeadlineMs = nowMs + durableTimeoutMs;
        }

        Enqueue(stream);
        Pump(stream.Lane, nowMs);
    }

    public void OnDurable(BatchesDurable durable, long nowMs)
    {
        if (durable.CollectorId == collectorId && streams.TryGetValue(durable.ShardId, out ShardStream? stream))
        {
            OnDurable(stream, durable.DurableSeq, nowMs);
            PumpOf(stream, nowMs);
        }
    }

    public void OnRefused(BatchRefused refused, long nowMs)
    {
        if (!IsCurrent(refused.ShardId, refused.CollectorId, refused.Session, out ShardStream stream) || stream.Status != StreamStatus.Open)
        {
            return;
        }

        counters.SectionsRefusedTotal++;
        stream.RefusalsInRow++;
        if (refused.Reason != RefusalReason.Gap && stream.RefusalsInRow >= 2)
        {
            stream.UnusableSeq = refused.ExpectedSeq;
        }

        long pauseMs = stream.RefusalsInRow <= 2 ? 0 : Math.Min(PauseMsMax, PauseMsMin << Math.Min(stream.RefusalsInRow - 3, 10));
        Close(stream, nowMs, pauseMs);
        PumpOf(stream, nowMs);
    }

    public void OnNotOwner(NotOwner answer, long nowMs)
    {
        if (!IsCurrent(answer.ShardId, answer.CollectorId, answer.Session, out ShardStream stream))
        {
            return;
        }

        counters.NotOwnerTotal++;
        if (answer.Epoch > routes.EpochOf(answer.ShardId))
        {
            LookAgain(nowMs);
        }
        else if (nowMs >= stream.Lane!.DeadlineMs)
        {
            // It may also be that it does not know the collector: its welcome was for an identity before this one.
            stream.Lane.GreetAgain(nowMs + HelloRetryMs);
            Hello(stream.Lane);
        }

        // What is refused again and again is asked for less and less often; a new map asks at once.
        long pauseMs = Math.Clamp((long)answer.RetryAfter.TotalMilliseconds, 10, 60_000);
        Close(stream, nowMs, Math.Max(pauseMs, Math.Min(NotOwnerPauseMsMax, pauseMs << Math.Min(stream.NotOwnersInRow++, 10))));
    }

    public void OnRead(SectionsRead read, long nowMs)
    {
        if (!EndRead(read.Tag))
        {
            return;
        }

        foreach (SectionContent content in read.Contents)
        {
            SectionPlace place = content.Request.Place;
            ShardStream stream = Stream(place.ShardId, nowMs);
            if (stream.Session == content.Request.Session && stream.Status == StreamStatus.Open)
            {
                counters.SectionsSentTotal++;
                counters.SectionsLostTotal += content.IsReadable ? 0 : 1;
                stream.DeadlineMs = nowMs + answerTimeoutMs;
                stream.Lane!.Outbox.Add(new BatchSection(
                    place.ShardId, collectorId, stream.Session, place.Seq, place.Segment, content.Definitions, content.Runs));
            }
        }

        PumpAfterRead((SenderLane)read.Tag!, nowMs);
    }

    public void OnReadFailed(ReadSectionsFailed failed, long nowMs)
    {
        if (!EndRead(failed.Tag))
        {
            return;
        }

        foreach (SectionRequest request in failed.Requests)
        {
            ShardStream stream = Stream(request.Place.ShardId, nowMs);
            if (stream.Session == request.Session)
            {
                Close(stream, nowMs, PauseMsMax);
            }
        }

        PumpAfterRead((SenderLane)failed.Tag!, nowMs);
    }

    /// <summary>Time has passed: missing answers are given up, pauses end.</summary>
    public void OnTick(long nowMs)
    {
        WakeAtMs = long.MaxValue;
        foreach (ShardStream stream in streams.Values)
        {
            bool isLate = stream.DeadlineMs != 0 && nowMs >= stream.DeadlineMs;
            if (stream.Status == StreamStatus.Closed)
            {
                Enqueue(stream);
                WakeAt(nowMs >= stream.DeadlineMs || !stream.HasUnacked ? long.MaxValue : stream.DeadlineMs);
            }
            else if (isLate || (stream.DurableDeadlineMs != 0 && nowMs >= stream.DurableDeadlineMs))
            {
                if (isLate && stream.Status == StreamStatus.Opening)
                {
                    Hello(stream.Lane!); // a region that was restarted does not know us any more
                }

                if (!isLate)
                {
                    LookAgain(nowMs); // an owner that takes and never journals may be none any more, and this side's map old
                }

                Close(stream, nowMs);
            }
        }

        TickLanes(nowMs);
        PumpAll(nowMs);
    }

    private void OnDurable(ShardStream stream, long durableSeq, long nowMs)
    {
        if (durableSeq > stream.LastSeq)
        {
            Reject(stream, durableSeq);
        }
        else if (durableSeq > stream.DurableSeq)
        {
            IReadOnlyList<(long Segment, int Sections)> segments = stream.Durable(durableSeq, out int freedBytes);
            Free(stream, freedBytes);
            stream.DurableDeadlineMs = stream.ReceivedSeq > durableSeq && stream.Status == StreamStatus.Open ? nowMs + durableTimeoutMs : 0;
            stream.DeadlineMs = stream.Status == StreamStatus.Open && !stream.HasInFlight ? 0 : stream.DeadlineMs;
            ToCollector.Add(new SectionsDurable(collectorId, stream.ShardId, durableSeq, segments));
        }
    }

    // Nothing but an older log explains an owner that has applied numbers the log never gave. One that has less than was journalled may also be an
    // owner that does not know yet that it is none, asked by a collector that does not know it either: believed only when it lasts.
    private bool IsContradicted(ShardStream stream, ShardOpened opened, long nowMs)
    {
        long ownerLast = Math.Max(opened.LastSeq, opened.DurableSeq);
        if (ownerLast >= stream.DurableSeq && ownerLast <= stream.LastSeq)
        {
            stream.ContradictedSinceMs = null;
            return false;
        }

        stream.ContradictedSinceMs ??= nowMs;
        if (ownerLast > stream.LastSeq || nowMs - stream.ContradictedSinceMs >= ContradictionMs)
        {
            Reject(stream, ownerLast);
        }
        else
        {
            LookAgain(nowMs);
        }

        return true;
    }

    private void Reject(ShardStream stream, long ownerLast)
    {
        if (!isRejected)
        {
            isRejected = true; // nothing more under this identity
            ToCollector.Add(new IdentityRejected(collectorId, stream.ShardId, ownerLast, stream.LastSeq, stream.DurableSeq));
        }
    }

    private void Close(ShardStream stream, long nowMs, long pauseMs = 0)
    {
        Free(stream, stream.Forget(long.MaxValue));
        stream.Status = StreamStatus.Closed;
        stream.Session = 0;
        stream.DeadlineMs = nowMs + pauseMs;
        stream.DurableDeadlineMs = 0;
        Enqueue(stream);
        WakeAt(pauseMs > 0 ? stream.DeadlineMs : long.MaxValue);
    }

    private void NoteReplayed(ShardStream stream)
    {
        if (replaying.TryGetValue(stream.ShardId, out long last) && stream.ReceivedSeq >= last)
        {
            replaying.Remove(stream.ShardId);
            counters.IsReplayed = replaying.Count == 0;
        }
    }

    private bool IsCurrent(int shardId, Guid id, long answered, out ShardStream stream)
    {
        stream = null!;
        if (id != collectorId || answered == 0 || !streams.TryGetValue(shardId, out ShardStream? found) || found.Session != answered)
        {
            return false;
        }

        stream = found;
        return true;
    }

    private ShardStream Stream(int shardId, long nowMs)
    {
        if (!streams.TryGetValue(shardId, out ShardStream? stream))
        {
            stream = new ShardStream(shardId);
            streams.Add(shardId, stream);
            Route(stream, nowMs);
        }

        return stream;
    }
}
