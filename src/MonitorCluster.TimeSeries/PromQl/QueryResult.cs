using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.TimeSeries.PromQl;

/// <summary>The answer of a query; one of the four kinds below.</summary>
public abstract record QueryResult;

/// <summary>One number.</summary>
/// <param name="TimestampMs">The instant of evaluation.</param>
/// <param name="Value">The number.</param>
public sealed record ScalarResult(long TimestampMs, double Value) : QueryResult;

/// <summary>One text.</summary>
/// <param name="TimestampMs">The instant of evaluation.</param>
/// <param name="Value">The text.</param>
public sealed record StringResult(long TimestampMs, string Value) : QueryResult;

/// <summary>One value for each series, all at one instant.</summary>
/// <param name="TimestampMs">The instant of evaluation.</param>
/// <param name="Samples">Ascending by labels, unless the query's outermost operation orders them (sort, topk ...).</param>
public sealed record VectorResult(long TimestampMs, IReadOnlyList<VectorSample> Samples) : QueryResult;

/// <summary>One element of a vector.</summary>
/// <param name="Labels">The series.</param>
/// <param name="Value">Its value; never the stale marker.</param>
public readonly record struct VectorSample(LabelSet Labels, double Value);

/// <summary>Some values for each series.</summary>
/// <param name="Series">Ascending by labels; none without points.</param>
public sealed record MatrixResult(IReadOnlyList<SeriesData> Series) : QueryResult;
