namespace MonitorCluster.Pbm.Rendering;

/// <summary>One line a row, cells between bars, as operators of Akka clusters know it; flushed line by line.</summary>
internal sealed class PlainRenderer(TextWriter output) : IRenderer
{
    private ColumnsLine columns = new([], [], false);

    public void Show(ReplyLine line)
    {
        switch (line)
        {
            case ColumnsLine named:
                columns = named;
                break;
            case RowLine row:
                output.WriteLine(string.Join(" | ", row.Cells.Select((cell, i) =>
                    i < columns.Columns.Count && columns.Labelled.Contains(columns.Columns[i])
                        ? $"{columns.Columns[i]}: {CellText.Of(cell)}"
                        : CellText.Of(cell))).TrimEnd());
                break;
            case TextLine text:
                output.WriteLine(CellText.Printable(text.Text));
                break;
        }
    }

    public void End(bool isOk) => output.Flush();
}
