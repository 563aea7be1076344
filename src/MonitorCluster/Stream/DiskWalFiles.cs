using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace MonitorCluster.Stream;

/// <summary>A WAL directory on a disk: <c>{segment:x16}.wal</c>, <c>collector.id</c>, and <c>lock</c>, which keeps a second process out.</summary>
/// <remarks>One caller at a time. Handles of segments stay open until the segment is deleted.</remarks>
public sealed partial class DiskWalFiles : IWalFiles, IDisposable
{
    private const string Extension = ".wal";
    private const string IdentityName = "collector.id";
    private readonly string directory;
    private readonly SafeFileHandle processLock;
    private readonly Dictionary<long, SafeFileHandle> handles = [];

    /// <summary>Opens the directory and makes it when it is not there.</summary>
    /// <exception cref="IOException">It cannot be made, or another process has it.</exception>
    public DiskWalFiles(string directory)
    {
        this.directory = Path.GetFullPath(directory);
        Directory.CreateDirectory(this.directory);
        processLock = File.OpenHandle(Path.Combine(this.directory, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
    }

    /// <inheritdoc/>
    public IReadOnlyList<WalFile> List()
    {
        var files = new List<WalFile>();
        foreach (FileInfo file in new DirectoryInfo(directory).EnumerateFiles("*" + Extension))
        {
            if (long.TryParse(Path.GetFileNameWithoutExtension(file.Name), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out long segment)
                && string.Equals(file.FullName, PathOf(segment), StringComparison.Ordinal))
            {
                files.Add(new WalFile(segment, file.Length));
            }
        }

        files.Sort(static (a, b) => a.Segment.CompareTo(b.Segment));
        return files;
    }

    /// <inheritdoc/>
    public void Create(long segment, int sizeBytes)
    {
        SafeFileHandle handle = File.OpenHandle(
            PathOf(segment), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read, FileOptions.None, preallocationSize: sizeBytes);
        handles.Add(segment, handle);
        RandomAccess.SetLength(handle, sizeBytes); // the preallocation takes the space; the length makes later syncs cheaper, as it does not change any more
        SyncDirectory();
    }

    /// <inheritdoc/>
    public void Write(long segment, int offset, ReadOnlySpan<byte> bytes) => RandomAccess.Write(Handle(segment), bytes, offset);

    /// <inheritdoc/>
    public void Sync(long segment) => RandomAccess.FlushToDisk(Handle(segment));

    /// <inheritdoc/>
    public int Read(long segment, int offset, Span<byte> target)
    {
        SafeFileHandle handle = Handle(segment);
        int total = 0;
        while (total < target.Length)
        {
            int read = RandomAccess.Read(handle, target[total..], offset + total);
            if (read == 0)
            {
                break;
            }

            total += read;
        }

        return total;
    }

    /// <inheritdoc/>
    public void Delete(long segment)
    {
        Close(segment);
        File.Delete(PathOf(segment));
    }

    /// <inheritdoc/>
    public void SetAside(long segment)
    {
        Close(segment);
        File.Move(PathOf(segment), PathOf(segment) + ".unreadable", overwrite: true);
        SyncDirectory();
    }

    /// <inheritdoc/>
    public byte[]? ReadIdentity()
    {
        string path = Path.Combine(directory, IdentityName);
        return File.Exists(path) ? File.ReadAllBytes(path) : null;
    }

    /// <inheritdoc/>
    public void WriteIdentity(ReadOnlySpan<byte> bytes)
    {
        string path = Path.Combine(directory, IdentityName);
        using (SafeFileHandle handle = File.OpenHandle(path + ".new", FileMode.Create, FileAccess.Write))
        {
            RandomAccess.Write(handle, bytes, 0);
            RandomAccess.FlushToDisk(handle);
        }

        File.Move(path + ".new", path, overwrite: true);
        SyncDirectory();
    }

    /// <summary>Closes all files and lets another process in.</summary>
    public void Dispose()
    {
        foreach (SafeFileHandle handle in handles.Values)
        {
            handle.Dispose();
        }

        handles.Clear();
        processLock.Dispose();
    }

    private string PathOf(long segment) => Path.Combine(directory, segment.ToString("x16", CultureInfo.InvariantCulture) + Extension);

    private SafeFileHandle Handle(long segment)
    {
        if (!handles.TryGetValue(segment, out SafeFileHandle? handle))
        {
            handle = File.OpenHandle(PathOf(segment), FileMode.Open, FileAccess.ReadWrite, FileShare.Read);
            handles.Add(segment, handle);
        }

        return handle;
    }

    private void Close(long segment)
    {
        if (handles.Remove(segment, out SafeFileHandle? handle))
        {
            handle.Dispose();
        }
    }

    // .NET cannot open a directory; without its fsync a power loss may take a file away whose bytes are safe. Source: fsync(2).
    private void SyncDirectory()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        int descriptor = Open(directory, 0);
        if (descriptor < 0)
        {
            throw new IOException($"cannot open the directory {directory}: errno {Marshal.GetLastPInvokeError()}");
        }

        int result = Fsync(descriptor);
        int error = Marshal.GetLastPInvokeError();
        _ = Close(descriptor);
        if (result != 0)
        {
            throw new IOException($"cannot sync the directory {directory}: errno {error}");
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Fsync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Close(int descriptor);
}
