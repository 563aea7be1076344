using System.Globalization;

namespace MonitorCluster.Soak.Processes;

/// <summary>A file system in memory of a given size, and a ballast that fills it. Needs root, best in a mount namespace of one's own.</summary>
internal sealed class SmallDisk : IAsyncDisposable
{
    private readonly string _ballast;

    private SmallDisk(string folder) => (Folder, _ballast) = (folder, Path.Combine(folder, "ballast"));

    /// <summary>Where it is mounted.</summary>
    public string Folder { get; }

    /// <summary>Mounts one.</summary>
    public static async Task<SmallDisk> MountAsync(string folder, int megabytes)
    {
        Directory.CreateDirectory(folder);
        await Command.RunAsync("mount", "-t", "tmpfs", "-o", string.Create(CultureInfo.InvariantCulture, $"size={megabytes}m,mode=0700"), "mc-soak", folder);
        return new SmallDisk(folder);
    }

    /// <summary>Fills what is free, to the last page.</summary>
    public void Fill()
    {
        byte[] zeros = new byte[4096];
        using var file = new FileStream(_ballast, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);
        try
        {
            while (true)
            {
                file.Write(zeros);
            }
        }
        catch (IOException)
        {
            // Full, as asked.
        }
    }

    /// <summary>Gives the room back.</summary>
    public void Clear() => File.Delete(_ballast);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await Command.TryAsync("umount", Folder);
}
