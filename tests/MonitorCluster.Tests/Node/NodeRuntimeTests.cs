using Microsoft.Extensions.Logging;
using MonitorCluster.Tests.Node.Admin;

namespace MonitorCluster.Tests.Node;

public sealed class NodeRuntimeTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Stop_NotAllDone_IsWarnedAbout(bool isHurried)
    {
        using var warnings = new Warnings();
        using var node = new VirtualNode(warnings);

        bool isClean = node.Dispatcher.Run(() => node.Runtime.StopAsync(new CancellationToken(isHurried)), TimeSpan.FromMinutes(2));

        Assert.Equal(!isHurried, isClean);
        Assert.Equal(isHurried, warnings.Lines.Any(l => l.StartsWith("not stopped cleanly", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Meters_ReadByTwoThreads_AreWholeForBoth()
    {
        using var node = new VirtualNode();
        Task<bool>[] readers =
        [
            .. Enumerable.Range(0, 2).Select(_ => Task.Run(() => Enumerable.Range(0, 200).All(_ => node.Runtime.Meters()
                .Where(m => m.Labels.ToString().Contains("process_", StringComparison.Ordinal)).Count(m => m.Value > 0) == 3))),
        ];

        Assert.All(await Task.WhenAll(readers), areWhole => Assert.True(areWhole));
    }

    private sealed class Warnings : ILoggerFactory, ILogger
    {
        private readonly List<string> lines = [];

        public IReadOnlyList<string> Lines
        {
            get
            {
                lock (lines)
                {
                    return [.. lines];
                }
            }
        }

        public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel == LogLevel.Warning;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel == LogLevel.Warning)
            {
                lock (lines)
                {
                    lines.Add(formatter(state, exception));
                }
            }
        }

        public void Dispose()
        {
            // Holds nothing.
        }
    }
}
