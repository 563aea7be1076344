using System.Buffers;
using System.Text.Json;
using MonitorCluster.TimeSeries.Exposition;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Node.Admin;

/// <summary>
/// Writes the answer of one command, one JSON object a line:
/// <c>{"columns":["address",...],"labelled":["shards"],"streaming":true}</c> first, then
/// <c>{"row":["127.0.0.1:9601",...]}</c> and <c>{"text":"Count: 1 nodes"}</c>,
/// last <c>{"exit":0}</c> or <c>{"exit":1,"error":"why"}</c>. The client makes plain text, a table or JSON of it.
/// </summary>
/// <remarks>
/// Cells are text, numbers, truth values, null, lists of text and label sets (objects). A number that JSON cannot hold is sent as text.
/// A command that streams is flushed at each line, any other one at 32 KiB and at its end. One writer: the command.
/// </remarks>
internal sealed class CommandReply(System.IO.Stream body, bool isStreaming) : IDisposable
{
    private const int FlushBytes = 32 * 1024;

    // Answers are shown on terminals, never inside HTML: Greek letters and the quotes of labels stay readable.
    private static readonly JsonWriterOptions Options = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly ArrayBufferWriter<byte> buffer = new(FlushBytes);
    private readonly Utf8JsonWriter json = new(System.IO.Stream.Null, Options);

    /// <summary>Names the columns of the rows that follow; before the first row, once.</summary>
    /// <param name="columns">Snake case; they are the fields of the JSON form.</param>
    /// <param name="labelled">Columns whose name plain text shows in front of the value: <c>shards: 12</c>.</param>
    /// <param name="cancellationToken">Ends the wait for a slow caller.</param>
    public Task ColumnsAsync(IReadOnlyList<string> columns, IReadOnlyList<string> labelled, CancellationToken cancellationToken)
    {
        Begin();
        WriteTexts("columns", columns);
        if (labelled.Count > 0)
        {
            WriteTexts("labelled", labelled);
        }

        if (isStreaming)
        {
            json.WriteBoolean("streaming"u8, true);
        }

        return EndAsync(isStreaming, cancellationToken);
    }

    /// <inheritdoc cref="ColumnsAsync(IReadOnlyList{string}, IReadOnlyList{string}, CancellationToken)"/>
    public Task ColumnsAsync(IReadOnlyList<string> columns, CancellationToken cancellationToken) => ColumnsAsync(columns, [], cancellationToken);

    /// <summary>Writes one row, a cell for each column.</summary>
    public Task RowAsync(IReadOnlyList<object?> cells, CancellationToken cancellationToken)
    {
        Begin();
        json.WriteStartArray("row"u8);
        foreach (object? cell in cells)
        {
            WriteCell(cell);
        }

        json.WriteEndArray();
        return EndAsync(isStreaming, cancellationToken);
    }

    /// <summary>Writes a remark for people; the JSON form leaves it out.</summary>
    public Task TextAsync(string text, CancellationToken cancellationToken)
    {
        Begin();
        json.WriteString("text"u8, text);
        return EndAsync(isStreaming, cancellationToken);
    }

    /// <summary>Writes how the command ended; nothing follows.</summary>
    public Task EndAsync(CommandResponse response, CancellationToken cancellationToken)
    {
        Begin();
        json.WriteNumber("exit"u8, response.ExitCode);
        if (response.Error is { } error)
        {
            json.WriteString("error"u8, error);
        }

        return EndAsync(isFlushed: true, cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose() => json.Dispose();

    private void Begin()
    {
        json.Reset(buffer);
        json.WriteStartObject();
    }

    private void Close()
    {
        json.WriteEndObject();
        json.Flush();
        buffer.Write("\n"u8);
    }

    private async Task EndAsync(bool isFlushed, CancellationToken cancellationToken)
    {
        Close();
        if (isFlushed || buffer.WrittenCount >= FlushBytes)
        {
            await body.WriteAsync(buffer.WrittenMemory, cancellationToken);
            await body.FlushAsync(cancellationToken);
            buffer.ResetWrittenCount();
        }
    }

    private void WriteTexts(string name, IReadOnlyList<string> texts)
    {
        json.WriteStartArray(name);
        foreach (string text in texts)
        {
            json.WriteStringValue(text);
        }

        json.WriteEndArray();
    }

    private void WriteCell(object? cell)
    {
        switch (cell)
        {
            case null:
                json.WriteNullValue();
                break;
            case bool truth:
                json.WriteBooleanValue(truth);
                break;
            case int number:
                json.WriteNumberValue(number);
                break;
            case long number:
                json.WriteNumberValue(number);
                break;
            case double number when double.IsFinite(number):
                json.WriteNumberValue(number);
                break;
            case double number:
                json.WriteStringValue(PrometheusNumber.Format(number));
                break;
            case string text:
                json.WriteStringValue(text);
                break;
            case LabelSet labels:
                WriteLabels(labels);
                break;
            case IEnumerable<string> texts:
                json.WriteStartArray();
                foreach (string text in texts)
                {
                    json.WriteStringValue(text);
                }

                json.WriteEndArray();
                break;
            default:
                throw new ArgumentException($"a cell cannot be of type {cell.GetType()}", nameof(cell));
        }
    }

    private void WriteLabels(LabelSet labels)
    {
        json.WriteStartObject();
        foreach (Label label in labels.Labels)
        {
            if (label.Name != LabelSet.NameLabel)
            {
                json.WriteString(label.Name, label.Value);
            }
        }

        json.WriteEndObject();
    }
}
