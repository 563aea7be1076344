using System.Diagnostics;

namespace MonitorCluster.Soak.Processes;

/// <summary>Other programs, run to their end.</summary>
internal static class Command
{
    /// <summary>Runs a program and gives its output.</summary>
    /// <exception cref="InvalidOperationException">It ended with another code than 0; the message has all it wrote.</exception>
    public static async Task<string> RunAsync(string program, params IEnumerable<string> arguments)
    {
        (int code, string text) = await TryAsync(program, arguments);
        return code == 0 ? text : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {code}:\n{text}");
    }

    /// <summary>Runs a program and gives its exit code and what it wrote.</summary>
    public static async Task<(int Code, string Text)> TryAsync(string program, params IEnumerable<string> arguments)
    {
        // From "/": a program of another user may not be able to enter this one's folder.
        var start = new ProcessStartInfo(InstalledProgram.Find(program) ?? program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output + await errors);
    }
}
