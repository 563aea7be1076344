namespace MonitorCluster.Cluster.Transport;

/// <summary>What the transport counts: the port to the network and the peers actor write, own metrics read. Safe for any thread.</summary>
public sealed class TransportStatistics
{
    private static readonly int FailureKinds = Enum.GetValues<PeerFailure>().Length;
    private const int RequestKinds = byte.MaxValue + 1; // a newer program may ask what this one does not know

    private readonly long[] ended = new long[FailureKinds];
    private readonly long[] asked = new long[RequestKinds];
    private readonly long[] failed = new long[RequestKinds];
    private readonly long[] served = new long[RequestKinds];
    private long linksOpen;
    private long linksOpened;
    private long linksAccepted;
    private long linksTurnedAway;
    private long bytesIn;
    private long bytesOut;
    private long answersLate;

    /// <summary>Links that are in use now, in both directions: both sides have proven themselves.</summary>
    public long LinksOpen => Interlocked.Read(ref linksOpen);

    /// <summary>Links that this node opened and could use.</summary>
    public long LinksOpened => Interlocked.Read(ref linksOpened);

    /// <summary>Links that others opened and could use.</summary>
    public long LinksAccepted => Interlocked.Read(ref linksAccepted);

    /// <summary>Links that the listener took no notice of, because too many were open.</summary>
    public long LinksTurnedAway => Interlocked.Read(ref linksTurnedAway);

    /// <summary>Bytes of frames received.</summary>
    public long BytesIn => Interlocked.Read(ref bytesIn);

    /// <summary>Bytes of frames sent.</summary>
    public long BytesOut => Interlocked.Read(ref bytesOut);

    /// <summary>Answers that came after their request had been given up.</summary>
    public long AnswersLate => Interlocked.Read(ref answersLate);

    /// <summary>Links that could not be used, by the reason.</summary>
    public long Refused(PeerFailure reason) => Interlocked.Read(ref ended[(int)reason]);

    /// <summary>Requests to other nodes.</summary>
    public long Requests(RequestKind kind) => Interlocked.Read(ref asked[(int)kind]);

    /// <summary>Requests to other nodes that got no answer.</summary>
    public long RequestsFailed(RequestKind kind) => Interlocked.Read(ref failed[(int)kind]);

    /// <summary>Requests of other nodes.</summary>
    public long RequestsServed(RequestKind kind) => Interlocked.Read(ref served[(int)kind]);

    internal void AddBytesIn(long bytes) => Interlocked.Add(ref bytesIn, bytes);

    internal void AddBytesOut(long bytes) => Interlocked.Add(ref bytesOut, bytes);

    internal void TurnedAway() => Interlocked.Increment(ref linksTurnedAway);

    internal void AnsweredLate() => Interlocked.Increment(ref answersLate);

    internal void LinkUp(bool isAccepted)
    {
        Interlocked.Increment(ref linksOpen);
        Interlocked.Increment(ref isAccepted ? ref linksAccepted : ref linksOpened);
    }

    internal void LinkDown() => Interlocked.Decrement(ref linksOpen);

    internal void LinkRefused(PeerFailure reason) => Interlocked.Increment(ref ended[(int)reason]);

    internal void Asked(RequestKind kind) => Interlocked.Increment(ref asked[(int)kind]);

    internal void Failed(RequestKind kind) => Interlocked.Increment(ref failed[(int)kind]);

    internal void Served(RequestKind kind) => Interlocked.Increment(ref served[(int)kind]);
}
