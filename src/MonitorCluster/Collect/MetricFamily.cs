using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Collect;

/// <summary>What a metric's name stands for: the HELP and TYPE of /metrics, an entry of /api/v1/metadata.</summary>
/// <param name="Name">The metric's name, as in <c>__name__</c>.</param>
/// <param name="Type">How its values behave.</param>
/// <param name="Help">One sentence for people.</param>
/// <param name="Unit">The base unit (<c>seconds</c>, <c>bytes</c> ...), empty when the name does not end in one.</param>
public sealed record MetricFamily(string Name, MetricType Type, string Help, string Unit = "");
