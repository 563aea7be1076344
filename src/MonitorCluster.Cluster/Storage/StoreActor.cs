using Microsoft.Extensions.Logging;

namespace MonitorCluster.Cluster.Storage;

/// <summary>Runs commands on one <see cref="SqlStore"/>, one after the other, and answers each with <see cref="StoreReply"/> or <see
/// cref="StoreFailed"/>.</summary>
/// <remarks>
/// SQLite blocks its caller, so this actor belongs on the dispatcher "pinned". It never fails itself: a database that is away is the sender's matter,
/// who backs off
/// and repeats. A second instance with a connection of its own can serve reads meanwhile.
/// </remarks>
#pragma warning disable CA1001 // an actor's end is PostStop, which closes the store
public sealed partial class StoreActor : ReceiveActor
#pragma warning restore CA1001
{
    private readonly SqlStore _store;
    private readonly StoreStatistics _statistics;
    private readonly TimeProvider _time;
    private readonly ILogger<StoreActor> _log;
    private long _failuresInOutage;

    private StoreActor(IStoreConnections connections, StoreStatistics statistics, TimeProvider time, ILogger<StoreActor> log)
    {
        _store = new SqlStore(connections);
        _statistics = statistics;
        _time = time;
        _log = log;
        Receive<StoreCommand>(Run);
    }

    /// <summary>How to make the actor, on a thread of its own.</summary>
    public static Props Props(IStoreConnections connections, StoreStatistics statistics, TimeProvider time, ILogger<StoreActor> log) =>
        Actors.Props.Create(() => new StoreActor(connections, statistics, time, log)).WithDispatcher(Actors.Props.PinnedDispatcher);

    /// <inheritdoc/>
    protected override void PostStop() => _store.Dispose();

    private void Run(StoreCommand command)
    {
        long start = _time.GetTimestamp();
        Exception? error = null;
        object? result = null;
        try
        {
            result = command.Run(_store);
        }
#pragma warning disable CA1031 // boundary: whatever a command throws is the answer to its sender
        catch (Exception e)
#pragma warning restore CA1031
        {
            error = e;
        }

        _statistics.Ran(_time.GetElapsedTime(start), failed: error is not null, available: error is not StoreUnavailableException);
        Log(command.Name, error);
        Sender.Tell(error is null ? new StoreReply(command.Name, command.Tag, result) : new StoreFailed(command.Name, command.Tag, error));
    }

    private void Log(string name, Exception? error)
    {
        switch (error)
        {
            case StoreUnavailableException when _failuresInOutage++ == 0:
                LogUnavailable(name, error.Message);
                break;
            case StoreUnavailableException:
                break; // one line for the outage; its end says how many there were
            case StoreRefusedException:
                break; // the sender ends the program with the reasons
            case not null:
                LogProgramError(error, name);
                break;
            case null when _failuresInOutage > 0:
                LogAvailable(_failuresInOutage);
                _failuresInOutage = 0;
                break;
        }
    }

    [LoggerMessage(EventId = 2001, Level = LogLevel.Warning, Message = "{Name} failed, the node goes on and tries again: {Reason}")]
    private partial void LogUnavailable(string name, string reason);

    [LoggerMessage(EventId = 2002, Level = LogLevel.Information, Message = "The store is back after {Failures} failed operations")]
    private partial void LogAvailable(long failures);

    [LoggerMessage(EventId = 2003, Level = LogLevel.Error, Message = "Store operation {Name} failed in a way that it never should; nothing of it was written")]
    private partial void LogProgramError(Exception cause, string name);
}
