using MonitorCluster.Cluster.Transport;

namespace MonitorCluster.SimulationTests.Cluster;

/// <summary>One direction of a link: a queue whose head arrives when its time has come, the way is whole and the reader runs.</summary>
internal sealed class SimWire
{
    private readonly SimNetwork network;
    private readonly SimPath path;
    private readonly SimPipeEnd from;
    private readonly Queue<Item> queue = [];
    private readonly ITimer timer;
    private SimPipeEnd? to;
    private DateTimeOffset lastDue;
    private long waitingBytes;
    private bool isOver;

    public SimWire(SimNetwork network, SimPath path, SimPipeEnd from)
    {
        (this.network, this.path, this.from) = (network, path, from);
        timer = network.Time.CreateTimer(static state => ((SimWire)state!).Deliver(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Whether nothing gets through now.</summary>
    public bool IsBlocked => path.IsCut(network.Time.GetUtcNow()) || to is { Endpoint: { IsPaused: true } or { IsAlive: false } };

    /// <summary>The other side is there.</summary>
    public void LeadTo(SimPipeEnd end)
    {
        to = end;
        Deliver();
    }

    public bool HasRoomFor(int bytes) => waitingBytes + bytes <= network.WaitingBytesMax;

    /// <returns>False when too much waits.</returns>
    public bool TrySend(SimMessage message)
    {
        if (isOver)
        {
            return true; // taken, and lost: the sender will hear of it
        }

        if (!HasRoomFor(message.Body.Length))
        {
            return false;
        }

        network.Counts.Messages++;
        waitingBytes += message.Body.Length;
        Enqueue(message, null);
        if (network.Losses > 0 && network.Random.Next(100_000) < network.Losses)
        {
            from.Pipe.Break();
        }

        return true;
    }

    /// <summary>The reader is told, before anything else, that the link is there.</summary>
    public void Open() => Enqueue(null, null);

    /// <summary>The link ends after what was sent.</summary>
    public void End(LinkEnd end)
    {
        if (!isOver)
        {
            Enqueue(null, end);
            isOver = true;
        }
    }

    /// <summary>The link ends, and only some of what was sent arrives before that.</summary>
    /// <param name="end">What the reader is told; null when nobody tells it.</param>
    public void Break(LinkEnd? end)
    {
        if (isOver)
        {
            return;
        }

        int kept = network.Random.Next(queue.Count + 1);
        Item[] items = [.. queue];
        queue.Clear();
        foreach (Item item in items.Take(kept))
        {
            queue.Enqueue(item);
        }

        lastDue = kept > 0 ? items[kept - 1].Due : network.Time.GetUtcNow();
        if (end is { } how)
        {
            Enqueue(null, how);
        }

        isOver = true;
    }

    /// <summary>Whatever waits goes nowhere.</summary>
    public void Drop()
    {
        isOver = true;
        queue.Clear();
        timer.Dispose();
    }

    public void Deliver()
    {
        DateTimeOffset now = network.Time.GetUtcNow();
        while (to is not null && queue.TryPeek(out Item item))
        {
            if (IsBlocked || item.Due > now)
            {
                Arm(now);
                return;
            }

            queue.Dequeue();
            Hand(item, to);
        }
    }

    private void Enqueue(SimMessage? message, LinkEnd? end)
    {
        DateTimeOffset now = network.Time.GetUtcNow();
        DateTimeOffset due = now + path.Delay(now, message?.Body.Length ?? 0);
        lastDue = due > lastDue ? due : lastDue;
        queue.Enqueue(new Item(lastDue, message, end));
        if (queue.Count == 1)
        {
            Arm(now);
        }
    }

    // On a cut way the next try is when it is whole again, or when somebody heals it; who stands still is asked when he goes on.
    private void Arm(DateTimeOffset now)
    {
        if (to is null or { Endpoint.IsAlive: false } or { Endpoint.IsPaused: true })
        {
            return;
        }

        DateTimeOffset due = queue.Peek().Due;
        due = path.IsCut(now) && path.CutUntil > due ? path.CutUntil : due;
        timer.Change(due > now ? due - now : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
    }

    private void Hand(Item item, SimPipeEnd reader)
    {
        if (item.End is { } end)
        {
            reader.End(end, "the network says so");
        }
        else if (item.Message is not { } message)
        {
            reader.Opened();
        }
        else
        {
            waitingBytes -= message.Body.Length;
            foreach (SimMessage arrived in network.Rewrite?.Invoke(from, message) ?? [message])
            {
                reader.Take(arrived);
            }
        }
    }

    private readonly record struct Item(DateTimeOffset Due, SimMessage? Message, LinkEnd? End);
}
