namespace MonitorCluster.Soak.Processes;

/// <summary>Finds programs of the host.</summary>
public static class InstalledProgram
{
    /// <summary>Where a program is, or null: on PATH, or in Debian's sbin and library folders.</summary>
    public static string? Find(string program)
    {
        string[] folders =
        [
            .. (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries),
            "/usr/sbin", "/sbin", "/usr/local/bin", .. Postgres(),
        ];
        return folders.Select(f => Path.Combine(f, program)).FirstOrDefault(File.Exists);
    }

    // Debian keeps initdb and postgres of each version off the PATH.
    private static IEnumerable<string> Postgres() =>
        Directory.Exists("/usr/lib/postgresql") ? Directory.GetDirectories("/usr/lib/postgresql").OrderDescending().Select(d => Path.Combine(d, "bin")) : [];
}
