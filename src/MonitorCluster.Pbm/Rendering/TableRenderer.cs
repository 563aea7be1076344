using System.Text.Json;
using Spectre.Console;

namespace MonitorCluster.Pbm.Rendering;

/// <summary>A table with borders; numbers to the right. A command that goes on has no last row to measure and is shown as plain lines.</summary>
internal sealed class TableRenderer(TextWriter output, bool isRedirected) : IRenderer
{
    private readonly PlainRenderer plain = new(output);
    private readonly List<RowLine> rows = [];
    private readonly List<TextLine> remarks = [];
    private ColumnsLine columns = new([], [], false);

    public void Show(ReplyLine line)
    {
        switch (line)
        {
            case ColumnsLine named:
                columns = named;
                break;
            case var _ when columns.IsStreaming:
                plain.Show(line);
                break;
            case RowLine row:
                rows.Add(row);
                break;
            case TextLine text:
                remarks.Add(text);
                break;
        }
    }

    public void End(bool isOk)
    {
        if (columns.Columns.Count > 0 && !columns.IsStreaming)
        {
            Write();
        }

        foreach (TextLine remark in remarks)
        {
            plain.Show(remark);
        }

        output.Flush();
    }

    private void Write()
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(output),
            Ansi = isRedirected ? AnsiSupport.No : AnsiSupport.Detect,
            ColorSystem = isRedirected ? ColorSystemSupport.NoColors : ColorSystemSupport.Detect,
        });
        if (isRedirected)
        {
            console.Profile.Width = short.MaxValue;
            console.Profile.Capabilities.Unicode = true;
        }

        var table = new Table { Border = TableBorder.Rounded };
        for (int i = 0; i < columns.Columns.Count; i++)
        {
            bool isNumeric = rows.Count > 0 && rows.All(r => i < r.Cells.Count && r.Cells[i].ValueKind is JsonValueKind.Number or JsonValueKind.Null);
            table.AddColumn(new TableColumn(new Text(CellText.Printable(columns.Columns[i]))) { Alignment = isNumeric ? Justify.Right : Justify.Left });
        }

        foreach (RowLine row in rows)
        {
            // Text, never markup: a label with brackets is shown as it is.
            table.AddRow(row.Cells.Take(columns.Columns.Count).Select(c => new Text(CellText.Of(c))));
        }

        console.Write(table);
    }
}
