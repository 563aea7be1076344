using System.Text;

namespace MonitorCluster.Collect.Linux;

/// <summary>/proc/net/sockstat and sockstat6: sockets by protocol and state. Without IPv6 the second file is missing.</summary>
internal sealed class SockStatSource(HostFiles files) : HostSource("sockstat", files)
{
    private readonly HostFile file4 = files.Proc("net/sockstat");
    private readonly HostFile file6 = files.Proc("net/sockstat6");
    private readonly DeviceTable<Line> lines = new();

    public override void Collect(SourceWriter writer, long timestampMs)
    {
        lines.NextTick();
        bool has4 = TryCollect(writer, file4);
        bool has6 = TryCollect(writer, file6);
        if (!has4 && !has6)
        {
            throw new SourceAbsentException($"{file4.Path} does not exist");
        }
    }

    private bool TryCollect(SourceWriter writer, HostFile file)
    {
        if (!Reader.TryRead(file, out ReadOnlySpan<byte> content))
        {
            return false;
        }

        var text = new TextCursor(content);
        while (text.NextLine(out ReadOnlySpan<byte> line))
        {
            CollectLine(writer, file, line);
        }

        return true;
    }

    // TCP: inuse 4 orphan 0 tw 1 alloc 4 mem 191
    private void CollectLine(SourceWriter writer, HostFile file, ReadOnlySpan<byte> line)
    {
        var fields = new TextCursor(line);
        if (!fields.NextField(out ReadOnlySpan<byte> protocol))
        {
            return;
        }

        if (protocol[^1] != ':')
        {
            throw Malformed(file, "a line without \"PROTOCOL:\"");
        }

        if (!lines.TryGet(protocol, out Line? known))
        {
            known = lines.Add(protocol, new Line(Ascii.MetricName(protocol[..^1])));
        }

        known.States.NextTick();
        while (fields.NextField(out ReadOnlySpan<byte> state))
        {
            if (!fields.NextNumber(out double value))
            {
                throw Malformed(file, "a state without a number");
            }

            known.Write(writer, state, value);
        }
    }

    private sealed class Line(string protocol)
    {
        public DeviceTable<State> States { get; } = new();

        public void Write(SourceWriter writer, ReadOnlySpan<byte> name, double value)
        {
            if (!States.TryGet(name, out State? state))
            {
                state = States.Add(name, new State(writer, protocol, Encoding.ASCII.GetString(name)));
            }

            writer.Write(state.Count, value);
            if (state.Bytes is not null)
            {
                writer.Write(state.Bytes, value * Environment.SystemPageSize);
            }
        }
    }

    private sealed class State(SourceWriter writer, string protocol, string name)
    {
        public SeriesSlot Count { get; } = writer.Series(FamilyOf(protocol, name));

        /// <summary>The kernel counts buffers in pages; people want bytes.</summary>
        public SeriesSlot? Bytes { get; } = name == "mem" ? writer.Series(FamilyOf(protocol, "mem_bytes")) : null;

        private static MetricFamily FamilyOf(string protocol, string name) => Gauge(
            $"node_sockstat_{protocol}_{Ascii.MetricName(Encoding.ASCII.GetBytes(name))}",
            protocol == "sockets" ? "Number of IPv4 sockets in use." : $"Number of {protocol} sockets in state {name}.");
    }
}
