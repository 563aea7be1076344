using System.Globalization;
using System.Text;

namespace MonitorCluster.Soak.Optimise;

/// <summary>Draws how load and delay went over time: two panels over one axis.</summary>
internal static class OptimisePlot
{
    private const int Left = 60, Width = 820, Top = 40, PanelHeight = 190, Gap = 60;

    /// <summary>Writes the drawing.</summary>
    /// <param name="file">Where to.</param>
    /// <param name="watch">What was seen.</param>
    /// <param name="zero">The second that is 0 on the axis.</param>
    /// <param name="events">Moments with a name.</param>
    public static async Task WriteAsync(string file, OptimiseWatch watch, double zero, IReadOnlyList<(double At, string Name)> events)
    {
        WatchTick[] ticks = watch.Since(zero - 60);
        (double from, double to) = (ticks[0].Seconds, ticks[^1].Seconds);
        (double At, double Value)[] p99 = [.. Bins(from, to).Select(b => (b + 2.5, watch.DelayMs(b, b + 5)))];
        double delayMax = Math.Max(100, Math.Ceiling(p99.Max(p => p.Value) / 100) * 100);
        var svg = new StringBuilder();
        string box = string.Create(CultureInfo.InvariantCulture, $"0 0 {Left + Width + 30} {Top + (2 * PanelHeight) + Gap + 50}");
        Add(svg, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"{box}\" font-family=\"sans-serif\" font-size=\"12\">");
        Add(svg, $"<rect width=\"100%\" height=\"100%\" fill=\"white\"/>");
        Panel(svg, Top, "hottest node's load over the mean", 1, 2, 0.25);
        Line(svg, Top, ticks.Select(t => (t.Seconds, t.Samples)), 1, 2, "#888", "samples a second, as nodes count them");
        Line(svg, Top, ticks.Where(t => t.Imbalance is not null).Select(t => (t.Seconds, t.Imbalance!.Value)), 1, 2, "#c33", "optimiser: CPU, smoothed", 1);
        Line(svg, Top, ticks.Select(t => (t.Seconds, t.Offered)), 1, 2, "#36c", "samples a second, as written", 2);
        const int Lower = Top + PanelHeight + Gap;
        Panel(svg, Lower, "write to answer, 99th percentile of 5 s, ms", 0, delayMax, delayMax / 4);
        Line(svg, Lower, p99, 0, delayMax, "#282", string.Empty);
        foreach (((double at, string name), int row) in events.Select((e, i) => (e, i)))
        {
            Add(svg, $"<line x1=\"{X(at):F1}\" x2=\"{X(at):F1}\" y1=\"{Top}\" y2=\"{Lower + PanelHeight}\" stroke=\"#bbb\" stroke-dasharray=\"4 3\"/>");
            Add(svg, $"<text x=\"{X(at) + 3:F1}\" y=\"{Lower - 42 + (row % 3 * 12)}\" fill=\"#555\">{name}</text>");
        }

        for (double second = Math.Ceiling((from - zero) / 30) * 30; second <= to - zero; second += 30)
        {
            Add(svg, $"<text x=\"{X(second + zero):F1}\" y=\"{Lower + PanelHeight + 18}\" text-anchor=\"middle\">{second} s</text>");
        }

        svg.AppendLine("</svg>");
        await File.WriteAllTextAsync(file, svg.ToString());

        double X(double second) => Left + (Width * (second - from) / (to - from));

        void Line(StringBuilder into, int top, IEnumerable<(double At, double Value)> points, double min, double max, string colour, string name, int row = 0)
        {
            string path = string.Join(' ', points.Select(p => string.Create(
                CultureInfo.InvariantCulture, $"{X(p.At):F1},{top + (PanelHeight * (1 - ((Math.Clamp(p.Value, min, max) - min) / (max - min)))):F1}")));
            Add(into, $"<polyline points=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.6\"/>");
            Add(into, $"<text x=\"{Left + Width - 4}\" y=\"{top + 16 + (row * 16)}\" text-anchor=\"end\" fill=\"{colour}\">{name}</text>");
        }
    }

    private static void Panel(StringBuilder svg, int top, string title, double min, double max, double step)
    {
        Add(svg, $"<text x=\"{Left}\" y=\"{top - 8}\" font-weight=\"bold\">{title}</text>");
        for (double value = min; value <= max + (step / 2); value += step)
        {
            double y = top + (PanelHeight * (1 - ((value - min) / (max - min))));
            Add(svg, $"<line x1=\"{Left}\" x2=\"{Left + Width}\" y1=\"{y:F1}\" y2=\"{y:F1}\" stroke=\"#e5e5e5\"/>");
            Add(svg, $"<text x=\"{Left - 6}\" y=\"{y + 4:F1}\" text-anchor=\"end\">{value:0.##}</text>");
        }
    }

    private static IEnumerable<double> Bins(double from, double to)
    {
        for (double at = from; at + 5 <= to; at += 5)
        {
            yield return at;
        }
    }

    private static void Add(StringBuilder svg, FormattableString line) => svg.AppendLine(FormattableString.Invariant(line));
}
