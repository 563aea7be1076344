namespace MonitorCluster.EndToEndTests;

/// <summary>A test that needs programs which may not be installed; without them it is skipped, with the reason, at discovery.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RequiresProgramFactAttribute : FactAttribute
{
    /// <param name="programs">File names that must be on PATH (or in Debian's sbin and library folders), all of them.</param>
    public RequiresProgramFactAttribute(params string[] programs)
    {
        string[] missing = [.. programs.Where(p => Find(p) is null)];
        if (missing.Length > 0)
        {
            Skip = $"not installed: {string.Join(", ", missing)}";
        }
    }

    /// <summary>Where a program is, or null.</summary>
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
