namespace MonitorCluster.EndToEndTests.Collect;

/// <summary>The /proc and /sys of a machine that has what test machines lack: sensors, ECC memory, frequencies, LVM, an ATA disk, firmware data.</summary>
internal static class FixtureMachine
{
    public static void Write(string root)
    {
        foreach ((string path, string content) in Files)
        {
            string file = Path.Combine(root, path);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, content);
        }
    }

    private static readonly (string Path, string Content)[] Files =
    [
        ("proc/stat", "cpu  301854 612 111922 8979004 3552 2 3944 0 44 36\ncpu0 44490 19 21045 1087069 220 1 3410 0 2 1\ncpu1 47869 23 16474 1110787 "
            + "591 0 46 7 3 4\n"
            + "intr 8885917 17 0 0\nctxt 38014093\nbtime 1418183276\nprocesses 26442\nprocs_running 2\nprocs_blocked 1\nsoftirq 5057579 250191 1481983 "
            + "1647 211099 186066 0 1783454 622196 12499 508444\n"),
        ("proc/loadavg", "0.21 0.37 0.39 1/719 19737\n"),
        ("proc/meminfo", "MemTotal:       15666184 kB\nMemFree:          440324 kB\nActive(anon):    2015024 kB\nHugePages_Total:       3\n"
            + "DirectMap1G:           0 kB\n"),
        ("proc/vmstat", "nr_free_pages 110081\npgpgin 7344136\npgpgout 1541180047\npswpin 1476\npswpout 35045\npgfault 2320168809\npgmajfault 507162\n"
            + "oom_kill 5\n"),
        ("proc/pressure/cpu", "some avg10=0.00 avg60=0.00 avg300=0.00 total=14036781\n"),
        ("proc/pressure/io", "some avg10=0.10 avg60=2.00 avg300=3.85 total=159229614\nfull avg10=0.20 avg60=3.00 avg300=4.95 total=159155211\n"),
        ("proc/pressure/memory", "some avg10=0.10 avg60=2.00 avg300=3.85 total=7\nfull avg10=0.20 avg60=3.00 avg300=4.95 total=3\n"),
        ("proc/schedstat", "version 15\ntimestamp 15819019232\ncpu0 498494191 0 3533438552 2553969831 3853684107 2465731542 2045936778163039 "
            + "343796328169361 4767485306\n"
            + "domain0 00000000,00000003 212499247 210112015\ncpu1 518377256 0 4155211005 2778589869 10466382 2867629021 1904686152592476 "
            + "364107263788241 5145567945\n"),
        ("proc/diskstats", "   1       0 ram0 0 0 0 0 0 0 0 0 0 0 0\n   8       0 sda 25354637 34367663 1003346126 18492372 28444756 11134226 "
            + "505697032 63877960 0 9653880 82621804\n"
            + "   8       1 sda1 250 0 2000 36 0 0 0 0 0 36 36\n 253       0 dm-0 59910002 0 1004337674 36119 66894624 0 505697032 6421816 3 1325140 "
            + "8462140 12 3 4096 67\n"
            + " 259       0 nvme0n1 47114 4 4643973 21650 1078320 43950 39451633 1011053 0 222766 1032546 88 1 700 5 1127011 2001\n"),
        ("run/udev/data/b8:0", "S:disk/by-id/x\nE:ID_MODEL=SuperDisk\nE:ID_SERIAL_SHORT=S1\nE:ID_WWN=0x5000\nE:ID_PATH=pci-0000:00:1f.2-ata-1\n"
            + "E:ID_REVISION=0R\n"
            + "E:ID_ATA=1\nE:ID_ATA_WRITE_CACHE=1\nE:ID_ATA_WRITE_CACHE_ENABLED=0\nE:ID_ATA_ROTATION_RATE_RPM=7200\n"),
        ("run/udev/data/b253:0", "E:DM_NAME=vg-root\nE:DM_UUID=LVM-x\nE:DM_VG_NAME=vg\nE:DM_LV_NAME=root\nE:ID_FS_TYPE=ext4\nE:ID_FS_USAGE=filesystem\n"
            + "E:ID_FS_UUID=u\nE:ID_FS_VERSION=1.0\n"),
        ("proc/sys/fs/file-nr", "1024\t0\t1631329\n"),
        ("proc/sys/kernel/random/entropy_avail", "1337\n"),
        ("proc/sys/kernel/random/poolsize", "4096\n"),
        ("proc/net/dev", "Inter-|   Receive                                                |  Transmit\n"
            + " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n"
            + "  eth0: 68210035552 520993275    1    2    3     4          5         6 9315587528 43451486    7    8    9     10     11         12\n"
            + "veth4B09XN:     648       8    0    0    0     0          0         0 1943284   10640    0    0    0     0       0          0\n"),
        ("proc/net/netstat", "TcpExt: SyncookiesSent SyncookiesRecv TCPTimeouts ListenDrops\nTcpExt: 1 2 115 0\nIpExt: InNoRoutes InOctets OutOctets\n"
            + "IpExt: 0 6286396970 2786264347\n"),
        ("proc/net/snmp", "Ip: Forwarding DefaultTTL\nIp: 1 64\nTcp: RtoAlgorithm MaxConn ActiveOpens RetransSegs InErrs\nTcp: 1 -1 3556 2308 5\nUdp: "
            + "InDatagrams NoPorts\nUdp: 88542 120\n"),
        ("proc/net/snmp6", "Ip6InOctets                     \t460\nIcmp6InMsgs                     \t0\nUdp6InDatagrams 0\n"),
        ("proc/net/sockstat", "sockets: used 1602\nTCP: inuse 35 orphan 0 tw 4 alloc 59 mem 22\nUDP: inuse 12 mem 62\nFRAG: inuse 0 memory 0\n"),
        ("proc/net/sockstat6", "TCP6: inuse 17\nRAW6: inuse 1\n"),
        ("proc/net/softnet_stat", "00015c73 00020e76 F0000769 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000\n"
            + "01663fb2 00000000 0000109a 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000\n"),
        ("proc/net/udp", "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
            + "    0: 00000000:0016 00000000:0000 0A 00000015:00000002 00:00000000 00000000     0        0 2740 1 ffff88003d3af3c0 100 0 0 10 0\n"),
        ("proc/net/arp", "IP address       HW type     Flags       HW address            Mask     Device\n192.0.2.1        0x1         0x2         "
            + "cc:aa:dd:ee:aa:bb     *        eth0\n"
            + "192.0.2.2        0x1         0x2         bb:cc:dd:ee:ff:gg     *        eth0\n192.0.2.3        0x1         0x2         "
            + "aa:bb:cc:dd:ee:ff     *        eth1\n"),
        ("proc/sys/net/netfilter/nf_conntrack_count", "123\n"),
        ("proc/sys/net/netfilter/nf_conntrack_max", "65536\n"),
        ("proc/net/stat/nf_conntrack", "entries  searched found new invalid ignore delete delete_list insert insert_failed drop early_drop icmp_error  "
            + "expect_new expect_create expect_delete search_restart\n"
            + "00000021  00000000 00000001 00000000 00000003 0000588a 00000000 00000000 00000000 00000000 00000000 00000000 00000000  00000000 "
            + "00000000 00000000 00000000\n"
            + "00000021  00000000 00000002 00000000 00000002 000056a4 00000000 00000000 00000000 00000000 00000000 00000000 00000000  00000000 "
            + "00000000 00000000 0000000f\n"),
        .. NetClass("eth0", speed: "1000"),
        .. NetClass("veth4B09XN", speed: "-1"),
        ("sys/class/thermal/thermal_zone0/temp", "12376\n"),
        ("sys/class/thermal/thermal_zone0/type", "cpu-thermal\n"),
        ("sys/class/thermal/thermal_zone0/policy", "step_wise\n"),
        ("sys/class/thermal/cooling_device0/type", "Processor\n"),
        ("sys/class/thermal/cooling_device0/cur_state", "1\n"),
        ("sys/class/thermal/cooling_device0/max_state", "10\n"),
        ("sys/devices/system/cpu/isolated", "\n"),
        .. Cpu(0),
        .. Cpu(1),
        ("sys/devices/system/edac/mc/mc0/ce_count", "1\n"),
        ("sys/devices/system/edac/mc/mc0/ue_count", "5\n"),
        ("sys/devices/system/edac/mc/mc0/ce_noinfo_count", "2\n"),
        ("sys/devices/system/edac/mc/mc0/ue_noinfo_count", "6\n"),
        ("sys/devices/system/edac/mc/mc0/csrow0/ce_count", "3\n"),
        ("sys/devices/system/edac/mc/mc0/csrow0/ue_count", "4\n"),
        ("sys/class/dmi/id/bios_vendor", "Dell Inc.\n"),
        ("sys/class/dmi/id/sys_vendor", "Dell Inc.\n"),
        ("sys/class/dmi/id/product_name", "PowerEdge R6515\n"),
        ("sys/class/dmi/id/product_serial", "7N62AI2\n"),
        ("etc/os-release", "NAME=\"Ubuntu\"\nVERSION_ID=\"20.04\"\nID=ubuntu\n"),
    ];

    private static (string, string)[] NetClass(string device, string speed) =>
    [
        .. new (string, string)[]
        {
            ("addr_assign_type", "3"), ("addr_len", "6"), ("address", "01:01:01:01:01:01"), ("broadcast", "ff:ff:ff:ff:ff:ff"), ("carrier", "1"),
            ("carrier_changes", "2"), ("carrier_down_count", "1"), ("carrier_up_count", "1"), ("dev_id", "0x20"), ("dormant", "1"), ("duplex", "full"),
            ("flags", "0x1303"), ("ifalias", ""), ("ifindex", "2"), ("iflink", "2"), ("link_mode", "1"), ("mtu", "1500"), ("name_assign_type", "2"),
            ("netdev_group", "0"), ("operstate", "up"), ("speed", speed), ("tx_queue_len", "1000"), ("type", "1"),
        }.Select(f => ($"sys/class/net/{device}/{f.Item1}", f.Item2 + "\n")),
    ];

    private static (string, string)[] Cpu(int number) =>
    [
        .. new (string, string)[]
        {
            ("topology/physical_package_id", "0"), ("topology/core_id", $"{number}"), ("thermal_throttle/core_throttle_count", $"{5 + number}"),
            ("thermal_throttle/package_throttle_count", "30"), ("cpufreq/cpuinfo_cur_freq", "1699981"), ("cpufreq/cpuinfo_min_freq", "800000"),
            ("cpufreq/cpuinfo_max_freq", "3700000"), ("cpufreq/cpuinfo_transition_latency", "0"), ("cpufreq/scaling_cur_freq", "1699981"),
            ("cpufreq/scaling_min_freq", "800000"), ("cpufreq/scaling_max_freq", "3700000"), ("cpufreq/related_cpus", "0"),
            ("cpufreq/scaling_available_governors", "performance powersave"), ("cpufreq/scaling_driver", "intel_pstate"),
            ("cpufreq/scaling_governor", "powersave"), ("cpufreq/scaling_setspeed", "<unsupported>"),
        }.Select(f => ($"sys/devices/system/cpu/cpu{number}/{f.Item1}", f.Item2 + "\n")),
    ];
}
