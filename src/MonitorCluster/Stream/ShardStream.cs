namespace MonitorCluster.Stream;

/// <summary>One shard as its sender sees it: which sections are not journalled, which are on their way, in which session.</summary>
/// <remarks>One writer: the sender's mailbox. Numbers are contiguous; where a record is lost, only its place is missing.</remarks>
internal sealed class ShardStream(int shardId)
{
    private readonly List<SectionPlace> definitions = []; // places with definitions that a later section of their dictionary may need
    private readonly Queue<(long Seq, int Bytes)> inFlight = new();
    private readonly List<SectionPlace> places = [];      // ascending; those before `first` are journalled
    private int first;
    private long lastSegment;
    private long takenSegment; // of the last section of the session

    public int ShardId { get; } = shardId;

    /// <summary>The way to its owner; null while it has none.</summary>
    public SenderLane? Lane { get; set; }

    public StreamStatus Status { get; set; }

    /// <summary>The session that is open or being opened; 0 = none.</summary>
    public long Session { get; set; }

    /// <summary>The highest number the log gave and synced.</summary>
    public long LastSeq { get; private set; }

    public long DurableSeq { get; private set; }

    public long ReceivedSeq { get; private set; }

    /// <summary>The next number to be read and sent in the session.</summary>
    public long NextSeq { get; private set; } = 1;

    /// <summary>Whether the next section needs the definitions of the sections before it.</summary>
    public bool NeedsDictionary { get; set; }

    public int InFlightBytes { get; private set; }

    /// <summary>When the status is no longer waited for: an answer is missing, or a pause is over.</summary>
    public long DeadlineMs { get; set; }

    /// <summary>When received sections should have been journalled.</summary>
    public long DurableDeadlineMs { get; set; }

    /// <summary>Since when the owner has less than was told to be journalled; null = it has not.</summary>
    public long? ContradictedSinceMs { get; set; }

    /// <summary>Refusals since the last answer that showed progress.</summary>
    public int RefusalsInRow { get; set; }

    /// <summary>How often in a row its owner has said that it is none.</summary>
    public int NotOwnersInRow { get; set; }

    /// <summary>Whether it stands in the sender's queue.</summary>
    public bool IsQueued { get; set; }

    /// <summary>A section the owner could not use twice: it is sent without samples.</summary>
    public long UnusableSeq { get; set; }

    public bool HasUnacked => LastSeq > DurableSeq;

    public bool HasUnsent => NextSeq <= LastSeq;

    public bool HasInFlight => inFlight.Count > 0;

    /// <summary>Takes over the numbers found in the log.</summary>
    public void Recover(long lastSeq, long durableSeq)
    {
        LastSeq = Math.Max(LastSeq, lastSeq);
        DurableSeq = durableSeq;
    }

    public void Add(in SectionPlace place)
    {
        LastSeq = Math.Max(LastSeq, place.Seq);
        lastSegment = place.Segment;
        if (place.DefinitionsLength > 0)
        {
            definitions.Add(place);
        }

        if (place.Seq > DurableSeq)
        {
            places.Add(place);
        }
    }

    /// <summary>The session begins behind what the owner has.</summary>
    /// <returns>The bytes that are not in flight any more.</returns>
    public int Resume(long receivedSeq)
    {
        ReceivedSeq = receivedSeq;
        NextSeq = receivedSeq + 1;
        NeedsDictionary = true;
        takenSegment = 0;
        return Forget(long.MaxValue);
    }

    /// <summary>The next section, which counts as in flight from now on.</summary>
    public SectionRequest TakeNext()
    {
        SectionPlace place = Find(NextSeq);
        IReadOnlyList<SectionPlace> earlier = [];
        if (NeedsDictionary && !place.IsLost)
        {
            earlier = DefinitionsBefore(place);
            NeedsDictionary = false;
        }

        // A lost record says nothing of its dictionary; another number than the last would empty the owner's table.
        place = place.Segment == 0 ? place with { Segment = takenSegment } : place;
        takenSegment = place.Segment;
        NextSeq++;
        var request = new SectionRequest(place, Session, earlier);
        inFlight.Enqueue((place.Seq, request.SizeBytes));
        InFlightBytes += request.SizeBytes;
        return request;
    }

    /// <summary>The owner has applied up to a number.</summary>
    /// <returns>The bytes that are not in flight any more.</returns>
    public int Received(long seq)
    {
        ReceivedSeq = Math.Max(ReceivedSeq, Math.Min(seq, LastSeq));
        return Forget(seq);
    }

    /// <summary>The owner has journalled up to a number.</summary>
    /// <param name="seq">The number.</param>
    /// <param name="freedBytes">The bytes that are not in flight any more.</param>
    /// <returns>How many sections of which segments that frees.</returns>
    public IReadOnlyList<(long Segment, int Sections)> Durable(long seq, out int freedBytes)
    {
        DurableSeq = seq;
        ReceivedSeq = Math.Max(ReceivedSeq, seq);
        NextSeq = Math.Max(NextSeq, seq + 1);
        freedBytes = Forget(seq);
        var freed = new List<(long Segment, int Sections)>(1);
        while (first < places.Count && places[first].Seq <= seq)
        {
            long segment = places[first++].Segment;
            if (freed.Count > 0 && freed[^1].Segment == segment)
            {
                freed[^1] = (segment, freed[^1].Sections + 1);
            }
            else
            {
                freed.Add((segment, 1));
            }
        }

        Compact();
        return freed;
    }

    /// <summary>Forgets what is in flight, as when a session ends.</summary>
    /// <returns>The bytes that are not in flight any more.</returns>
    public int Forget(long upToSeq)
    {
        int freed = 0;
        while (inFlight.TryPeek(out (long Seq, int Bytes) oldest) && oldest.Seq <= upToSeq)
        {
            inFlight.Dequeue();
            freed += oldest.Bytes;
        }

        InFlightBytes -= freed;
        return freed;
    }

    // Of the stretch that the section is in, and of the one before it: should a record of this one be unreadable, nearly all of its series are there, too.
    private List<SectionPlace> DefinitionsBefore(in SectionPlace place)
    {
        var earlier = new List<SectionPlace>();
        int spansLeft = place.BeginsSpan ? 1 : 2;
        for (int i = definitions.Count - 1; i >= 0 && spansLeft > 0; i--)
        {
            SectionPlace one = definitions[i];
            if (one.Segment == place.Segment && one.Seq < place.Seq)
            {
                earlier.Add(one);
                spansLeft -= one.BeginsSpan ? 1 : 0;
            }
        }

        earlier.Reverse();
        return earlier;
    }

    private SectionPlace Find(long seq)
    {
        int low = first, high = places.Count - 1;
        while (low <= high)
        {
            int middle = (low + high) / 2;
            if (places[middle].Seq == seq)
            {
                return seq == UnusableSeq ? places[middle] with { Offset = -1 } : places[middle];
            }

            (low, high) = places[middle].Seq < seq ? (middle + 1, high) : (low, middle - 1);
        }

        return new SectionPlace(ShardId, seq, 0, -1, 0, 0);
    }

    private void Compact()
    {
        if (first == places.Count || first > 1024)
        {
            places.RemoveRange(0, first);
            first = 0;
        }

        long needed = first < places.Count ? places[first].Segment : lastSegment;
        definitions.RemoveAll(d => d.Segment < needed);
    }
}

/// <summary>Where the conversation about one shard stands.</summary>
internal enum StreamStatus
{
    /// <summary>No session; opened when there is something to send and the pause is over.</summary>
    Closed,

    /// <summary>OpenShard is sent.</summary>
    Opening,

    /// <summary>Sections go out.</summary>
    Open,
}
