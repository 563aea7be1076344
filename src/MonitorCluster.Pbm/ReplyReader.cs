using System.Buffers;
using System.IO.Pipelines;

namespace MonitorCluster.Pbm;

/// <summary>Reads a host's answer line by line.</summary>
internal sealed class ReplyReader(Stream body)
{
    // A row is a few hundred bytes; whoever sends more than this without an end of line is no pbm host.
    private const long LineBytesMax = 16 * 1024 * 1024;

    private readonly PipeReader pipe = PipeReader.Create(body);

    /// <summary>The next line, or null at the end of the answer.</summary>
    /// <exception cref="HostException">The host sent something else.</exception>
    public async Task<ReplyLine?> ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            ReadResult read = await pipe.ReadAsync(cancellationToken);
            ReadOnlySequence<byte> buffer = read.Buffer;
            if (buffer.PositionOf((byte)'\n') is { } end)
            {
                ReplyLine? line = ReplyLine.Parse(buffer.Slice(0, end).ToArray());
                pipe.AdvanceTo(buffer.GetPosition(1, end));
                return line ?? throw new HostException(ExitCode.ConnectionLost, "the host answers with something that is no pbm reply");
            }

            if (buffer.Length > LineBytesMax)
            {
                throw new HostException(ExitCode.ConnectionLost, $"the host sent a line longer than {LineBytesMax} bytes");
            }

            pipe.AdvanceTo(buffer.Start, buffer.End);
            if (read.IsCompleted)
            {
                return null;
            }
        }
    }
}
