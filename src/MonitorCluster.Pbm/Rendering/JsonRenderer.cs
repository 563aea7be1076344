using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace MonitorCluster.Pbm.Rendering;

/// <summary>One JSON array with an object for each row, or an object a line for a command that goes on. Remarks are left out.</summary>
internal sealed class JsonRenderer(TextWriter output) : IRenderer
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private ColumnsLine? columns;
    private long rows;

    public void Show(ReplyLine line)
    {
        switch (line)
        {
            case ColumnsLine named:
                columns = named;
                if (!named.IsStreaming)
                {
                    output.Write('[');
                }

                break;
            case RowLine row:
                if (columns is { IsStreaming: true })
                {
                    output.WriteLine(Object(row));
                    output.Flush();
                }
                else
                {
                    output.Write(rows++ == 0 ? "\n" : ",\n");
                    output.Write(Object(row));
                }

                break;
        }
    }

    public void End(bool isOk)
    {
        if (columns is { IsStreaming: false })
        {
            output.WriteLine(rows > 0 ? "\n]" : "]");
        }
        else if (columns is null && isOk)
        {
            output.WriteLine("[]");
        }

        output.Flush();
    }

    private string Object(RowLine row)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, Options))
        {
            json.WriteStartObject();
            for (int i = 0; i < row.Cells.Count; i++)
            {
                json.WritePropertyName(i < columns?.Columns.Count ? columns.Columns[i] : $"column_{i}");
                row.Cells[i].WriteTo(json);
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(bytes.ToArray());
    }
}
