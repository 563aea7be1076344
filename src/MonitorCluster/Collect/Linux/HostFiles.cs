using System.Text;

namespace MonitorCluster.Collect.Linux;

/// <summary>Where this host's /proc, /sys and root are: the real ones, those of the host seen from a container, or a fixture tree.</summary>
/// <param name="procRoot">Stands for /proc.</param>
/// <param name="sysRoot">Stands for /sys.</param>
/// <param name="root">Stands for /, without a slash at the end; empty is the root itself.</param>
internal sealed class HostFiles(string procRoot, string sysRoot, string root)
{
    // A directory with more entries than this is not one that a kernel made for devices.
    private const int EntriesMax = 4_096;

    public HostFile Proc(string path) => new($"{procRoot}/{path}", isAttribute: false);

    /// <summary>An attribute: whole in one read of at most a page, as sysfs promises.</summary>
    public HostFile Sys(string path) => new($"{sysRoot}/{path}", isAttribute: true);

    public HostFile Root(string path) => new($"{root}/{path.TrimStart('/')}", isAttribute: false);

    /// <summary>The names in a directory of /sys that start with a prefix, ascending; empty when there is no such directory. Allocates.</summary>
    public IReadOnlyList<string> SysEntries(string path, string prefix)
    {
        try
        {
            return [.. Directory.EnumerateFileSystemEntries($"{sysRoot}/{path}").Take(EntriesMax).Select(e => Path.GetFileName(e))
                .Where(n => n.StartsWith(prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    public bool SysDirectoryExists(string path) => Directory.Exists($"{sysRoot}/{path}");

    /// <summary>Whether a name that a kernel file gave may be put into a path.</summary>
    public static bool IsSafeName(ReadOnlySpan<byte> name) =>
        name.Length is > 0 and <= 255 && !name.ContainsAny((byte)'/', (byte)0) && !name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8);
}

/// <summary>A file's path, encoded once.</summary>
internal sealed class HostFile(string path, bool isAttribute)
{
    public string Path { get; } = path;

    public bool IsAttribute { get; } = isAttribute;

    public byte[] PathWithNul { get; } = Encoding.UTF8.GetBytes(path.Replace('\0', '?') + '\0');
}
