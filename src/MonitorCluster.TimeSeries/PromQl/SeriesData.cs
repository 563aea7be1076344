using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.TimeSeries.PromQl;

/// <summary>One series' samples in a selector's time span, as the engine wants them. Never changed by it.</summary>
/// <param name="Labels">The series.</param>
/// <param name="Timestamps">Milliseconds, strictly ascending.</param>
/// <param name="Values">As many as timestamps; stale markers included.</param>
public sealed record SeriesData(LabelSet Labels, ReadOnlyMemory<long> Timestamps, ReadOnlyMemory<double> Values);

/// <summary>What the caller must read before a query can be evaluated: one per selector, in the order the data is to be given.</summary>
/// <param name="Matchers">All must hold for a series to be wanted.</param>
/// <param name="FromMs">Samples later than this (exclusive) ...</param>
/// <param name="ToMs">... up to and with this are needed; more does no harm.</param>
public sealed record SelectorWindow(IReadOnlyList<LabelMatcher> Matchers, long FromMs, long ToMs);
