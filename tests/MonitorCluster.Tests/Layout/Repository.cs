namespace MonitorCluster.Tests.Layout;

/// <summary>The folder of the sources this assembly was built from, found upwards from where it runs.</summary>
/// <remarks>Not by [CallerFilePath]: reproducible builds (CI=true) put no real path there.</remarks>
internal static class Repository
{
    private static readonly string[] NotSources = [".git", ".vs", ".idea", "artifacts", "bin", "data", "node_modules", "obj", "TestResults"];

    /// <summary>The folder of MonitorCluster.sln.</summary>
    public static string Root { get; } = Find();

    /// <summary>A path inside the repository.</summary>
    public static string At(params ReadOnlySpan<string> parts) => Path.Combine([Root, .. parts]);

    /// <summary>The source files below a folder, as paths relative to the root with '/', in order.</summary>
    /// <param name="folder">A folder relative to the root; empty for all.</param>
    /// <param name="extensions">Endings with the dot; none for all files.</param>
    public static IEnumerable<string> Files(string folder, params string[] extensions) =>
        Walk(new DirectoryInfo(At(folder)))
            .Where(f => extensions.Length == 0 || extensions.Contains(f.Extension))
            .Select(f => Path.GetRelativePath(Root, f.FullName).Replace('\\', '/'))
            .Order(StringComparer.Ordinal);

    private static IEnumerable<FileInfo> Walk(DirectoryInfo folder) =>
        folder.EnumerateFiles().Concat(folder.EnumerateDirectories().Where(d => !NotSources.Contains(d.Name)).SelectMany(Walk));

    private static string Find()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "MonitorCluster.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("The tests must run inside the repository.");
    }
}
