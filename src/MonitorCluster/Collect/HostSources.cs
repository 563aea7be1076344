using System.Text.RegularExpressions;
using MonitorCluster.Collect.Linux;

namespace MonitorCluster.Collect;

/// <summary>The sources that measure this host. Their names are those of node_exporter's collectors; docs/collectors.md says what each one writes.</summary>
public static class HostSources
{
    private static readonly CollectOptions Defaults = new();

    /// <summary>The names of all sources, in the order in which they are asked.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. All(Defaults, TimeProvider.System, LinuxCalls.Instance).Select(s => s.Name)];

    /// <summary>Makes the sources that are not disabled; none on anything but 64-bit Linux.</summary>
    /// <param name="options">Validated options.</param>
    /// <param name="time">The wall clock that <c>node_time_seconds</c> shows.</param>
    public static IReadOnlyList<ISampleSource> Create(CollectOptions options, TimeProvider time) =>
        OperatingSystem.IsLinux() && Environment.Is64BitProcess ? Create(options, time, LinuxCalls.Instance) : [];

    internal static IReadOnlyList<ISampleSource> Create(CollectOptions options, TimeProvider time, IHostCalls calls)
    {
        HashSet<string> disabled = [.. DisabledNames(options)];
        return [.. All(options, time, calls).Where(s => !disabled.Contains(s.Name))];
    }

    internal static IEnumerable<string> DisabledNames(CollectOptions options) =>
        options.Disabled.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    // Without backtracking: a careless pattern of an operator must not stop a source.
    internal static Regex Compile(string pattern) => new(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);

    private static IEnumerable<ISampleSource> All(CollectOptions options, TimeProvider time, IHostCalls calls)
    {
        var files = new HostFiles(options.ProcRoot.TrimEnd('/'), options.SysRoot.TrimEnd('/'), options.RootFs.TrimEnd('/'));
        return
        [
            new CpuSource(files),
            new StatSource(files),
            new LoadAverageSource(files),
            new MemoryInfoSource(files),
            new VmStatSource(files),
            new PressureSource(files),
            new SchedStatSource(files),
            new DiskStatsSource(files, new UdevDevices(files), Compile(options.DiskDevicesExclude)),
            new FileSystemSource(files, calls, Compile(options.FileSystemMountPointsExclude), Compile(options.FileSystemTypesExclude)),
            new FileDescriptorSource(files),
            new NetDevSource(files, Compile(options.NetDevicesExclude)),
            new NetClassSource(files),
            new NetStatSource(files),
            new SockStatSource(files),
            new SoftNetSource(files),
            new UdpQueuesSource(files),
            new ArpSource(files),
            new ConnectionTrackingSource(files),
            new TimeSource(files, time),
            new TimexSource(files, calls),
            NumberFilesSource.Entropy(files),
            new UnameSource(files),
            new OsReleaseSource(files),
            new DmiSource(files),
            new SeLinuxSource(files),
            new ThermalZoneSource(files),
            new CpuFrequencySource(files),
            new MemoryErrorsSource(files),
        ];
    }
}
