using System.Diagnostics;
using System.Globalization;

namespace MonitorCluster.Soak.Processes;

/// <summary>Signals to processes by their ids.</summary>
internal static class Signal
{
    public const string Terminate = "-TERM";
    public const string Pause = "-STOP";
    public const string Continue = "-CONT";

    /// <summary>Sends a signal; a process that is gone meanwhile is no fault.</summary>
    public static async Task SendAsync(string signal, params IEnumerable<int> processes)
    {
        string[] ids = [.. processes.Select(p => p.ToString(CultureInfo.InvariantCulture))];
        if (ids.Length > 0)
        {
            using var kill = Process.Start(new ProcessStartInfo("kill", [signal, .. ids]) { RedirectStandardError = true })!;
            await kill.StandardError.ReadToEndAsync();
            await kill.WaitForExitAsync();
        }
    }
}
