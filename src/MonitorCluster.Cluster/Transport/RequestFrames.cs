namespace MonitorCluster.Cluster.Transport;

/// <summary>The bodies of requests and their answers; docs/formats/frame.md.</summary>
internal static class RequestFrames
{
    /// <summary>The longest answer: a message less the longest head.</summary>
    public const int PayloadBytesMax = Frame.MessageBytesMax - HeadBytesMax;

    /// <summary>The longest message of a request. The longest there is, a leg of a query, has half of it; 256 of them may be served for one link.</summary>
    public const int RequestBytesMax = 2 << 20;

    /// <summary>The longest request: such a message less the longest head.</summary>
    public const int RequestPayloadBytesMax = RequestBytesMax - HeadBytesMax;

    private const int HeadBytesMax = 32;

    private const int ReasonBytesMax = 4_096;

    public static ReadOnlyMemory<byte> Request(ulong id, RequestKind kind, TimeSpan timeout, ReadOnlySpan<byte> payload)
    {
        var writer = new WireWriter(payload.Length + 24);
        writer.WriteVarint(id);
        writer.WriteByte((byte)kind);
        writer.WriteVarint((ulong)Math.Max(1, timeout.TotalMilliseconds));
        writer.WriteRaw(payload);
        return writer.Written;
    }

    public static bool TryReadRequest(
        ReadOnlyMemory<byte> body, out ulong id, out RequestKind kind, out TimeSpan timeout, out ReadOnlyMemory<byte> payload)
    {
        var reader = new WireReader(body.Span);
        (kind, timeout, payload) = (default, default, default);
        if (!reader.TryVarint(out id) || !reader.TryByte(out byte number) || !reader.TryVarint(out ulong timeoutMs))
        {
            return false;
        }

        kind = (RequestKind)number;
        timeout = TimeSpan.FromMilliseconds(Math.Min(timeoutMs, (ulong)int.MaxValue));
        payload = body[^reader.Rest.Length..];
        return true;
    }

    /// <param name="id">The request's number.</param>
    /// <param name="incarnation">Who answers now; it may have become a member since the link was opened.</param>
    /// <param name="payload">The answer.</param>
    public static ReadOnlyMemory<byte> Answer(ulong id, long incarnation, ReadOnlySpan<byte> payload)
    {
        var writer = new WireWriter(payload.Length + 24);
        writer.WriteVarint(id);
        writer.WriteInt64(incarnation);
        writer.WriteRaw(payload);
        return writer.Written;
    }

    public static bool TryReadAnswer(ReadOnlyMemory<byte> body, out ulong id, out long incarnation, out ReadOnlyMemory<byte> payload)
    {
        var reader = new WireReader(body.Span);
        (incarnation, payload) = (0, default);
        if (!reader.TryVarint(out id) || !reader.TryInt64(out incarnation))
        {
            return false;
        }

        payload = body[^reader.Rest.Length..];
        return true;
    }

    public static ReadOnlyMemory<byte> Cancel(ulong id)
    {
        var writer = new WireWriter(10);
        writer.WriteVarint(id);
        return writer.Written;
    }

    public static bool TryReadCancel(ReadOnlyMemory<byte> body, out ulong id) => new WireReader(body.Span).TryVarint(out id);

    public static ReadOnlyMemory<byte> Refusal(ulong id, string reason)
    {
        var writer = new WireWriter(reason.Length + 16);
        writer.WriteVarint(id);
        writer.WriteString(reason.Length <= ReasonBytesMax / 4 ? reason : reason[..(ReasonBytesMax / 4)]);
        return writer.Written;
    }

    public static bool TryReadRefusal(ReadOnlyMemory<byte> body, out ulong id, out string reason)
    {
        var reader = new WireReader(body.Span);
        reason = string.Empty;
        return reader.TryVarint(out id) && reader.TryString(ReasonBytesMax, out reason);
    }
}
