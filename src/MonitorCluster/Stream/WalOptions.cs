using System.ComponentModel.DataAnnotations;

namespace MonitorCluster.Stream;

/// <summary>Limits of the collector's write-ahead log and of what it has in flight. Bound from the section <c>Wal</c>.</summary>
public sealed class WalOptions : IValidatableObject
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Wal";

    /// <summary>Size of one segment file, preallocated.</summary>
    /// <value>Default 64 MiB; 64 KiB to 1 GiB. A batch that begins before the end may reach past it.</value>
    [Range(64 << 10, 1 << 30)]
    public int SegmentBytes { get; set; } = 64 << 20;

    /// <summary>How much the log may hold that the owners have not journalled yet. When it is reached, new batches are refused.</summary>
    /// <value>Default 2 GiB; at least two segments.</value>
    [Range(128L << 10, 1L << 50)]
    public long MaxBytes { get; set; } = 2L << 30;

    /// <summary>When all is journalled and the current segment is larger than this, the next batch begins a new one: the disk is given back.</summary>
    /// <value>Default 16 MiB.</value>
    [Range(4 << 10, 1 << 30)]
    public int IdleRotateBytes { get; set; } = 16 << 20;

    /// <summary>How much may wait for an fsync; more is refused as overload.</summary>
    /// <value>Default 64 MiB (guess: 0.1 s of what the disk takes).</value>
    [Range(1 << 10, 1 << 30)]
    public int UnsyncedBytesMax { get; set; } = 64 << 20;

    /// <summary>The most samples in one batch.</summary>
    /// <value>Default 1,000,000.</value>
    [Range(1, 10_000_000)]
    public int BatchSamplesMax { get; set; } = 1_000_000;

    /// <summary>A section is closed when it reaches this size, and another one begun.</summary>
    /// <value>Default 256 KiB: the frame size up to which a stream gets faster (design/performance.md, section 4).</value>
    [Range(1 << 10, 8 << 20)]
    public int SectionBytesMax { get; set; } = 256 << 10;

    /// <summary>The most batches that may wait for their journal commit (<c>X-MC-Wait: durable</c>).</summary>
    /// <value>Default 10,000 (guess: what the HTTP server may hold open).</value>
    [Range(1, 1_000_000)]
    public int DurableWaitersMax { get; set; } = 10_000;

    /// <summary>Sections of one shard that are sent and not yet received, in bytes.</summary>
    /// <value>Default 512 KiB.</value>
    [Range(1 << 10, 64 << 20)]
    public int ShardWindowBytes { get; set; } = 512 << 10;

    /// <summary>How long a shard's owner may take to answer before the sender opens the shard again.</summary>
    /// <value>Default 5 s.</value>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:10:00")]
    public TimeSpan AnswerTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long received sections may stay unjournalled before the sender asks the owner what it has.</summary>
    /// <value>Default 15 s: several flushes of 2 s.</value>
    [Range(typeof(TimeSpan), "00:00:00.500", "01:00:00")]
    public TimeSpan DurableTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (MaxBytes < 2L * SegmentBytes)
        {
            yield return new ValidationResult(
                $"Wal:MaxBytes ({MaxBytes}) must be at least two segments (Wal:SegmentBytes is {SegmentBytes})", [nameof(MaxBytes)]);
        }
    }
}
