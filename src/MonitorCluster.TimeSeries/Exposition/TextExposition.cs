using System.Buffers;
using System.Text;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.TimeSeries.Exposition;


/// <summary>Writes the Prometheus text format 0.0.4: call <see cref="Family"/>, then its samples, family by family.</summary>
/// <remarks>One writer, one page. Source: prometheus/docs, exposition_formats.md. Names are the program's own, so a wrong one is an error of the caller;
/// label values may be anything.</remarks>
/// <param name="target">Receives UTF-8.</param>
public sealed class TextExposition(IBufferWriter<byte> target)
{
    /// <summary>The content type of such a page.</summary>
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private static readonly SearchValues<char> NameCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_:");
    private static readonly SearchValues<char> Escaped = SearchValues.Create("\\\"\n");

    private readonly HashSet<string> families = new(StringComparer.Ordinal);
    private string family = string.Empty;

    /// <summary>Begins a family with its HELP and TYPE lines.</summary>
    /// <param name="name">The metric's name: letters, digits, _ and :, not beginning with a digit.</param>
    /// <param name="type">The type.</param>
    /// <param name="help">What the metric means; backslashes and line ends are escaped.</param>
    /// <exception cref="ArgumentException">The name is none, or the page has this family already.</exception>
    public void Family(string name, MetricType type, string help)
    {
        CheckName(name);
        ArgumentNullException.ThrowIfNull(help);
        if (!families.Add(name))
        {
            throw new ArgumentException($"family {name} is on the page already", nameof(name));
        }

        family = name;
        Write("# HELP ");
        Write(name);
        Write(" ");
        WriteEscaped(help, quotes: false);
        Write("\n# TYPE ");
        Write(name);
        Write(type switch
        {
            MetricType.Counter => " counter\n",
            MetricType.Gauge => " gauge\n",
            MetricType.Histogram => " histogram\n",
            MetricType.Summary => " summary\n",
            _ => " untyped\n",
        });
    }

    /// <summary>Writes a sample of the family.</summary>
    /// <param name="value">The value; any double.</param>
    /// <param name="labels">The labels, in the order in which they are to stand.</param>
    public void Sample(double value, params ReadOnlySpan<Label> labels) => Sample(string.Empty, labels, default, value);

    /// <summary>Writes the samples of one histogram of the family: buckets, sum and count.</summary>
    /// <param name="bounds">The upper bounds, ascending, without +Inf.</param>
    /// <param name="counts">How many values fell in each bucket alone; one more than bounds, the last is that of +Inf.</param>
    /// <param name="sum">The sum of all values.</param>
    /// <param name="labels">The labels besides <c>le</c>.</param>
    /// <exception cref="ArgumentException">There are not as many counts as buckets.</exception>
    public void Histogram(ReadOnlySpan<double> bounds, ReadOnlySpan<long> counts, double sum, params ReadOnlySpan<Label> labels)
    {
        if (counts.Length != bounds.Length + 1)
        {
            throw new ArgumentException($"{counts.Length} counts for {bounds.Length} bounds and +Inf", nameof(counts));
        }

        long total = 0;
        for (int i = 0; i < counts.Length; i++)
        {
            total += counts[i];
            Sample("_bucket", labels, new Label("le", PrometheusNumber.Format(i < bounds.Length ? bounds[i] : double.PositiveInfinity)), total);
        }

        Sample("_sum", labels, default, sum);
        Sample("_count", labels, default, total);
    }

    private void Sample(string suffix, ReadOnlySpan<Label> labels, Label last, double value)
    {
        if (family.Length == 0)
        {
            throw new InvalidOperationException("a sample needs a family before it");
        }

        Write(family);
        Write(suffix);
        char separator = '{';
        foreach (Label label in labels)
        {
            WriteLabel(label, ref separator);
        }

        if (last.Name is not null)
        {
            WriteLabel(last, ref separator);
        }

        Write(separator == '{' ? " " : "} ");
        target.Advance(PrometheusNumber.Format(value, target.GetSpan(PrometheusNumber.BytesMax)));
        Write("\n");
    }

    private void WriteLabel(Label label, ref char separator)
    {
        CheckName(label.Name);
        Write(new ReadOnlySpan<char>(ref separator));
        Write(label.Name);
        Write("=\"");
        WriteEscaped(label.Value, quotes: true);
        Write("\"");
        separator = ',';
    }

    private void WriteEscaped(ReadOnlySpan<char> text, bool quotes)
    {
        while (text.IndexOfAny(Escaped) is >= 0 and int at)
        {
            Write(text[..at]);
            Write(text[at] switch
            {
                '\n' => "\\n",
                '"' => quotes ? "\\\"" : "\"",
                _ => "\\\\",
            });
            text = text[(at + 1)..];
        }

        Write(text);
    }

    private void Write(ReadOnlySpan<char> text) => Encoding.UTF8.GetBytes(text, target);

    private static void CheckName(string name)
    {
        if (string.IsNullOrEmpty(name) || char.IsAsciiDigit(name[0]) || name.AsSpan().ContainsAnyExcept(NameCharacters))
        {
            throw new ArgumentException($"\"{name}\" is no name", nameof(name));
        }
    }
}
