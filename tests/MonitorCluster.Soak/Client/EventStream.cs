using System.Text;

namespace MonitorCluster.Soak.Client;

/// <summary>A subscriber of server-sent events, written from the standard's page.</summary>
internal sealed class EventStream : IDisposable
{
    private readonly HttpResponseMessage _answer;
    private readonly StreamReader _reader;

    private EventStream(HttpResponseMessage answer, StreamReader reader) => (_answer, _reader) = (answer, reader);

    /// <summary>Subscribes.</summary>
    /// <param name="client">Whose base address is the node.</param>
    /// <param name="path">The stream.</param>
    /// <param name="lastEventId">Where to go on from; null for what comes next.</param>
    public static async Task<EventStream> OpenAsync(HttpClient client, string path, long? lastEventId = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (lastEventId is { } id)
        {
            request.Headers.Add("Last-Event-ID", id.ToString(System.Globalization.CultureInfo.InvariantCulture));
        }

        HttpResponseMessage answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        if (answer.Content.Headers.ContentType?.MediaType != "text/event-stream")
        {
            using (answer)
            {
                throw new InvalidOperationException($"{path}: {answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
            }
        }

        return new EventStream(answer, new StreamReader(await answer.Content.ReadAsStreamAsync(), Encoding.UTF8));
    }

    /// <summary>The next event; comments are passed over.</summary>
    /// <exception cref="EndOfStreamException">The node ended the stream.</exception>
    public async Task<ServerEvent> ReadAsync(CancellationToken cancellationToken)
    {
        (long? id, string name, string data) = (null, "message", "");
        while (await _reader.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line.Length == 0 && data.Length > 0)
            {
                return new ServerEvent(id, name, data);
            }

            string value = line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].TrimStart();
            switch (line.Split(':')[0])
            {
                case "id": id = long.Parse(value, System.Globalization.CultureInfo.InvariantCulture); break;
                case "event": name = value; break;
                case "data": data += value; break;
                default: break; // a comment, retry, or the end of one without data
            }
        }

        throw new EndOfStreamException("the node ended the event stream");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _reader.Dispose();
        _answer.Dispose();
    }
}

/// <summary>One event.</summary>
internal sealed record ServerEvent(long? Id, string Name, string Data);
