using System.Collections;
using System.Net.Sockets;
using System.Text;
using MonitorCluster.Node;

namespace MonitorCluster.Tests.Node;

public sealed class SystemdNotifyTests : IDisposable
{
    private const int ProcessId = 4711;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly string folder = Directory.CreateTempSubdirectory("mc-notify-").FullName;
    private readonly Socket manager = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
    private readonly CancellationTokenSource stopping = new();

    private string SocketPath => Path.Combine(folder, "notify");

    public void Dispose()
    {
        manager.Dispose();
        stopping.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Run_NodeBecomesReadyThenStops_SaysSo()
    {
        int asked = 0;
        using SystemdNotify notify = Listen(SocketPath, SocketPath, watchdogMs: null);
        Task running = notify.RunAsync(() => ++asked == 3, _ => throw new InvalidOperationException("no watchdog, no question"), stopping.Token);

        Assert.Equal("READY=1", await ReceiveAsync());
        Assert.Equal(3, asked);
        await stopping.CancelAsync();
        Assert.Equal("STOPPING=1", await ReceiveAsync());
        await running.WaitAsync(Patience);
    }

    [Fact]
    public async Task Run_AbstractSocket_IsReached()
    {
        string name = $"mc-notify-{Guid.NewGuid():N}";
        using SystemdNotify notify = Listen("\0" + name, "@" + name, watchdogMs: null);
        Task running = notify.RunAsync(() => true, _ => Task.FromResult(true), stopping.Token);

        Assert.Equal("READY=1", await ReceiveAsync());
        await stopping.CancelAsync();
        await running.WaitAsync(Patience);
    }

    [Fact]
    public async Task Run_Stopped_BeforeReady_SaysStoppingAlone()
    {
        using SystemdNotify notify = Listen(SocketPath, SocketPath, watchdogMs: 100);
        Task running = notify.RunAsync(() => false, _ => Task.FromResult(true), stopping.Token);
        await stopping.CancelAsync();
        await running.WaitAsync(Patience);

        Assert.Equal("STOPPING=1", await ReceiveAsync());
        Assert.Equal(0, manager.Available);
    }

    [Fact]
    public async Task Watchdog_HealthyThenSick_IsFedWhileHealthyOnly()
    {
        using SystemdNotify notify = Listen(SocketPath, SocketPath, watchdogMs: 20);
        int asked = 0;
        var enough = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task running = notify.RunAsync(() => true, AskAsync, stopping.Token);
        await enough.Task.WaitAsync(Patience);
        await stopping.CancelAsync();
        await running.WaitAsync(Patience);

        var heard = new List<string>();
        while (manager.Available > 0)
        {
            heard.Add(await ReceiveAsync());
        }

        Assert.Equal(["READY=1", "WATCHDOG=1", "WATCHDOG=1", "STOPPING=1"], heard);

        // Twice well; then "no", a fault, and no answer at all.
        async Task<bool> AskAsync(CancellationToken patience)
        {
            switch (++asked)
            {
                case 1 or 2: return true;
                case 3: return false;
                case 4: throw new InvalidOperationException("sick");
                case 5: await Task.Delay(Timeout.Infinite, patience); return true;
                default: enough.TrySetResult(); return false;
            }
        }
    }

    [Theory]
    [InlineData(null, null, false)]
    [InlineData("", null, false)]
    [InlineData("vsock:2:1234", null, false)]
    [InlineData("relative", null, false)]
    [InlineData("/run/systemd/notify", null, true)]
    public void Create_ByTheSocketsName_ListensOrNot(string? socket, string? watchdog, bool isThere)
    {
        using SystemdNotify? notify = Create(socket, watchdog, null);

        Assert.Equal(isThere, notify is not null);
    }

    [Theory]
    [InlineData("20000", "1")] // another process's watchdog
    [InlineData("0", null)]
    [InlineData("-5", null)]
    [InlineData("soon", null)]
    [InlineData("9223372036854775807", null)]
    public async Task Watchdog_NotForThisProcessOrNoTime_IsNotFed(string microseconds, string? processId)
    {
        manager.Bind(new UnixDomainSocketEndPoint(SocketPath));
        using SystemdNotify notify = Create(SocketPath, microseconds, processId)!;
        Task running = notify.RunAsync(() => true, _ => Task.FromResult(true), stopping.Token);
        Assert.Equal("READY=1", await ReceiveAsync());
        await stopping.CancelAsync();
        await running.WaitAsync(Patience);

        Assert.Equal("STOPPING=1", await ReceiveAsync());
    }

    [Fact]
    public async Task Run_NobodyListens_GoesOn()
    {
        using SystemdNotify notify = Create(SocketPath, null, null)!;
        await stopping.CancelAsync();

        await notify.RunAsync(() => true, _ => Task.FromResult(true), stopping.Token).WaitAsync(Patience);
    }

    private static SystemdNotify? Create(string? socket, string? watchdogUs, string? watchdogProcess)
    {
        var environment = new Hashtable { ["NOTIFY_SOCKET"] = socket, ["WATCHDOG_USEC"] = watchdogUs, ["WATCHDOG_PID"] = watchdogProcess };
        return SystemdNotify.Create(environment, ProcessId, TimeProvider.System);
    }

    private SystemdNotify Listen(string address, string variable, int? watchdogMs)
    {
        manager.Bind(new UnixDomainSocketEndPoint(address));
        return Create(variable, watchdogMs is { } ms ? $"{ms * 1000}" : null, $"{ProcessId}")!;
    }

    private async Task<string> ReceiveAsync()
    {
        byte[] datagram = new byte[4096];
        using var limit = new CancellationTokenSource(Patience);
        int length = await manager.ReceiveAsync(datagram, limit.Token);
        return Encoding.UTF8.GetString(datagram, 0, length);
    }
}
