using Microsoft.Extensions.Logging;
using MonitorCluster.Stream;

namespace MonitorCluster.Collect;

/// <summary>What a <see cref="HostCollectorActor"/> works with.</summary>
/// <param name="Host">The value of the labels host and instance: Node:Name.</param>
/// <param name="Options">Validated options.</param>
/// <param name="CreateSources">Makes the sources, names unique; see <see cref="HostSources"/>.
/// Called again when the actor is restarted: a source belongs to one writer.</param>
/// <param name="Series">The node's series.</param>
/// <param name="Metrics">Where metric families are noted.</param>
/// <param name="Collector">Gets one <see cref="SubmitSamples"/> per interval.</param>
/// <param name="Logger">For changes of sources' states.</param>
public sealed record HostCollectorSetup(
    string Host,
    CollectOptions Options,
    Func<IReadOnlyList<ISampleSource>> CreateSources,
    SeriesCatalog Series,
    MetricCatalog Metrics,
    IActorRef Collector,
    ILogger Logger);
