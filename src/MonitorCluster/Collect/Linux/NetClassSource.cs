namespace MonitorCluster.Collect.Linux;

/// <summary>/sys/class/net: addresses, state, speed and settings of network interfaces.</summary>
/// <remarks>
/// Twenty-odd files per interface, and some ask the driver under a lock: the source may hang, and on a host with hundreds of containers reading all of
/// them each second would be most of what the node does. So at most <see cref="DevicesPerTickMax"/> interfaces are read per tick, in turn; the others
/// repeat what was read last, at most (interfaces / 16) seconds ago.
/// </remarks>
internal sealed class NetClassSource(HostFiles files) : HostSource("netclass", files, mayHang: true)
{
    public const int DevicesPerTickMax = 16;

    private readonly HostFile list = files.Proc("net/dev");
    private readonly DeviceTable<NetInterface> interfaces = new();
    private readonly List<NetInterface> present = [];
    private long turn;

    public override void Collect(SourceWriter writer, long timestampMs)
    {
        interfaces.NextTick();
        FindPresent();
        for (int i = 0; i < present.Count; i++)
        {
            bool isTurn = (i - (turn % present.Count) + present.Count) % present.Count < DevicesPerTickMax;
            present[i].Collect(writer, Reader, refresh: isTurn);
        }

        turn += DevicesPerTickMax;
        turn = present.Count == 0 ? 0 : turn % present.Count;
    }

    // The kernel's list is one read; listing the directory would allocate.
    private void FindPresent()
    {
        present.Clear();
        var text = new TextCursor(Reader.Read(list));
        while (text.NextLine(out ReadOnlySpan<byte> line))
        {
            int colon = line.LastIndexOf((byte)':');
            ReadOnlySpan<byte> name = colon < 0 ? default : Ascii.Trim(line[..colon]);
            if (!HostFiles.IsSafeName(name))
            {
                continue; // the heading
            }

            if (!interfaces.TryGet(name, out NetInterface? known))
            {
                known = interfaces.Add(name, new NetInterface(Files, Ascii.Text(name)));
            }

            present.Add(known);
        }
    }
}
