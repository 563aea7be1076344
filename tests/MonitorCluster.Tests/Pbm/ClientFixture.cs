using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using MonitorCluster.Node.Admin;
using MonitorCluster.Node.Configuration;
using MonitorCluster.Pbm;
using MonitorCluster.Pbm.Prompt;

namespace MonitorCluster.Tests.Pbm;

/// <summary>The real client against the real host, in one process and over loopback.</summary>
internal sealed class ClientFixture : IAsyncDisposable
{
    private ClientFixture(CmdHost host, TestPalette palette) => (Host, Palette) = (host, palette);

    public CmdHost Host { get; }

    public TestPalette Palette { get; }

    public string Address => Host.EndPoint!.ToString();

    public WatchedWriter Output { get; } = new();

    public WatchedWriter Errors { get; } = new();

    public Interrupts Interrupts { get; } = new();

    public Dictionary<string, string> Environment { get; } = [];

    public VirtualTimeProvider Time { get; } = new();

    public static async Task<ClientFixture> StartAsync(string token = "", string host = "127.0.0.1")
    {
        var palette = new TestPalette();
        CmdHost listening = await CmdHost.StartAsync(
            new CmdOptions { Host = host, Port = 0, Token = token },
            "n1",
            [palette],
            NullLoggerFactory.Instance,
            NullLogger<CmdHost>.Instance,
            CancellationToken.None);
        Assert.NotNull(listening.EndPoint);
        return new ClientFixture(listening, palette);
    }

    /// <summary>Runs the client with the host's address in front of the arguments.</summary>
    public Task<ExitCode> RunAsync(params string[] arguments) => RunAsync(null, [Address, .. arguments]);

    /// <summary>Runs the client with exactly these arguments.</summary>
    public Task<ExitCode> RunAsync(ILineReader? input, string[] arguments) =>
        new PbmProgram(Output, Errors, Environment.GetValueOrDefault, isRedirected: true, Time)
            .RunAsync(arguments, _ => input ?? new PlainLineReader(new StringReader("")), Interrupts);

    /// <summary>A port on which nothing listens: it was free a moment ago.</summary>
    public static int DeadPort()
    {
        using var listener = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        Interrupts.Dispose();
    }
}
