using System.Globalization;
using System.Text;

namespace MonitorCluster.Node.Api;

/// <summary>What became of the samples of one pushed request: how many were taken, and how many were refused for which reason.</summary>
internal sealed class IngestOutcome
{
    private const int ExampleMax = 200;

    private readonly SortedDictionary<string, (PushReason Reason, long Samples, string Example)> refused = new(StringComparer.Ordinal);

    /// <summary>Samples taken.</summary>
    public long Accepted { get; set; }

    /// <summary>Whether any were refused.</summary>
    public bool HasRefused => refused.Count > 0;

    /// <summary>Refused samples by reason.</summary>
    public IEnumerable<(PushReason Reason, long Samples)> Refused => refused.Values.Select(r => (r.Reason, r.Samples));

    /// <summary>Counts refused samples.</summary>
    /// <returns>Whether they are the first of this reason: then the caller gives an example with <see cref="Explain"/>.</returns>
    public bool Refuse(PushReason reason, long samples)
    {
        bool isKnown = refused.TryGetValue(reason.Text, out (PushReason Reason, long Samples, string Example) known);
        refused[reason.Text] = isKnown ? known with { Samples = known.Samples + samples } : (reason, samples, string.Empty);
        return !isKnown;
    }

    /// <summary>Gives the example of a reason, shortened to 200 characters.</summary>
    public void Explain(PushReason reason, string example)
    {
        int length = Math.Min(example.Length, ExampleMax);
        length -= length < example.Length && char.IsHighSurrogate(example[length - 1]) ? 1 : 0;
        refused[reason.Text] = refused[reason.Text] with { Example = length < example.Length ? example[..length] + "..." : example };
    }

    /// <summary>The answer to a sender: what was refused, where, and why.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{Accepted} samples stored, {refused.Values.Sum(r => r.Samples)} refused:");
        foreach ((PushReason reason, long samples, string example) in refused.Values)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n{samples} {reason.Text}: {example}");
        }

        return text.Append('\n').ToString();
    }
}
