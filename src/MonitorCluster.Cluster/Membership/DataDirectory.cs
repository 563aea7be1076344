namespace MonitorCluster.Cluster.Membership;

/// <summary>A node's own folder, held by one process at a time.</summary>
/// <remarks>
/// The lock is the operating system's and ends with the process, however it ends. Whoever holds it knows that every earlier run of this folder is
/// dead: that is why
/// the store replaces a member with the same <see cref="Id"/> at once instead of watching it.
/// </remarks>
public sealed class DataDirectory : IDisposable
{
    private const string LockName = "lock";
    private const string IdName = "node.id";

    // A GUID in text has 36 characters; more than this is no id of ours.
    private const int IdBytesMax = 64;

    private readonly FileStream _lock;

    private DataDirectory(string path, FileStream @lock, Guid id, bool created)
    {
        Path = path;
        _lock = @lock;
        Id = id;
        IsNew = created;
    }

    /// <summary>The full path.</summary>
    public string Path { get; }

    /// <summary>The folder's identity, made once and kept in its file node.id.</summary>
    public Guid Id { get; }

    /// <summary>True when this call made the identity.</summary>
    public bool IsNew { get; }

    /// <summary>Makes the folder when it is not there, locks it, and reads or makes its identity.</summary>
    /// <param name="path">Relative to the working directory, or absolute.</param>
    /// <param name="newId">Makes an identity; called at most once.</param>
    /// <exception cref="DataDirectoryException">It cannot be made, written or locked, or its identity is damaged.</exception>
    public static DataDirectory Open(string path, Func<Guid> newId)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(newId);
        string full = System.IO.Path.GetFullPath(path);
        FileStream? held = null;
        try
        {
            Directory.CreateDirectory(full);
            held = Lock(full);
            (Guid id, bool created) = ReadOrMakeId(full, newId);
            return new DataDirectory(full, held, id, created);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            held?.Dispose();
            throw new DataDirectoryException($"Node:DataDir '{full}' cannot be written: {e.Message}", e);
        }
        catch
        {
            held?.Dispose();
            throw;
        }
    }

    /// <summary>Gives the lock back.</summary>
    public void Dispose() => _lock.Dispose();

    private static FileStream Lock(string folder)
    {
        string path = System.IO.Path.Combine(folder, LockName);
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (File.Exists(path) && e is not (FileNotFoundException or DirectoryNotFoundException or PathTooLongException))
        {
            throw new DataDirectoryException($"Node:DataDir '{folder}' is in use by another node (its file '{LockName}' is locked): {e.Message}", e);
        }
    }

    private static (Guid Id, bool Created) ReadOrMakeId(string folder, Func<Guid> newId)
    {
        string path = System.IO.Path.Combine(folder, IdName);
        FileInfo file = new(path);
        if (!file.Exists)
        {
            Guid id = newId();
            Write(path, id);
            return (id, true);
        }

        string text = file.Length <= IdBytesMax ? File.ReadAllText(path).Trim() : string.Empty;
        return Guid.TryParseExact(text, "D", out Guid known)
            ? (known, false)
            : throw new DataDirectoryException(
                $"'{path}' must hold a UUID of 36 characters, but holds {file.Length} bytes of something else. "
                + "Restore the file, or delete it to make a new node.");
    }

    /// <summary>The file appears under its name whole and synced, or not at all.</summary>
    private static void Write(string path, Guid id)
    {
        string unfinished = path + ".new";
        using (FileStream file = new(unfinished, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            file.Write(System.Text.Encoding.ASCII.GetBytes(id.ToString("D") + "\n"));
            file.Flush(flushToDisk: true);
        }

        File.Move(unfinished, path, overwrite: true);
    }
}
