namespace MonitorCluster.EndToEndTests;

/// <summary>A test that needs programs which may not be installed; without them it is skipped, with the reason, at discovery.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RequiresProgramFactAttribute : FactAttribute
{
    /// <param name="programs">File names that must be on PATH (or in Debian's sbin and library folders), all of them.</param>
    public RequiresProgramFactAttribute(params string[] programs)
    {
        string[] missing = [.. programs.Where(p => InstalledProgram.Find(p) is null)];
        if (missing.Length > 0)
        {
            Skip = $"not installed: {string.Join(", ", missing)}";
        }
    }
}
