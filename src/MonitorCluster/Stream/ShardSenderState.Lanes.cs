using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Stream;

/// <content>Which shard goes which way, and what each way may take.</content>
internal sealed partial class ShardSenderState
{
    private const long ContradictionMs = 10_000; // over what a member needs to learn that it is out
    private const long LookAgainMs = 100;
    private const long IdleLaneMs = 10_000;      // a shard that comes back soon, as after a rolling restart, finds the link open
    private long lookAgainAtMs;

    /// <summary>When <see cref="OnTick"/> has something to do again that should not wait for the regular tick.</summary>
    public long WakeAtMs { get; private set; } = long.MaxValue;

    /// <summary>The routes have changed: shards go where their owner is now, at once.</summary>
    public void OnRoutes(long nowMs)
    {
        foreach (ShardStream stream in streams.Values)
        {
            Route(stream, nowMs);
        }

        EndLanes(lane => !routes.IsLiving(lane.Incarnation));
        PumpAll(nowMs);
    }

    public void OnWelcome(long incarnation, CollectorWelcome welcome, long nowMs)
    {
        // One that nobody asked for was meant for the identity before this one; the region may not have heard of this one yet.
        if (lanes.TryGetValue(incarnation, out SenderLane? lane) && lane.Status == LaneStatus.Greeting)
        {
            lane.Welcome(welcome.CreditBytes);
            Pump(lane, nowMs);
        }
    }

    /// <summary>An owner is out of reach: its shards wait, and are opened again when it answers.</summary>
    /// <param name="incarnation">Who.</param>
    /// <param name="isAnother">Whether another process answers at its address: the view is old.</param>
    /// <param name="nowMs">The time.</param>
    public void OnLost(long incarnation, bool isAnother, long nowMs)
    {
        if (!lanes.TryGetValue(incarnation, out SenderLane? lane))
        {
            return;
        }

        counters.LanesLostTotal++;
        lane.Lose(nowMs, random);
        foreach (ShardStream stream in streams.Values.Where(s => ReferenceEquals(s.Lane, lane)))
        {
            Close(stream, nowMs);
        }

        if (isAnother)
        {
            LookAgain(nowMs);
        }

        WakeAt(lane.DeadlineMs);
        Pump(lane, nowMs);
    }

    private void Route(ShardStream stream, long nowMs)
    {
        MemberRow? owner = routes.OwnerOf(stream.ShardId);
        if (stream.Lane?.Incarnation == owner?.Incarnation)
        {
            return;
        }

        Close(stream, nowMs);
        if (stream.Lane is { } left && --left.Streams == 0)
        {
            left.IdleSinceMs = nowMs;
        }

        stream.Lane = null;
        stream.IsQueued = false; // where it stood in line it is passed over
        stream.ContradictedSinceMs = null;
        stream.NotOwnersInRow = 0;
        if (owner is not null)
        {
            if (!lanes.TryGetValue(owner.Incarnation, out SenderLane? lane))
            {
                lanes.Add(owner.Incarnation, lane = new SenderLane(this, owner.Incarnation, owner.Address));
            }

            lane.Streams++;
            stream.Lane = lane;
            Enqueue(stream);
        }
    }

    private void TickLanes(long nowMs)
    {
        foreach (SenderLane lane in lanes.Values)
        {
            if (lane.Status == LaneStatus.Greeting && nowMs >= lane.DeadlineMs)
            {
                lane.Greet(nowMs + HelloRetryMs);
                Hello(lane);
            }
            else if (lane.Status == LaneStatus.Lost && nowMs < lane.DeadlineMs)
            {
                WakeAt(lane.DeadlineMs);
            }
        }

        EndLanes(lane => lane.Streams == 0 && nowMs - lane.IdleSinceMs >= IdleLaneMs);
    }

    private void EndLanes(Func<SenderLane, bool> isOver)
    {
        foreach (SenderLane lane in lanes.Values.Where(isOver).ToArray())
        {
            lanes.Remove(lane.Incarnation);
            EndedLanes.Add(lane);
        }
    }

    private void PumpAll(long nowMs)
    {
        foreach (SenderLane lane in lanes.Values)
        {
            Pump(lane, nowMs);
        }
    }

    private void PumpOf(ShardStream stream, long nowMs)
    {
        if (stream.Lane is { } lane)
        {
            Pump(lane, nowMs);
        }
    }

    private void PumpAfterRead(SenderLane reader, long nowMs)
    {
        while (readsInHand < ReadsMax && waitForRead.TryDequeue(out SenderLane? next))
        {
            next.WaitsForRead = false;
            Pump(next, nowMs); // a lane that has ended meanwhile has no shards left
        }

        Pump(reader, nowMs);
    }

    private void Pump(SenderLane lane, long nowMs)
    {
        if (!isStarted || isRejected)
        {
            return;
        }

        if (lane.Status != LaneStatus.Welcome)
        {
            if (lane.Status == LaneStatus.Lost && nowMs >= lane.DeadlineMs && lane.Ready.Any(s => s.HasUnacked && ReferenceEquals(s.Lane, lane)))
            {
                lane.Greet(nowMs + HelloRetryMs);
                Hello(lane);
            }

            return;
        }

        List<SectionRequest>? requests = null;
        int bytes = 0;
        bool isHeldBack = false;
        for (int left = lane.Ready.Count; left > 0; left--)
        {
            ShardStream stream = lane.Ready.Dequeue();
            if (!ReferenceEquals(stream.Lane, lane))
            {
                continue;
            }

            stream.IsQueued = false;
            Open(stream, nowMs);
            while (HasRoom(lane, stream) && bytes < ReadBytes)
            {
                if (lane.IsReading || readsInHand >= ReadsMax)
                {
                    isHeldBack = true;
                    break;
                }

                SectionRequest request = stream.TakeNext();
                (requests ??= []).Add(request);
                bytes += request.SizeBytes;
                lane.InFlightBytes += request.SizeBytes;
            }

            if (stream.Status == StreamStatus.Open && stream.HasUnsent)
            {
                Enqueue(stream); // window, credit or the read in hand holds it back
            }
        }

        if (requests is not null)
        {
            lane.IsReading = true;
            readsInHand++;
            ToWal.Add(new ReadSections(requests, lane));
        }
        else if (isHeldBack && !lane.IsReading && !lane.WaitsForRead)
        {
            lane.WaitsForRead = true;
            waitForRead.Enqueue(lane);
        }
    }

    private void Open(ShardStream stream, long nowMs)
    {
        if (stream.Status == StreamStatus.Closed && stream.HasUnacked && nowMs >= stream.DeadlineMs)
        {
            stream.Status = StreamStatus.Opening;
            stream.Session = ++session;
            stream.DeadlineMs = nowMs + answerTimeoutMs;
            stream.Lane!.Outbox.Add(new OpenShard(stream.ShardId, collectorId, stream.Session, stream.DurableSeq + 1));
        }
    }

    private bool HasRoom(SenderLane lane, ShardStream stream) =>
        stream.Status == StreamStatus.Open && stream.HasUnsent && stream.InFlightBytes < options.ShardWindowBytes && lane.InFlightBytes < lane.CreditBytes;

    private bool EndRead(object? tag)
    {
        if (tag is not SenderLane lane || !ReferenceEquals(lane.State, this))
        {
            return false;
        }

        lane.IsReading = false;
        readsInHand--;
        return true;
    }

    private void Hello(SenderLane lane) => lane.Outbox.Add(new HelloCollector(collectorId, name));

    private void LookAgain(long nowMs)
    {
        if (nowMs >= lookAgainAtMs)
        {
            lookAgainAtMs = nowMs + LookAgainMs;
            Wishes.Add(new LookAgain(routes.Version + 1));
        }
    }

    private void WakeAt(long atMs) => WakeAtMs = Math.Min(WakeAtMs, atMs);

    private static void Free(ShardStream stream, int bytes)
    {
        if (stream.Lane is { } lane)
        {
            lane.InFlightBytes -= bytes;
        }
    }

    private static void Enqueue(ShardStream stream)
    {
        if (!stream.IsQueued && stream.Lane is { } lane)
        {
            stream.IsQueued = true;
            lane.Ready.Enqueue(stream);
        }
    }
}
