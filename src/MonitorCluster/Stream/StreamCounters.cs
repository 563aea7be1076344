using System.Collections.Concurrent;

namespace MonitorCluster.Stream;

/// <summary>What the stage counts about itself, for the node's own metrics.</summary>
/// <remarks>Each number has one writer, an actor of the stage; reading is safe for any thread.</remarks>
public sealed class StreamCounters
{
    private readonly ConcurrentDictionary<string, long> samplesByProtocol = new(StringComparer.Ordinal);
    private long linksCut; // each link has an actor of its own
    private readonly long[] refusedByReason = new long[Enum.GetValues<SubmitRefusal>().Length];

    /// <summary>Bytes in the log's segments that are still needed (gauge).</summary>
    public long WalBytes { get; internal set; }

    /// <summary>When the oldest section that is not journalled yet was logged, in milliseconds since 1970; 0 = there is none (gauge).</summary>
    public long OldestUnackedMs { get; internal set; }

    /// <summary>Samples taken into the log, by protocol.</summary>
    public IReadOnlyDictionary<string, long> SamplesByProtocol => samplesByProtocol;

    /// <summary>How many fsyncs succeeded.</summary>
    public long SyncsTotal { get; internal set; }

    /// <summary>How long the fsyncs took, in seconds, in all.</summary>
    public double SyncSecondsTotal { get; internal set; }

    /// <summary>How often a write or fsync of the log failed.</summary>
    public long WalFailuresTotal { get; internal set; }

    /// <summary>Bytes of torn tails cut when the log was opened; they were never acknowledged.</summary>
    public long TornBytesTotal { get; internal set; }

    /// <summary>Places in the log whose bytes were not what was written; acknowledged samples may be lost there.</summary>
    public long CorruptPlacesTotal { get; internal set; }

    /// <summary>Sections sent without samples because their record was lost or the owner could not use it.</summary>
    public long SectionsLostTotal { get; internal set; }

    /// <summary>Sections handed to shards, repeats included.</summary>
    public long SectionsSentTotal { get; internal set; }

    /// <summary>Sections that owners did not apply.</summary>
    public long SectionsRefusedTotal { get; internal set; }

    /// <summary>How often an owner of shards was lost out of reach, and had to be greeted again.</summary>
    public long LanesLostTotal { get; internal set; }

    /// <summary>How often a node said that it does not own a shard (now), asked by this node's collector.</summary>
    public long NotOwnerTotal { get; internal set; }

    /// <summary>Links of other nodes' collectors that were cut because of what they sent.</summary>
    public long LinksCutTotal => Interlocked.Read(ref linksCut);

    /// <summary>How often the collector took a new identity because an owner knew numbers that the log did not.</summary>
    public long IdentitiesMintedTotal { get; internal set; }

    /// <summary>Whether every section that the log held at the start has reached its shard: before that, acknowledged samples may not be seen.</summary>
    public bool IsReplayed { get; internal set; }

    /// <summary>Samples whose batch was refused, by reason.</summary>
    public long Refused(SubmitRefusal reason) => Volatile.Read(ref refusedByReason[(int)reason]);

    internal void CountLogged(string protocol, int samples) => samplesByProtocol.AddOrUpdate(protocol, samples, (_, before) => before + samples);

    internal void CountLinkCut() => Interlocked.Increment(ref linksCut);

    internal void CountRefused(SubmitRefusal reason, int samples) => refusedByReason[(int)reason] += samples;
}
