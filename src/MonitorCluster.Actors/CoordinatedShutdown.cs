using Microsoft.Extensions.Logging;

namespace MonitorCluster.Actors;

/// <summary>Ends a program in order: phase after phase, the tasks of one phase side by side, at last the actor system. Safe for any thread.</summary>
/// <remarks>A task that fails or takes longer than its phase may is logged, and the next phase begins: an end must not hang on one part.</remarks>
public sealed partial class CoordinatedShutdown
{
    /// <summary>Before listeners close: stop being found.</summary>
    public const string PhaseBeforeServiceUnbind = "before-service-unbind";

    /// <summary>Listeners close: no new requests.</summary>
    public const string PhaseServiceUnbind = "service-unbind";

    /// <summary>Requests under way end.</summary>
    public const string PhaseServiceRequestsDone = "service-requests-done";

    /// <summary>Services stop: sources, notifiers.</summary>
    public const string PhaseServiceStop = "service-stop";

    /// <summary>Shards are written out and handed over.</summary>
    public const string PhaseClusterShardingShutdown = "cluster-sharding-shutdown-region";

    /// <summary>The node leaves the membership table.</summary>
    public const string PhaseClusterLeave = "cluster-leave";

    /// <summary>The last work before the actors end.</summary>
    public const string PhaseBeforeActorSystemTerminate = "before-actor-system-terminate";

    /// <summary>The actors end, after this phase's tasks.</summary>
    public const string PhaseActorSystemTerminate = "actor-system-terminate";

    private static readonly string[] s_phases =
    [
        PhaseBeforeServiceUnbind, PhaseServiceUnbind, PhaseServiceRequestsDone, PhaseServiceStop, PhaseClusterShardingShutdown, PhaseClusterLeave,
        PhaseBeforeActorSystemTerminate, PhaseActorSystemTerminate,
    ];

    private readonly Lock _gate = new();
    private readonly List<(string Phase, string Name, Func<CancellationToken, Task> Work)> _tasks = []; // guarded by _gate
    private readonly ActorSystem _system;
    private readonly ILogger _log;
    private Task? _run; // guarded by _gate

    internal CoordinatedShutdown(ActorSystem system, ILogger log)
    {
        _system = system;
        _log = log;
    }

    /// <summary>The phases in their order.</summary>
    public static IReadOnlyList<string> Phases => s_phases;

    /// <summary>How long one phase may take.</summary>
    /// <value>Default 10 s (guess: a flush of all shards takes one).</value>
    public TimeSpan PhaseTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The shutdown of a system.</summary>
    /// <param name="system">The system.</param>
    /// <returns>One and the same for each system.</returns>
    public static CoordinatedShutdown Get(ActorSystem system)
    {
        ArgumentNullException.ThrowIfNull(system);
        return system.Shutdown;
    }

    /// <summary>Adds a task to a phase. Once the shutdown runs no more tasks are taken.</summary>
    /// <param name="phase">One of <see cref="Phases"/>.</param>
    /// <param name="taskName">For the log.</param>
    /// <param name="task">The work; its token is cancelled when the phase's time is over.</param>
    /// <returns>False when the shutdown already runs.</returns>
    /// <exception cref="ArgumentException">There is no such phase.</exception>
    public bool AddTask(string phase, string taskName, Func<CancellationToken, Task> task)
    {
        if (!s_phases.Contains(phase))
        {
            throw new ArgumentException($"There is no phase '{phase}'; the phases are {string.Join(", ", s_phases)}", nameof(phase));
        }

        lock (_gate)
        {
            if (_run is not null)
            {
                return false;
            }

            _tasks.Add((phase, taskName, task));
            return true;
        }
    }

    /// <summary>Runs all phases and ends the system. Further calls get the first one's task.</summary>
    /// <returns>Completes, never with an error, when the system has ended, or had its phase's time to do so: an actor may hang in a call that blocks.</returns>
    public Task RunAsync()
    {
        TaskCompletionSource begin;
        lock (_gate)
        {
            if (_run is not null)
            {
                return _run;
            }

            begin = new TaskCompletionSource();
            _run = RunPhasesAsync(begin.Task);
        }

        begin.SetResult(); // outside of the lock: the tasks are foreign code
        return _run;
    }

    private async Task RunPhasesAsync(Task begin)
    {
        await begin;
        foreach (string phase in s_phases)
        {
            (string Phase, string Name, Func<CancellationToken, Task> Work)[] tasks = [.. _tasks.Where(task => task.Phase == phase)];
            if (tasks.Length > 0)
            {
                using var timeout = new CancellationTokenSource(PhaseTimeout, _system.TimeProvider);
                Task[] running = [.. tasks.Select(task => RunTaskAsync(task.Phase, task.Name, task.Work, timeout.Token))];
                foreach (Task task in running)
                {
                    await task;
                }
            }
        }

        using var last = new CancellationTokenSource(PhaseTimeout, _system.TimeProvider);
        await RunTaskAsync(PhaseActorSystemTerminate, "terminate", _ => _system.TerminateAsync(), last.Token);
    }

    private async Task RunTaskAsync(string phase, string name, Func<CancellationToken, Task> work, CancellationToken timeout)
    {
        try
        {
            await UntilAsync(work(timeout), timeout);
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested)
        {
            LogTimeout(phase, name, PhaseTimeout);
        }
#pragma warning disable CA1031 // boundary: a task that fails must not keep the others from ending
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogFailed(e, phase, name);
        }
    }

    // Task.WaitAsync and WhenAll hop over the thread pool when what they wait for completes asynchronously, and a simulation would leave its thread.
    private static async Task UntilAsync(Task work, CancellationToken timeout)
    {
        var ended = new TaskCompletionSource();
        using CancellationTokenRegistration registration = timeout.Register(() => ended.TrySetCanceled(timeout));
        _ = PassOnAsync(work, ended); // its failure is passed on; one that comes after the time-out has nobody left to hear it
        await ended.Task;
    }

    private static async Task PassOnAsync(Task work, TaskCompletionSource ended)
    {
        try
        {
            await work;
            ended.TrySetResult();
        }
#pragma warning disable CA1031 // boundary: whatever the task throws goes to whoever waits
        catch (Exception e)
#pragma warning restore CA1031
        {
            ended.TrySetException(e);
        }
    }

    [LoggerMessage(EventId = 1020, Level = LogLevel.Warning, Message = "Shutdown phase {Phase}: {Name} was not done within {Timeout}")]
    private partial void LogTimeout(string phase, string name, TimeSpan timeout);

    [LoggerMessage(EventId = 1021, Level = LogLevel.Error, Message = "Shutdown phase {Phase}: {Name} failed")]
    private partial void LogFailed(Exception cause, string phase, string name);
}
