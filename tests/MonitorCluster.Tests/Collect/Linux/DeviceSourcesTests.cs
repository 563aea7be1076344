using MonitorCluster.Collect;
using MonitorCluster.Collect.Linux;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Tests.Collect.Linux;

/// <summary>Devices that come, change and go.</summary>
public sealed class DeviceSourcesTests : IDisposable
{
    private readonly MeasuredTree tree = new();

    public void Dispose() => tree.Dispose();

    [Theory]
    [InlineData("8 0 sda 1 2 3 4 5 6 7 8 9 10 11", 12)] // 4.17 and before
    [InlineData("8 0 sda 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15", 16)] // 4.18: discards
    [InlineData("8 0 sda 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17", 18)] // 5.5: flushes
    [InlineData("8 0 sda 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19", 18)] // columns to come
    [InlineData("8 1 sda1 1 2 3 4", 0)] // a partition: left out
    public void DiskStats_EachKernelsColumns_WritesThoseItHas(string line, int seriesCount)
    {
        tree.With("proc/diskstats", line + "\n");
        var source = new DiskStatsSource(tree.Files, new UdevDevices(tree.Files), HostSources.Compile(@"^sd[a-z]\d+$"));

        Dictionary<string, double> values = tree.Collect(source);

        Assert.Equal(seriesCount, values.Count);
        Assert.True(seriesCount == 0 || values["node_disk_read_bytes_total{device=\"sda\"}"] == 3 * 512);
    }

    [Fact]
    public void NetClass_StateChanges_EndsTheOldInfoSeries()
    {
        tree.With("proc/net/dev", "a | b | c\n face |x|y\neth0: 1 2\n").With("sys/class/net/eth0/operstate", "up\n");
        tree.With("sys/class/net/eth0/flags", "0x1003\n");
        var source = new NetClassSource(tree.Files);
        tree.Collect(source);

        Dictionary<string, double> values = tree.With("sys/class/net/eth0/operstate", "down\n").Collect(source);

        Assert.True(Sample.IsStaleMarker(values["node_network_info{device=\"eth0\",operstate=\"up\"}"]));
        Assert.Equal(1, values["node_network_info{device=\"eth0\",operstate=\"down\"}"]);
        Assert.Equal(0, values["node_network_up{device=\"eth0\"}"]);
        Assert.Equal(0x1003, values["node_network_flags{device=\"eth0\"}"]);
    }

    [Fact]
    public void NetClass_MoreDevicesThanATurn_ReadsEachWithinItsTurns()
    {
        const int Devices = 40; // three turns of 16
        var source = new NetClassSource(tree.Files);
        tree.With("proc/net/dev", string.Concat(Enumerable.Range(0, Devices).Select(i => $"d{i}: 1\n")));
        for (int i = 0; i < Devices; i++)
        {
            tree.With($"sys/class/net/d{i}/operstate", "up\n").With($"sys/class/net/d{i}/mtu", "1500\n");
        }

        tree.Collect(source);
        for (int i = 0; i < Devices; i++)
        {
            tree.With($"sys/class/net/d{i}/mtu", "9000\n");
        }

        int[] changed = [.. Enumerable.Range(0, 3).Select(_ => tree.Collect(source).Count(v => v.Value == 9000))];

        Assert.Equal([16, 32, 40], changed);
    }

    [Fact]
    public void FileSystem_Mounts_FilteredUnescapedAndMeasured()
    {
        tree.With(
            "proc/1/mounts",
            "/dev/vda / ext4 rw,relatime 0 0\n/dev/vdb /my\\040data xfs ro 0 0\nproc /proc proc rw 0 0\ntmpfs /sys/fs/cgroup tmpfs rw 0 0\n"
            + "/dev/vda / ext4 rw 0 0\nnfs:/x /gone nfs rw 0 0\n");
        var options = new CollectOptions();
        var source = new FileSystemSource(
            tree.Files,
            new ScriptedCalls(),
            HostSources.Compile(options.FileSystemMountPointsExclude),
            HostSources.Compile(options.FileSystemTypesExclude));

        Dictionary<string, double> values = tree.Collect(source);

        Assert.Equal(15, values.Count);
        Assert.Equal(1, values["node_filesystem_readonly{device=\"/dev/vdb\",fstype=\"xfs\",mountpoint=\"/my data\"}"]);
        Assert.Equal(80, values["node_filesystem_avail_bytes{device=\"/dev/vda\",fstype=\"ext4\",mountpoint=\"/\"}"]);
        Assert.Equal(1, values["node_filesystem_device_error{device=\"nfs:/x\",fstype=\"nfs\",mountpoint=\"/gone\"}"]);
    }

    [Fact]
    public void DeviceTable_IdleEntries_AreForgotten()
    {
        var table = new DeviceTable<string>();
        table.NextTick();
        table.Add("veth1"u8, "x");
        for (int i = 0; i < 2 * DeviceTable<string>.IdleTicksMax; i++)
        {
            table.NextTick();
        }

        Assert.Equal(0, table.Count);
    }

    [Fact]
    public void DeviceTable_Full_Fails()
    {
        var table = new DeviceTable<string>();
        for (int i = 0; i < DeviceTable<string>.EntriesMax; i++)
        {
            table.Add(BitConverter.GetBytes(i), "x");
        }

        Assert.Throws<SourceFailedException>(() => table.Add("one more"u8, "x"));
    }

    private sealed class ScriptedCalls : IHostCalls
    {
        public int StatFileSystem(HostFile path, out FileSystemUsage usage)
        {
            usage = new FileSystemUsage(100, 90, 80, 10, 9);
            return path.Path.EndsWith("/gone", StringComparison.Ordinal) ? 116 : 0;
        }

        public int ReadClock(out ClockState state)
        {
            state = default;
            return -1;
        }
    }
}
