using Microsoft.Extensions.Logging;

namespace MonitorCluster.Stream;

/// <summary>What a <see cref="CollectorActor"/> is made of.</summary>
public sealed record CollectorSetup
{
    /// <summary>The WAL directory.</summary>
    public required IWalFiles Files { get; init; }

    /// <summary>Limits.</summary>
    public required WalOptions Options { get; init; }

    /// <summary>The node's series.</summary>
    public required SeriesCatalog Catalog { get; init; }

    /// <summary>Where the stage counts.</summary>
    public required StreamCounters Counters { get; init; }

    /// <summary>This node's shard region; null on an agent, which has none.</summary>
    public required IActorRef? Region { get; init; }

    /// <summary>The peers actor: the way to owners on other nodes.</summary>
    public required IActorRef Peers { get; init; }

    /// <summary>The node's name, told to the region.</summary>
    public required string Name { get; init; }

    /// <summary>The clock.</summary>
    public required TimeProvider Time { get; init; }

    /// <summary>
    /// Chance for identities, sessions, back-off and the salts of segments. Identities must differ between nodes and salts must not be guessed, so a real node
    /// gives one that is seeded by the operating system; only a simulation gives a fixed seed.
    /// </summary>
    public required Random Random { get; init; }

    /// <summary>Where the stage logs.</summary>
    public required ILogger Logger { get; init; }
}
