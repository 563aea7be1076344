using System.Globalization;
using System.Text;

namespace MonitorCluster.Node.Api;

/// <summary>What became of the samples of one pushed request: how many were taken, and how many were refused for which reason.</summary>
internal sealed class IngestOutcome
{
    private readonly SortedDictionary<string, (long Samples, string Example)> refused = new(StringComparer.Ordinal);

    /// <summary>Samples taken.</summary>
    public long Accepted { get; set; }

    /// <summary>Whether any were refused.</summary>
    public bool HasRefused => refused.Count > 0;

    /// <summary>Refused samples by reason.</summary>
    public IEnumerable<(string Reason, long Samples)> Refused => refused.Select(r => (r.Key, r.Value.Samples));

    /// <summary>Counts refused samples; the first example of each reason is kept.</summary>
    public void Refuse(string reason, long samples, Func<string> example)
    {
        refused[reason] = refused.TryGetValue(reason, out (long Samples, string Example) known)
            ? (known.Samples + samples, known.Example)
            : (samples, example());
    }

    /// <summary>The answer to a sender: what was refused, where, and why.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{Accepted} samples stored, {refused.Values.Sum(r => r.Samples)} refused:");
        foreach ((string reason, (long samples, string example)) in refused)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n{samples} {reason}: {example}");
        }

        return text.Append('\n').ToString();
    }
}
