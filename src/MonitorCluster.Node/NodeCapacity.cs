using System.Globalization;
using MonitorCluster.Cluster.Membership;

namespace MonitorCluster.Node;

/// <summary>What a node may use of its machine.</summary>
/// <param name="CpuMilli">Processors, in thousandths of a core; at least 10.</param>
/// <param name="MemoryBytes">Memory, in bytes: what the container or the machine has.</param>
internal readonly record struct NodeCapacity(int CpuMilli, long MemoryBytes)
{
    private const string CgroupRoot = "/sys/fs/cgroup";
    private const string OwnCgroup = "/proc/self/cgroup";

    /// <summary>What the node's options say, else what is found.</summary>
    public static NodeCapacity Of(NodeOptions options) => new(
        options.CpuMilli > 0 ? options.CpuMilli : FindCpuMilli(CgroupRoot, OwnCgroup, Environment.ProcessorCount),
        GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);

    /// <summary>The processors that this process sees, or the share that control groups (version 2) allow: the least of its own and of all above.</summary>
    /// <remarks>.NET's own count knows the limit, too, but rounds it up to whole processors.</remarks>
    /// <param name="cgroupRoot">Where the hierarchy is mounted.</param>
    /// <param name="ownCgroup">The file that names the process's group, as <c>0::/a/b</c>.</param>
    /// <param name="processors">Processors that the process may run on.</param>
    public static int FindCpuMilli(string cgroupRoot, string ownCgroup, int processors)
    {
        int milli = processors * 1_000;
        string? group = ReadLines(ownCgroup).Where(l => l.StartsWith("0::/", StringComparison.Ordinal)).Select(l => l[3..]).FirstOrDefault();
        for (string? path = group; !string.IsNullOrEmpty(path); path = path.Length == 1 ? null : Above(path))
        {
            milli = Math.Min(milli, LimitMilli(Path.Combine(cgroupRoot, path.TrimStart('/'), "cpu.max")) ?? milli);
        }

        return Math.Max(milli, NodeOptions.CpuMilliMin);
    }

    private static string Above(string path) => path.LastIndexOf('/') is > 0 and int end ? path[..end] : "/";

    // cpu.max is "max 100000", or the microseconds that may be used in each period of so many: "150000 100000".
    private static int? LimitMilli(string file)
    {
        string[] words = ReadLines(file).FirstOrDefault(string.Empty).Split(' ');
        return words.Length == 2 && long.TryParse(words[0], CultureInfo.InvariantCulture, out long quota)
            && long.TryParse(words[1], CultureInfo.InvariantCulture, out long period) && quota > 0 && period > 0
            ? (int)Math.Clamp(quota * 1_000.0 / period, 1, NodeOptions.CpuMilliMax)
            : null;
    }

    // Not there without control groups, or of another version: then there is no limit that we know.
    private static string[] ReadLines(string file)
    {
        try
        {
            return File.ReadAllLines(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
