using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Collect.Linux;

/// <summary>/proc/net/udp and udp6: bytes that wait in the queues of all UDP sockets together.</summary>
internal sealed class UdpQueuesSource(HostFiles files) : HostSource("udp_queues", files)
{
    private static readonly MetricFamily Queues = Gauge("node_udp_queues", "Number of allocated memory in the kernel for UDP datagrams in bytes.");

    private readonly Protocol v4 = new(files.Proc("net/udp"), "v4");
    private readonly Protocol v6 = new(files.Proc("net/udp6"), "v6");

    public override void Collect(SourceWriter writer, long timestampMs)
    {
        bool has4 = v4.TryCollect(writer, Reader);
        bool has6 = v6.TryCollect(writer, Reader);
        if (!has4 && !has6)
        {
            throw new SourceAbsentException("neither net/udp nor net/udp6");
        }
    }

    private sealed class Protocol(HostFile file, string ip)
    {
        private const int QueueColumn = 4;

        private SeriesSlot? receive;
        private SeriesSlot? transmit;

        // sl local_address rem_address st tx_queue:rx_queue ...
        public bool TryCollect(SourceWriter writer, FileReader reader)
        {
            if (!reader.TryRead(file, out ReadOnlySpan<byte> content))
            {
                return false;
            }

            double waitingOut = 0, waitingIn = 0;
            var text = new TextCursor(content);
            text.NextLine(out _); // the heading
            while (text.NextLine(out ReadOnlySpan<byte> line))
            {
                var fields = new TextCursor(line);
                ulong bytesIn = 0;
                if (!fields.Skip(QueueColumn) || !fields.NextField(out ReadOnlySpan<byte> queues) || queues.IndexOf((byte)':') is not (> 0 and int colon)
                    || !Ascii.TryHex(queues[..colon], out ulong bytesOut) || !Ascii.TryHex(queues[(colon + 1)..], out bytesIn))
                {
                    throw Malformed(file, "tx_queue:rx_queue expected in column 5");
                }

                waitingOut += bytesOut;
                waitingIn += bytesIn;
            }

            writer.Write(transmit ??= writer.Series(Queues, new Label("ip", ip), new Label("queue", "tx")), waitingOut);
            writer.Write(receive ??= writer.Series(Queues, new Label("ip", ip), new Label("queue", "rx")), waitingIn);
            return true;
        }
    }
}
