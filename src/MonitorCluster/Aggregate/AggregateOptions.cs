using System.ComponentModel.DataAnnotations;

namespace MonitorCluster.Aggregate;

/// <summary>What a node that owns shards keeps in memory and in the store.</summary>
public sealed class AggregateOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Aggregate";

    /// <summary>Age at which samples are deleted; older ones are refused on arrival.</summary>
    /// <value>Default 30 d; 1 h to 10 years.</value>
    [Range(typeof(TimeSpan), "01:00:00", "3650.00:00:00")]
    public TimeSpan Retention { get; set; } = TimeSpan.FromDays(30);

    /// <summary>How often what retention has ended is looked for and deleted.</summary>
    /// <value>Default 5 m; 1 s to 1 d.</value>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan RetentionInterval { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How far a sample may be ahead of this node's clock; beyond, it is refused, so that one wrong clock cannot move a series.</summary>
    /// <value>Default 10 m; 0 to 1 d.</value>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan FutureMax { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>How much of each series stays in memory, sealed, so that windows up to this span need no store.</summary>
    /// <value>Default 1 h; 5 m to 1 d.</value>
    [Range(typeof(TimeSpan), "00:05:00", "1.00:00:00")]
    public TimeSpan MemorySpan { get; set; } = TimeSpan.FromHours(1);

    /// <summary>How often dirty shards are written to the journal.</summary>
    /// <value>Default 2 s; 100 ms to 1 m.</value>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:01:00")]
    public TimeSpan FlushInterval { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Unflushed bytes of this node at which the journal is written at once.</summary>
    /// <value>Default 4 MiB; 64 KiB to 256 MiB.</value>
    [Range(64 * 1024, 256 * 1024 * 1024)]
    public int FlushBytes { get; set; } = 4 * 1024 * 1024;

    /// <summary>Unflushed bytes of this node at which it stops giving credit, so that samples wait in the collectors' logs.</summary>
    /// <value>Default 256 MiB; 1 MiB to 8 GiB.</value>
    [Range(1024 * 1024, 8L * 1024 * 1024 * 1024)]
    public long UnflushedBytesMax { get; set; } = 256L * 1024 * 1024;

    /// <summary>How often a shard's heads are sealed into a block.</summary>
    /// <value>Default 5 m; 1 s to 1 h.</value>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan CutInterval { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Journal bytes of a shard at which it is cut before its time; at least twice the bytes of its last snapshot.</summary>
    /// <value>Default 4 MiB; 64 KiB to 256 MiB.</value>
    [Range(64 * 1024, 256 * 1024 * 1024)]
    public int CutBytes { get; set; } = 4 * 1024 * 1024;

    /// <summary>Series this node may collect and take in, of all hosts together; samples of further ones are refused and counted.</summary>
    /// <value>Default 2,000,000; 1,000 to 100,000,000.</value>
    [Range(1_000, 100_000_000)]
    public int SeriesMax { get; set; } = 2_000_000;

    /// <summary>Series one host may have; samples of further ones are refused and counted.</summary>
    /// <value>Default 200,000; 100 to 10,000,000.</value>
    [Range(100, 10_000_000)]
    public int SeriesPerHostMax { get; set; } = 200_000;

    /// <summary>Late samples a shard holds; reaching it cuts the shard.</summary>
    /// <value>Default 100,000; 1,000 to 10,000,000.</value>
    [Range(1_000, 10_000_000)]
    public int LateSamplesMax { get; set; } = 100_000;
}
