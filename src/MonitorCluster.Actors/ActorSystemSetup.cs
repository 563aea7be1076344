using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace MonitorCluster.Actors;

/// <summary>What an actor system gets from outside. Every default is the production one.</summary>
public sealed record ActorSystemSetup
{
    /// <summary>The clock of timers, asks and back-offs.</summary>
    /// <value>Default: the machine's clock.</value>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Where actors run.</summary>
    /// <value>Default: "default" = thread pool, "pinned" = a thread of its own.</value>
    public IDispatcherProvider Dispatchers { get; init; } = new ThreadDispatchers();

    /// <summary>How many user messages may wait in a mailbox whose recipe does not say.</summary>
    /// <value>Default 100,000 (guess: far above what credits let in, far below what would fill the memory).</value>
    public int MailboxLimit { get; init; } = 100_000;

    /// <summary>Where failures and restarts are logged.</summary>
    /// <value>Default: nowhere.</value>
    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;

    /// <summary>How failures of top-level actors are treated. What it escalates ends the system.</summary>
    public SupervisorStrategy GuardianStrategy { get; init; } = SupervisorStrategy.DefaultStrategy;
}
