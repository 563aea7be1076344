namespace MonitorCluster.Stream;

/// <summary>The way to one owner: everything that a slow or dead owner may stall, and nothing that others share.</summary>
/// <remarks>One writer: the sender's mailbox. An owner is an incarnation: the same node started again is another lane.</remarks>
internal sealed class SenderLane(ShardSenderState state, long incarnation, string address)
{
    private const long BackOffMsMin = 100;
    private const long BackOffMsMax = 5_000;
    private int lossesInRow;

    /// <summary>Whose lane it is: what was read for a state that was replaced counts for nobody.</summary>
    public ShardSenderState State { get; } = state;

    public long Incarnation { get; } = incarnation;

    public string Address { get; } = address;

    /// <summary>What the shell sends there next.</summary>
    public List<object> Outbox { get; } = [];

    /// <summary>Shards that may have something to do, round robin. One that has moved on is left in it and passed over.</summary>
    public Queue<ShardStream> Ready { get; } = new();

    public LaneStatus Status { get; private set; }

    /// <summary>Lost: when to say hello again. Greeting: when the answer is late. Welcome: before that no doubt is raised whether it still holds.</summary>
    public long DeadlineMs { get; private set; }

    /// <summary>What the owner lets this collector have in flight.</summary>
    public long CreditBytes { get; private set; }

    public long InFlightBytes { get; set; }

    /// <summary>Whether the log reads for it now.</summary>
    public bool IsReading { get; set; }

    /// <summary>Whether it stands in line for the log.</summary>
    public bool WaitsForRead { get; set; }

    /// <summary>How many shards go this way.</summary>
    public int Streams { get; set; }

    /// <summary>Since when <see cref="Streams"/> is 0.</summary>
    public long IdleSinceMs { get; set; }

    public void Greet(long deadlineMs) => (Status, DeadlineMs) = (LaneStatus.Greeting, deadlineMs);

    public void Welcome(int creditBytes) => (Status, CreditBytes) = (LaneStatus.Welcome, Math.Max(1, creditBytes));

    /// <summary>Hello is said once more, though the owner seemed to know the collector.</summary>
    public void GreetAgain(long deadlineMs) => DeadlineMs = deadlineMs;

    /// <summary>The owner was heard to serve a shard: the next loss is a first one.</summary>
    public void Works() => lossesInRow = 0;

    /// <summary>The owner is out of reach. Full jitter, so that a hundred collectors do not come back in the same instant.</summary>
    public void Lose(long nowMs, Random random)
    {
        long limitMs = Math.Min(BackOffMsMax, BackOffMsMin << Math.Min(lossesInRow++, 10));
        Status = LaneStatus.Lost;
        DeadlineMs = nowMs + random.NextInt64(limitMs + 1);
    }
}

/// <summary>Where the conversation with an owner stands.</summary>
internal enum LaneStatus
{
    /// <summary>Not spoken to yet, or out of reach: hello when there is something to send and the pause is over.</summary>
    Lost,

    /// <summary>Hello is said.</summary>
    Greeting,

    /// <summary>The owner knows the collector.</summary>
    Welcome,
}
