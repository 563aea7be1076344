using System.Runtime.InteropServices;

namespace MonitorCluster.Collect.Linux;

/// <summary>The production <see cref="IHostCalls"/>, and the three calls that files are read with.</summary>
/// <remarks>
/// Files are opened, read and closed by system call with a path that was encoded once: no allocation, no handle that outlives its device or its
/// network namespace. Layouts are those of 64-bit Linux with glibc or musl.
/// </remarks>
internal sealed unsafe partial class LinuxCalls : IHostCalls
{
    public static readonly LinuxCalls Instance = new();

    private const int OpenFlags = 0x800 | 0x80000; // O_RDONLY | O_NONBLOCK | O_CLOEXEC: a fifo in place of a file must not hang us

    public static int OpenFile(ReadOnlySpan<byte> pathWithNul)
    {
        fixed (byte* path = pathWithNul)
        {
            return Open(path, OpenFlags);
        }
    }

    public static int ReadFile(int handle, Span<byte> target)
    {
        fixed (byte* buffer = target)
        {
            return (int)Read(handle, buffer, (nuint)target.Length);
        }
    }

    public static void CloseFile(int handle) => _ = Close(handle);

    public int StatFileSystem(HostFile path, out FileSystemUsage usage)
    {
        // struct statfs: f_type, f_bsize, f_blocks, f_bfree, f_bavail, f_files, f_ffree, then 64 bytes that we do not need.
        ulong* raw = stackalloc ulong[32];
        usage = default;
        fixed (byte* name = path.PathWithNul)
        {
            if (StatFs(name, raw) != 0)
            {
                return Marshal.GetLastPInvokeError();
            }
        }

        double block = raw[1];
        usage = new FileSystemUsage(raw[2] * block, raw[3] * block, raw[4] * block, raw[5], raw[6]);
        return 0;
    }

    public int ReadClock(out ClockState state)
    {
        state = default;
        return AdjTimex(ref state);
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true)]
    private static partial int Open(byte* path, int flags);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static partial nint Read(int handle, byte* buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int handle);

    [LibraryImport("libc", EntryPoint = "statfs", SetLastError = true)]
    private static partial int StatFs(byte* path, ulong* result);

    [LibraryImport("libc", EntryPoint = "adjtimex", SetLastError = true)]
    private static partial int AdjTimex(ref ClockState state);
}
