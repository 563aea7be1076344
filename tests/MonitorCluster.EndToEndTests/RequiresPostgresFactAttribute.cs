namespace MonitorCluster.EndToEndTests;

/// <summary>A test that starts a PostgreSQL of its own; without the server's programs it is skipped, with the reason, at discovery.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RequiresPostgresFactAttribute : FactAttribute
{
    public RequiresPostgresFactAttribute()
    {
        string[] missing = [.. PrivatePostgres.Programs.Where(p => InstalledProgram.Find(p) is null)];
        if (missing.Length > 0)
        {
            Skip = $"not installed: {string.Join(", ", missing)}";
        }
    }
}
