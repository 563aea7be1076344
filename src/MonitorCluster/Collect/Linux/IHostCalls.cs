using System.Runtime.InteropServices;

namespace MonitorCluster.Collect.Linux;

/// <summary>What a source needs of the kernel that is in no file. <see cref="LinuxCalls"/> in production, scripted in tests.</summary>
internal interface IHostCalls
{
    /// <summary>Space and inodes of the file system mounted at a path. May hang when its server is away.</summary>
    /// <returns>0, or the errno.</returns>
    int StatFileSystem(HostFile path, out FileSystemUsage usage);

    /// <summary>The kernel's view of its clock; changes nothing.</summary>
    /// <returns>The clock state, 0 to 5 (5 = not synchronised), or -1 when the call is refused.</returns>
    int ReadClock(out ClockState state);
}

/// <summary>What statfs(2) says, in bytes and inodes.</summary>
internal readonly record struct FileSystemUsage(double SizeBytes, double FreeBytes, double AvailBytes, double Files, double FilesFree);

/// <summary>struct timex of 64-bit Linux. Source: adjtimex(2), include/uapi/linux/timex.h.</summary>
[StructLayout(LayoutKind.Sequential, Size = 208)]
internal struct ClockState
{
    public uint Modes; // 0: read only
    public long Offset;
    public long Frequency;
    public long MaxError;
    public long EstimatedError;
    public int Status;
    public long Constant;
    public long Precision;
    public long Tolerance;
    public long TimeSeconds;
    public long TimeMicroseconds;
    public long Tick;
    public long PpsFrequency;
    public long Jitter;
    public int Shift;
    public long Stability;
    public long JitterCount;
    public long CalibrationCount;
    public long ErrorCount;
    public long StabilityCount;
    public int Tai;
}
