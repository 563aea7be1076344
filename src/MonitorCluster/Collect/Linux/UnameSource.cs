using System.Runtime.InteropServices;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Collect.Linux;

/// <summary>What uname(1) prints, from /proc/sys/kernel.</summary>
internal sealed class UnameSource(HostFiles files) : HostSource("uname", files)
{
    private static readonly MetricFamily Info = Gauge("node_uname_info", "Labeled system information as provided by the uname system call.");

    private static readonly string[] LabelNames = ["sysname", "nodename", "release", "version", "domainname"];

    private readonly HostFile required = files.Proc("sys/kernel/osrelease");
    private readonly TextAttribute[] texts =
    [
        new(files.Proc("sys/kernel/ostype")), new(files.Proc("sys/kernel/hostname")), new(files.Proc("sys/kernel/osrelease")),
        new(files.Proc("sys/kernel/version")), new(files.Proc("sys/kernel/domainname")),
    ];

    private readonly TextAttribute machine = new(files.Proc("sys/kernel/arch")); // since Linux 6.1
    private SeriesSlot? slot;

    public override void Collect(SourceWriter writer, long timestampMs)
    {
        Reader.Read(required);
        bool changed = slot is null | machine.Refresh(Reader);
        foreach (TextAttribute text in texts)
        {
            changed |= text.Refresh(Reader);
        }

        if (changed)
        {
            string machineName = machine.Text.Length > 0 ? machine.Text : MachineName(RuntimeInformation.OSArchitecture);
            slot = writer.Series(Info, [new Label("machine", machineName), .. LabelNames.Select((n, i) => new Label(n, texts[i].Text))]);
        }

        writer.Write(slot!, 1);
    }

    private static string MachineName(Architecture architecture) => architecture switch
    {
        Architecture.X64 => "x86_64",
        Architecture.Arm64 => "aarch64",
        Architecture other => other.ToString(),
    };
}
