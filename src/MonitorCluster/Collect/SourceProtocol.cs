using MonitorCluster.Stream;

namespace MonitorCluster.Collect;

/// <summary>Asks a source for the samples of one instant. It gets the next one only after it answered with <see cref="SourceCollected"/>.</summary>
/// <param name="TimestampMs">The instant.</param>
internal sealed record CollectSamples(long TimestampMs);

/// <summary>A source's answer.</summary>
/// <param name="Index">Which source, 0-based.</param>
/// <param name="TimestampMs">The instant it was asked for.</param>
/// <param name="Batch">Its samples; the source uses the same batch again when it is asked next.</param>
/// <param name="Result">How it went.</param>
internal sealed record SourceCollected(int Index, long TimestampMs, SampleBatch Batch, SourceResult Result);

/// <summary>How one measurement of one source went.</summary>
/// <param name="State">Ok, Failing or Absent.</param>
/// <param name="Error">Why not Ok; empty when Ok.</param>
/// <param name="Duration">How long it took.</param>
/// <param name="SamplesRefusedTotal">Samples over the limits of series, since the source began.</param>
internal readonly record struct SourceResult(SourceState State, string Error, TimeSpan Duration, long SamplesRefusedTotal);
