using System.Text;
using MonitorCluster.Collect;
using MonitorCluster.Collect.Linux;

namespace MonitorCluster.Tests.Collect.Linux;

/// <summary>Every source against files that are cut anywhere, or full of noise: it says so, and throws nothing else.</summary>
public sealed class HostileFilesTests
{
    private static readonly Dictionary<string, string> Good = new()
    {
        ["proc/stat"] = "cpu 1 2 3 4\ncpu0 44490 19 21045 1087069 220 1 3410 0 2 1\nintr 8885917 17 0\nctxt 38\nbtime 14\nprocesses 26\nprocs_running 2\n",
        ["proc/loadavg"] = "0.21 0.37 0.39 1/719 19737\n",
        ["proc/meminfo"] = "MemTotal:       15666184 kB\nActive(anon):    2015024 kB\nHugePages_Total:       3\n",
        ["proc/vmstat"] = "nr_free 1\npgpgin 7344136\npgfault 2320168809\noom_kill 5\n",
        ["proc/pressure/cpu"] = "some avg10=0.00 total=14036781\n",
        ["proc/pressure/io"] = "some total=1\nfull total=2\n",
        ["proc/pressure/memory"] = "some total=1\nfull total=2\n",
        ["proc/schedstat"] = "version 15\ncpu0 498494191 0 353 255 385 246 204 343 476\n",
        ["proc/diskstats"] = "   8       0 sda 25354637 34367663 1003346126 18492372 28444756 11134226 505697032 63877960 0 9653880 82621804\n",
        ["proc/self/mounts"] = "/dev/vda / ext4 rw,relatime 0 0\n",
        ["proc/sys/fs/file-nr"] = "1024\t0\t1631329\n",
        ["proc/net/dev"] = "Inter-| R | T\n face |bytes packets|bytes packets\n  eth0: 6821 520 931 434\n",
        ["proc/net/netstat"] = "TcpExt: SyncookiesSent TCPTimeouts\nTcpExt: 1 115\n",
        ["proc/net/snmp"] = "Ip: Forwarding DefaultTTL\nIp: 1 64\n",
        ["proc/net/snmp6"] = "Ip6InOctets 460\n",
        ["proc/net/sockstat"] = "sockets: used 1602\nTCP: inuse 35 mem 22\n",
        ["proc/net/softnet_stat"] = "00015c73 00020e76 F0000769 00000000\n",
        ["proc/net/udp"] = "  sl  local_address\n 0: 00000000:0016 00000000:0000 0A 00000015:00000002 00:0 0\n",
        ["proc/net/arp"] = "IP address\n192.0.2.1 0x1 0x2 cc:aa:dd:ee:aa:bb * eth0\n",
        ["proc/sys/net/netfilter/nf_conntrack_count"] = "123\n",
        ["proc/sys/net/netfilter/nf_conntrack_max"] = "65536\n",
        ["proc/net/stat/nf_conntrack"] = "entries  found drop\n00000021 00000001 0000000a\n",
        ["proc/sys/kernel/random/entropy_avail"] = "1337\n",
        ["proc/sys/kernel/random/poolsize"] = "4096\n",
        ["proc/sys/kernel/osrelease"] = "6.1\n",
        ["etc/os-release"] = "NAME=\"Debian\"\nVERSION_ID=\"12\"\n",
        ["sys/class/dmi/id/sys_vendor"] = "Dell\n",
        ["sys/class/thermal/thermal_zone0/temp"] = "12376\n",
    };

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Collect_FilesCutOrFullOfNoise_NeverThrowsAnythingElse(int seed)
    {
        var random = new Random(seed);
        using var tree = new MeasuredTree(seriesMax: 500);
        IReadOnlyList<ISampleSource> sources = Sources(tree);
        int failed = 0, written = 0;
        for (int round = 0; round < 40; round++)
        {
            foreach ((string path, string content) in Good)
            {
                tree.With(path, Spoil(content, random));
            }

            foreach (ISampleSource source in sources)
            {
                try
                {
                    written += tree.Collect(source).Count;
                }
                catch (Exception e) when (e is SourceFailedException or SourceAbsentException)
                {
                    failed++;
                    Assert.InRange(e.Message.Length, 1, 300);
                }
            }
        }

        Assert.True(failed > 20, $"only {failed} failures: the noise does not bite");
        Assert.True(written > 200, $"only {written} samples: all is refused");
    }

    [Fact]
    public void Collect_GoodFiles_EverySourceSucceeds()
    {
        using var tree = new MeasuredTree();
        foreach ((string path, string content) in Good)
        {
            tree.With(path, content);
        }

        foreach (ISampleSource source in Sources(tree))
        {
            tree.Collect(source);
        }

        Assert.True(tree.Metrics.Families.Count > 60);
    }

    private static IReadOnlyList<ISampleSource> Sources(MeasuredTree tree) => HostSources.Create(
        new CollectOptions
        {
            ProcRoot = Path.GetDirectoryName(tree.Files.Proc("x").Path)!,
            SysRoot = Path.GetDirectoryName(tree.Files.Sys("x").Path)!,
            RootFs = Path.GetDirectoryName(tree.Files.Root("x").Path)!,
        },
        TimeProvider.System,
        LinuxCalls.Instance);

    private static string Spoil(string content, Random random) => random.Next(5) switch
    {
        0 => content,
        1 => content[..random.Next(content.Length)],
        2 => content.Replace(content[random.Next(content.Length)], (char)random.Next(1, 255)),
        3 => content.Insert(random.Next(content.Length), new string('9', random.Next(1, 400))),
        _ => Encoding.Latin1.GetString(RandomBytes(random)),
    };

    private static byte[] RandomBytes(Random random)
    {
        byte[] bytes = new byte[random.Next(0, 2000)];
        random.NextBytes(bytes);
        return bytes;
    }
}
