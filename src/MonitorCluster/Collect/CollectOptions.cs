using System.ComponentModel.DataAnnotations;

namespace MonitorCluster.Collect;

/// <summary>How this node measures its own host.</summary>
public sealed class CollectOptions : IValidatableObject
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Collect";

    /// <summary>Whether the host is measured at all. A node that only stores and answers sets it to false.</summary>
    /// <value>Default true.</value>
    public bool Enabled { get; set; } = true;

    /// <summary>Time between two measurements; they are taken at whole multiples of it since 1970, on every node at the same instant.</summary>
    /// <value>Default 1 s; 100 ms to 1 h.</value>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00")]
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long one measurement waits for its slowest source; what comes later is sent with the next one.</summary>
    /// <value>Default 800 ms; 10 ms to 1 h, and less than <see cref="Interval"/>.</value>
    [Range(typeof(TimeSpan), "00:00:00.010", "01:00:00")]
    public TimeSpan SourceTimeout { get; set; } = TimeSpan.FromMilliseconds(800);

    /// <summary>The longest pause between two tries of a source that fails or is absent; pauses double from one interval up to it.</summary>
    /// <value>Default 60 s; 1 s to 1 h.</value>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan BackoffMax { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Sources that are left out, by the names of <c>node_scrape_collector_success{collector}</c>, separated by commas.</summary>
    /// <value>Default empty. An unknown name is refused at start.</value>
    public string Disabled { get; set; } = string.Empty;

    /// <summary>The most series one source may have at a time; what is over is refused, counted, and makes the source failing.</summary>
    /// <value>Default 10,000 (a host with 500 network interfaces has 9,000 of netclass); 100 to 1,000,000.</value>
    [Range(100, 1_000_000)]
    public int SeriesPerSourceMax { get; set; } = 10_000;

    /// <summary>Where the host's /proc is mounted.</summary>
    /// <value>Default <c>/proc</c>. In a container that measures its host: the bind mount.</value>
    [Required]
    public string ProcRoot { get; set; } = "/proc";

    /// <summary>Where the host's /sys is mounted.</summary>
    /// <value>Default <c>/sys</c>.</value>
    [Required]
    public string SysRoot { get; set; } = "/sys";

    /// <summary>Where the host's root is mounted: mount points, /etc and /run are looked up below it.</summary>
    /// <value>Default <c>/</c>.</value>
    [Required]
    public string RootFs { get; set; } = "/";

    /// <summary>Regular expression of mount points that are not measured.</summary>
    /// <value>Default as node_exporter 1.5.</value>
    [Required]
    public string FileSystemMountPointsExclude { get; set; } =
        "^/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+|var/lib/containers/storage/.+)($|/)";

    /// <summary>Regular expression of file system types that are not measured.</summary>
    /// <value>Default as node_exporter 1.5.</value>
    [Required]
    public string FileSystemTypesExclude { get; set; } =
        "^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|hugetlbfs|iso9660|mqueue|nsfs|overlay|proc|procfs|pstore"
        + "|rpc_pipefs|securityfs|selinuxfs|squashfs|sysfs|tracefs)$";

    /// <summary>Regular expression of block devices that are not measured.</summary>
    /// <value>Default as node_exporter 1.5: RAM disks, loop devices, partitions.</value>
    [Required]
    public string DiskDevicesExclude { get; set; } = @"^(ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$";

    /// <summary>Regular expression of network interfaces whose traffic is not measured.</summary>
    /// <value>Default <c>^$</c>: none is left out.</value>
    [Required]
    public string NetDevicesExclude { get; set; } = "^$";

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (SourceTimeout >= Interval)
        {
            yield return new ValidationResult(
                $"Collect:SourceTimeout ({SourceTimeout}) must be less than Collect:Interval ({Interval})", [nameof(SourceTimeout)]);
        }

        foreach (string disabled in HostSources.DisabledNames(this).Where(d => !HostSources.Names.Contains(d)))
        {
            yield return new ValidationResult(
                $"Collect:Disabled names \"{disabled}\", which is no source; sources are {string.Join(", ", HostSources.Names)}", [nameof(Disabled)]);
        }

        foreach ((string option, string pattern) in new (string, string)[]
        {
            (nameof(FileSystemMountPointsExclude), FileSystemMountPointsExclude), (nameof(FileSystemTypesExclude), FileSystemTypesExclude),
            (nameof(DiskDevicesExclude), DiskDevicesExclude), (nameof(NetDevicesExclude), NetDevicesExclude),
        })
        {
            if (RegexFault(pattern) is { } fault)
            {
                yield return new ValidationResult($"Collect:{option} is no regular expression: {fault}", [option]);
            }
        }
    }

    private static string? RegexFault(string pattern)
    {
        try
        {
            HostSources.Compile(pattern ?? string.Empty);
            return null;
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            return e.Message;
        }
    }
}
