using System.Text.Json;

namespace MonitorCluster.Pbm;

/// <summary>One line of a host's answer; one of the four kinds below.</summary>
internal abstract record ReplyLine
{
    /// <summary>Reads a line.</summary>
    /// <returns>Null when the line is none of the kinds; unknown fields are ignored, so that a newer host can say more.</returns>
    public static ReplyLine? Parse(ReadOnlyMemory<byte> utf8)
    {
        try
        {
            JsonElement line = JsonElement.Parse(utf8.Span);
            return line.ValueKind != JsonValueKind.Object ? null
                : line.TryGetProperty("row"u8, out JsonElement row) ? new RowLine([.. row.EnumerateArray()])
                : line.TryGetProperty("text"u8, out JsonElement text) ? new TextLine(text.GetString()!)
                : line.TryGetProperty("columns"u8, out JsonElement columns) ? new ColumnsLine(
                    Texts(columns),
                    line.TryGetProperty("labelled"u8, out JsonElement labelled) ? [.. Texts(labelled)] : [],
                    line.TryGetProperty("streaming"u8, out JsonElement streaming) && streaming.GetBoolean())
                : line.TryGetProperty("exit"u8, out JsonElement exit) ? new ExitLine(
                    exit.GetInt32(), line.TryGetProperty("error"u8, out JsonElement error) ? error.GetString() : null)
                : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }

    private static string[] Texts(JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetString()!)];
}

/// <summary>The names of the columns that follow.</summary>
/// <param name="Columns">The names.</param>
/// <param name="Labelled">Columns whose name plain text shows in front of the value.</param>
/// <param name="IsStreaming">Whether the command goes on until it is ended.</param>
internal sealed record ColumnsLine(IReadOnlyList<string> Columns, HashSet<string> Labelled, bool IsStreaming) : ReplyLine;

/// <summary>One row: text, numbers, truth values, null, lists or objects of text.</summary>
internal sealed record RowLine(IReadOnlyList<JsonElement> Cells) : ReplyLine;

/// <summary>A remark for people.</summary>
internal sealed record TextLine(string Text) : ReplyLine;

/// <summary>How the command ended; the last line.</summary>
internal sealed record ExitLine(int ExitCode, string? Error) : ReplyLine;
