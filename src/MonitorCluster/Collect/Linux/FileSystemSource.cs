using System.Text.RegularExpressions;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Collect.Linux;

/// <summary>/proc/1/mounts and statfs(2): size and free space of each mounted file system that holds data.</summary>
/// <remarks>
/// statfs on a network file system hangs when its server is away. The source then hangs as a whole, on its own thread: its series pause, its status says
/// "hung", and it goes on when the call returns. The list of mounts is parsed again only when its bytes changed.
/// </remarks>
internal sealed class FileSystemSource(HostFiles files, IHostCalls calls, Regex excludeMountPoint, Regex excludeType)
    : HostSource("filesystem", files, mayHang: true)
{
    private const int MountsMax = 4_096;

    private static readonly MetricFamily Error =
        Gauge("node_filesystem_device_error", "Whether an error occurred while getting statistics for the given device.");
    private static readonly MetricFamily ReadOnly = Gauge("node_filesystem_readonly", "Filesystem read-only status.");
    private static readonly MetricFamily Size = Gauge("node_filesystem_size_bytes", "Filesystem size in bytes.");
    private static readonly MetricFamily Free = Gauge("node_filesystem_free_bytes", "Filesystem free space in bytes.");
    private static readonly MetricFamily Avail = Gauge("node_filesystem_avail_bytes", "Filesystem space available to non-root users in bytes.");
    private static readonly MetricFamily Inodes = Gauge("node_filesystem_files", "Filesystem total file nodes.");
    private static readonly MetricFamily InodesFree = Gauge("node_filesystem_files_free", "Filesystem total free file nodes.");

    private readonly HostFile init = files.Proc("1/mounts");
    private readonly HostFile self = files.Proc("self/mounts");
    private byte[] known = [];
    private List<Mount> mounts = [];

    public override void Collect(SourceWriter writer, long timestampMs)
    {
        // The mounts of process 1 are the host's; a container that may not read them sees its own.
        ReadOnlySpan<byte> content = Reader.TryRead(init, out ReadOnlySpan<byte> host) ? host : Reader.Read(self);
        if (!content.SequenceEqual(known))
        {
            mounts = Parse(writer, content);
            known = content.ToArray();
        }

        foreach (Mount mount in mounts)
        {
            mount.Collect(writer, calls);
        }
    }

    private List<Mount> Parse(SourceWriter writer, ReadOnlySpan<byte> content)
    {
        // A file system that was there before keeps its slots.
        var before = new Dictionary<(string, string, string), Mount>();
        mounts.ForEach(m => before.TryAdd((m.Device, m.MountPoint, m.Type), m));
        var found = new Dictionary<(string, string, string), Mount>();
        var text = new TextCursor(content);
        while (text.NextLine(out ReadOnlySpan<byte> line))
        {
            var fields = new TextCursor(line);
            if (!fields.NextField(out ReadOnlySpan<byte> device) || !fields.NextField(out ReadOnlySpan<byte> path)
                || !fields.NextField(out ReadOnlySpan<byte> type) || !fields.NextField(out ReadOnlySpan<byte> options))
            {
                throw new SourceFailedException($"{init.Path}: a mount without device, path, type and options");
            }

            (string Device, string MountPoint, string Type) key = (Ascii.Text(device), Unescape(Ascii.Text(path)), Ascii.Text(type));
            if (excludeMountPoint.IsMatch(key.MountPoint) || excludeType.IsMatch(key.Type) || found.ContainsKey(key))
            {
                continue;
            }

            if (found.Count == MountsMax)
            {
                throw new SourceFailedException($"{init.Path}: more than {MountsMax} file systems that hold data");
            }

            Mount mount = before.TryGetValue(key, out Mount? old) ? old : new Mount(writer, Files.Root(key.MountPoint), key);
            mount.IsReadOnly = HasOption(options, "ro"u8);
            found.Add(key, mount);
        }

        return [.. found.Values];
    }

    // fstab(5): blanks and tabs in paths are octal.
    private static string Unescape(string path) =>
        path.Replace("\\040", " ", StringComparison.Ordinal).Replace("\\011", "\t", StringComparison.Ordinal);

    private static bool HasOption(ReadOnlySpan<byte> options, ReadOnlySpan<byte> wanted)
    {
        foreach (Range option in options.Split((byte)','))
        {
            if (options[option].SequenceEqual(wanted))
            {
                return true;
            }
        }

        return false;
    }

    private sealed class Mount
    {
        private readonly HostFile path;
        private readonly SeriesSlot error, readOnly, size, free, avail, inodes, inodesFree;

        public Mount(SourceWriter writer, HostFile path, (string Device, string MountPoint, string Type) key)
        {
            this.path = path;
            (Device, MountPoint, Type) = key;
            Label[] labels = [new("device", Device), new("mountpoint", MountPoint), new("fstype", Type)];
            error = writer.Series(Error, labels);
            readOnly = writer.Series(ReadOnly, labels);
            size = writer.Series(Size, labels);
            free = writer.Series(Free, labels);
            avail = writer.Series(Avail, labels);
            inodes = writer.Series(Inodes, labels);
            inodesFree = writer.Series(InodesFree, labels);
        }

        public string Device { get; }

        public string MountPoint { get; }

        public string Type { get; }

        public bool IsReadOnly { get; set; }

        public void Collect(SourceWriter writer, IHostCalls calls)
        {
            bool failed = calls.StatFileSystem(path, out FileSystemUsage usage) != 0;
            writer.Write(error, failed ? 1 : 0);
            if (failed)
            {
                return;
            }

            writer.Write(readOnly, IsReadOnly ? 1 : 0);
            writer.Write(size, usage.SizeBytes);
            writer.Write(free, usage.FreeBytes);
            writer.Write(avail, usage.AvailBytes);
            writer.Write(inodes, usage.Files);
            writer.Write(inodesFree, usage.FilesFree);
        }
    }
}
