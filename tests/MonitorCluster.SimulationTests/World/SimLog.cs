using Microsoft.Extensions.Logging;

namespace MonitorCluster.SimulationTests.World;

/// <summary>Keeps what a node logs as an error, but for the errors that the world makes; tells the world's trace everything.</summary>
internal sealed class SimLog(Simulation world, string machine) : ILoggerFactory, ILogger
{
    private const int DiskFailed = 3101;
    private const int Evicted = 2012;

    public List<string> Errors { get; } = [];

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public void Dispose()
    {
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning || world.IsTraced;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        world.Say($"{machine}: {logLevel} {eventId.Id} {formatter(state, exception)} {exception?.Message}");
        bool isActorFailure = eventId.Id is >= 1000 and < 1010;
        if ((logLevel >= LogLevel.Error || isActorFailure) && eventId.Id is not (DiskFailed or Evicted))
        {
            Errors.Add($"{eventId.Id} {formatter(state, exception)} {exception}");
        }
    }
}
