namespace MonitorCluster.Stream;

/// <summary>The sender to one shard region without its mailbox: opens shards, keeps within the credit, repeats what was lost.</summary>
/// <remarks>
/// One writer: the sender's mailbox. Each call may leave messages in the three outboxes; the shell sends and clears them. Credit is counted by
/// what this side sent and not by what the answers say, so a lost or repeated answer cannot leak it.
/// </remarks>
internal sealed class ShardSenderState(WalOptions options, StreamCounters counters)
{
    private const int ReadBytes = 256 << 10; // one read and, later, one frame
    private const long HelloRetryMs = 1_000;
    private const long PauseMsMin = 100;
    private const long PauseMsMax = 5_000;
    private readonly long answerTimeoutMs = (long)options.AnswerTimeout.TotalMilliseconds;
    private readonly long durableTimeoutMs = (long)options.DurableTimeout.TotalMilliseconds;
    private readonly SortedDictionary<int, ShardStream> streams = [];
    private readonly Queue<ShardStream> ready = new();
    private readonly Dictionary<int, long> replaying = []; // shard -> the last number that the log held at the start
    private Guid collectorId;
    private string name = string.Empty;
    private bool isStarted;
    private bool isWelcome;
    private bool isReading;
    private bool isRejected;
    private long helloDeadlineMs;
    private long session;
    private long creditBytes;
    private long inFlightBytes;

    public List<object> ToRegion { get; } = [];

    public List<object> ToWal { get; } = [];

    public List<object> ToCollector { get; } = [];

    public void Start(WalRecovery recovery, string collectorName, long nowMs)
    {
        collectorId = recovery.CollectorId;
        name = collectorName;
        session = Math.Max(session, nowMs * 1000); // after a restart still above the sessions before, which helps people read logs
        foreach (ShardNumbers numbers in recovery.Numbers)
        {
            Stream(numbers.ShardId).Recover(numbers.LastSeq, numbers.DurableSeq);
        }

        replaying.Clear();
        foreach (SectionPlace place in recovery.Sections)
        {
            Stream(place.ShardId).Add(place);
            replaying[place.ShardId] = place.Seq;
        }

        counters.IsReplayed = replaying.Count == 0;
        isStarted = true;
        foreach (ShardStream stream in streams.Values)
        {
            Enqueue(stream);
        }

        Hello(nowMs);
    }

    public void OnSynced(IReadOnlyList<SectionPlace> places, long nowMs)
    {
        foreach (SectionPlace place in places)
        {
            ShardStream stream = Stream(place.ShardId);
            stream.Add(place);
            Enqueue(stream);
        }

        Pump(nowMs);
    }

    public void OnWelcome(CollectorWelcome welcome, long nowMs)
    {
        isWelcome = true;
        creditBytes = Math.Max(1, welcome.CreditBytes);
        Pump(nowMs);
    }

    public void OnOpened(ShardOpened opened, long nowMs)
    {
        if (!IsCurrent(opened.ShardId, opened.CollectorId, opened.Session, out ShardStream stream) || stream.Status != StreamStatus.Opening)
        {
            return;
        }

        long ownerLast = Math.Max(opened.LastSeq, opened.DurableSeq);
        if (ownerLast > stream.LastSeq || ownerLast < stream.DurableSeq)
        {
            Reject(stream, ownerLast);
            return;
        }

        OnDurable(stream, opened.DurableSeq, nowMs);
        inFlightBytes -= stream.Resume(ownerLast);
        NoteReplayed(stream);
        stream.Status = StreamStatus.Open;
        stream.DeadlineMs = 0;
        stream.DurableDeadlineMs = stream.ReceivedSeq > stream.DurableSeq ? nowMs + durableTimeoutMs : 0;
        Enqueue(stream);
        Pump(nowMs);
    }

    public void OnReceived(BatchesReceived received, long nowMs)
    {
        if (!IsCurrent(received.ShardId, received.CollectorId, received.Session, out ShardStream stream) || stream.Status != StreamStatus.Open)
        {
            return;
        }

        inFlightBytes -= stream.Received(received.LastSeq);
        NoteReplayed(stream);
        stream.RefusalsInRow = 0;
        stream.DeadlineMs = stream.HasInFlight ? nowMs + answerTimeoutMs : 0;
        if (stream.DurableDeadlineMs == 0 && stream.ReceivedSeq > stream.DurableSeq)
        {
            stream.DurableDeadlineMs = nowMs + durableTimeoutMs;
        }

        Enqueue(stream);
        Pump(nowMs);
    }

    public void OnDurable(BatchesDurable durable, long nowMs)
    {
        if (durable.CollectorId == collectorId && streams.TryGetValue(durable.ShardId, out ShardStream? stream))
        {
            OnDurable(stream, durable.DurableSeq, nowMs);
            Pump(nowMs);
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
        Close(stream, nowMs + pauseMs);
        Pump(nowMs);
    }

    public void OnNotOwner(NotOwner answer, long nowMs)
    {
        if (IsCurrent(answer.ShardId, answer.CollectorId, answer.Session, out ShardStream stream))
        {
            Close(stream, nowMs + Math.Clamp((long)answer.RetryAfter.TotalMilliseconds, 10, 60_000));
        }
    }

    /// <summary>The region is gone or another one takes its place: say hello and open everything again.</summary>
    public void OnRegionLost(long nowMs)
    {
        isWelcome = false;
        foreach (ShardStream stream in streams.Values)
        {
            Close(stream, nowMs);
        }

        if (isStarted)
        {
            Hello(nowMs);
        }
    }

    public void OnRead(SectionsRead read, long nowMs)
    {
        isReading = false;
        foreach (SectionContent content in read.Contents)
        {
            SectionPlace place = content.Request.Place;
            ShardStream stream = Stream(place.ShardId);
            if (stream.Session == content.Request.Session && stream.Status == StreamStatus.Open)
            {
                counters.SectionsSentTotal++;
                counters.SectionsLostTotal += content.IsReadable ? 0 : 1;
                stream.DeadlineMs = nowMs + answerTimeoutMs;
                ToRegion.Add(new BatchSection(
                    place.ShardId, collectorId, stream.Session, place.Seq, place.Segment, content.Definitions, content.Runs));
            }
        }

        Pump(nowMs);
    }

    public void OnReadFailed(ReadSectionsFailed failed, long nowMs)
    {
        isReading = false;
        foreach (SectionRequest request in failed.Requests)
        {
            ShardStream stream = Stream(request.Place.ShardId);
            if (stream.Session == request.Session)
            {
                Close(stream, nowMs + PauseMsMax);
            }
        }
    }

    /// <summary>Time has passed: missing answers are given up, pauses end.</summary>
    public void OnTick(long nowMs)
    {
        if (isStarted && !isWelcome && nowMs >= helloDeadlineMs)
        {
            Hello(nowMs);
        }

        foreach (ShardStream stream in streams.Values)
        {
            bool isLate = stream.DeadlineMs != 0 && nowMs >= stream.DeadlineMs;
            if (stream.Status == StreamStatus.Closed)
            {
                Enqueue(stream);
            }
            else if (isLate || (stream.DurableDeadlineMs != 0 && nowMs >= stream.DurableDeadlineMs))
            {
                if (isLate && stream.Status == StreamStatus.Opening)
                {
                    Hello(nowMs); // a region that was restarted does not know us any more
                }

                Close(stream, nowMs);
            }
        }

        Pump(nowMs);
    }

    private void Pump(long nowMs)
    {
        if (!isWelcome || isRejected)
        {
            return;
        }

        List<SectionRequest>? requests = null;
        int bytes = 0;
        for (int left = ready.Count; left > 0; left--)
        {
            ShardStream stream = ready.Dequeue();
            stream.IsQueued = false;
            if (stream.Status == StreamStatus.Closed && stream.HasUnacked && nowMs >= stream.DeadlineMs)
            {
                stream.Status = StreamStatus.Opening;
                stream.Session = ++session;
                stream.DeadlineMs = nowMs + answerTimeoutMs;
                ToRegion.Add(new OpenShard(stream.ShardId, collectorId, stream.Session, stream.DurableSeq + 1));
            }

            while (!isReading && stream.Status == StreamStatus.Open && stream.HasUnsent && stream.InFlightBytes < options.ShardWindowBytes
                && inFlightBytes < creditBytes && bytes < ReadBytes)
            {
                SectionRequest request = stream.TakeNext();
                (requests ??= []).Add(request);
                bytes += request.Place.BodyLength;
                inFlightBytes += request.Place.BodyLength;
            }

            if (stream.Status == StreamStatus.Open && stream.HasUnsent)
            {
                Enqueue(stream); // window, credit or the read in hand holds it back
            }
        }

        if (requests is not null)
        {
            isReading = true;
            ToWal.Add(new ReadSections(requests));
        }
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
            inFlightBytes -= freedBytes;
            stream.DurableDeadlineMs = stream.ReceivedSeq > durableSeq ? nowMs + durableTimeoutMs : 0;
            stream.DeadlineMs = stream.Status == StreamStatus.Open && !stream.HasInFlight ? 0 : stream.DeadlineMs;
            ToCollector.Add(new SectionsDurable(collectorId, stream.ShardId, durableSeq, segments));
        }
    }

    private void Reject(ShardStream stream, long ownerLast)
    {
        if (!isRejected)
        {
            isRejected = true; // nothing more under this identity
            ToCollector.Add(new IdentityRejected(collectorId, stream.ShardId, ownerLast, stream.LastSeq, stream.DurableSeq));
        }
    }

    private void Close(ShardStream stream, long retryAtMs)
    {
        inFlightBytes -= stream.Forget(long.MaxValue);
        stream.Status = StreamStatus.Closed;
        stream.DeadlineMs = retryAtMs;
        stream.DurableDeadlineMs = 0;
        Enqueue(stream);
    }

    private void Hello(long nowMs)
    {
        helloDeadlineMs = nowMs + HelloRetryMs;
        ToRegion.Add(new HelloCollector(collectorId, name));
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
        if (id != collectorId || !streams.TryGetValue(shardId, out ShardStream? found) || found.Session != answered)
        {
            return false;
        }

        stream = found;
        return true;
    }

    private void Enqueue(ShardStream stream)
    {
        if (!stream.IsQueued)
        {
            stream.IsQueued = true;
            ready.Enqueue(stream);
        }
    }

    private ShardStream Stream(int shardId)
    {
        if (!streams.TryGetValue(shardId, out ShardStream? stream))
        {
            stream = new ShardStream(shardId);
            streams.Add(shardId, stream);
        }

        return stream;
    }
}
