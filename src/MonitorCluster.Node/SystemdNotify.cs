using System.Collections;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace MonitorCluster.Node;

/// <summary>
/// Tells systemd how the node is: ready, alive, stopping. Speaks the datagrams of <c>sd_notify(3)</c>, for units with Type=notify and WatchdogSec.
/// </summary>
/// <remarks>
/// A node that is not healthy sends nothing: systemd then ends it after WatchdogSec and starts it again, which reads log and journal.
/// Source: sd_notify(3), sd_watchdog_enabled(3).
/// </remarks>
internal sealed class SystemdNotify : IDisposable
{
    private static readonly TimeSpan ReadyPollInterval = TimeSpan.FromMilliseconds(100);

    private readonly Socket socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
    private readonly UnixDomainSocketEndPoint manager;
    private readonly TimeSpan? watchdog;
    private readonly TimeProvider time;

    private SystemdNotify(UnixDomainSocketEndPoint manager, TimeSpan? watchdog, TimeProvider time) =>
        (this.manager, this.watchdog, this.time) = (manager, watchdog, time);

    /// <summary>Reads what systemd wants to hear from the environment.</summary>
    /// <param name="environment">The environment's variables.</param>
    /// <param name="processId">This process: the watchdog may be meant for another one.</param>
    /// <param name="time">Paces the watchdog.</param>
    /// <returns>Null when nobody listens: the node was not started by systemd, or not as Type=notify.</returns>
    public static SystemdNotify? Create(IDictionary environment, int processId, TimeProvider time)
    {
        // '@' stands for the zero byte of an abstract name; other kinds (vsock) are for virtual machines.
        string path = environment["NOTIFY_SOCKET"] as string ?? string.Empty;
        if (path.Length < 2 || path[0] is not ('/' or '@'))
        {
            return null;
        }

        return new SystemdNotify(new UnixDomainSocketEndPoint(path[0] == '@' ? "\0" + path[1..] : path), Watchdog(environment, processId), time);
    }

    /// <summary>Says "ready" once the node is, then "alive" at half the watchdog's time for as long as the node is healthy and the token lets it.</summary>
    /// <param name="isReady">Whether the node is ready; asked ten times a second until it is.</param>
    /// <param name="isHealthyAsync">Whether the node's parts answer. False, a fault or an answer that takes longer than half the watchdog's time count
    /// as no.</param>
    /// <param name="stopping">Ends it; then it says "stopping".</param>
    public async Task RunAsync(Func<bool> isReady, Func<CancellationToken, Task<bool>> isHealthyAsync, CancellationToken stopping)
    {
        try
        {
            while (!isReady())
            {
                await Task.Delay(ReadyPollInterval, time, stopping);
            }

            await SendAsync("READY=1");
            while (watchdog is { } limit)
            {
                if (await IsHealthyAsync(isHealthyAsync, limit / 2, stopping))
                {
                    await SendAsync("WATCHDOG=1");
                }

                await Task.Delay(limit / 2, time, stopping);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            await SendAsync("STOPPING=1");
            return;
        }

        await WaitAsync(stopping);
        await SendAsync("STOPPING=1");
    }

    /// <inheritdoc/>
    public void Dispose() => socket.Dispose();

    // sd_watchdog_enabled(3): the time counts for the process that is named, or for all when none is.
    private static TimeSpan? Watchdog(IDictionary environment, int processId)
    {
        bool isMine = environment["WATCHDOG_PID"] is not string { Length: > 0 } pid || pid == processId.ToString(CultureInfo.InvariantCulture);
        return isMine && environment["WATCHDOG_USEC"] is string text
            && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long microseconds) && microseconds is > 0 and < long.MaxValue / 10
            ? TimeSpan.FromMicroseconds(microseconds)
            : null;
    }

    private static async Task WaitAsync(CancellationToken stopping)
    {
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using CancellationTokenRegistration registration = stopping.Register(stopped.SetResult);
        await stopped.Task;
    }

    private async Task<bool> IsHealthyAsync(Func<CancellationToken, Task<bool>> isHealthyAsync, TimeSpan patience, CancellationToken stopping)
    {
        using var limit = new CancellationTokenSource(patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stopping);
        try
        {
            return await isHealthyAsync(either.Token);
        }
#pragma warning disable CA1031 // boundary: a node that cannot say how it is counts as sick, whatever the reason
        catch (Exception) when (!stopping.IsCancellationRequested)
#pragma warning restore CA1031
        {
            return false;
        }
    }

    private async Task SendAsync(string state)
    {
        try
        {
            await socket.SendToAsync(Encoding.UTF8.GetBytes(state), manager);
        }
        catch (SocketException)
        {
            // Nobody listens any more (systemd itself was started again): the next word may be heard.
        }
    }
}
