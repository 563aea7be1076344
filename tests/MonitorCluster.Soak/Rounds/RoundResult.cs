using System.Globalization;

namespace MonitorCluster.Soak.Rounds;

/// <summary>One finished round, as it is kept and shown.</summary>
internal sealed record RoundResult
{
    /// <summary>The head of the columns of <see cref="ToString"/>.</summary>
    public const string Head = "round victim       role               shards  gap_s evicted     p99_ms acknowledged verdict";

    public required int Number { get; init; }

    public required string Victim { get; init; }

    public required string Role { get; init; }

    public required int Shards { get; init; }

    public required double? GapSeconds { get; init; }

    public required int Evicted { get; init; }

    /// <summary>99th percentile of write-to-visible of the untouched shards before the strike; 0 when there are none.</summary>
    public required double BeforeMs { get; init; }

    /// <summary>The same while the fault lasted.</summary>
    public required double DuringMs { get; init; }

    public required int Acknowledged { get; init; }

    public required int Lost { get; init; }

    public required int Doubled { get; init; }

    /// <summary>What is wrong; empty when nothing is.</summary>
    public required IReadOnlyList<string> Faults { get; init; }

    /// <summary>Whether a promised time was missed: no fault, but said.</summary>
    public required bool IsOver { get; init; }

    public required string Note { get; init; }

    /// <inheritdoc/>
    public override string ToString()
    {
        string gap = GapSeconds?.ToString("F2", CultureInfo.InvariantCulture) ?? "-";
        string p99 = BeforeMs == 0 ? "-" : string.Create(CultureInfo.InvariantCulture, $"{BeforeMs:F0}>{DuringMs:F0}");
        string verdict = Faults.Count > 0 ? "FAILED" : IsOver ? "over" : "ok";
        string note = Note.Length == 0 ? string.Empty : $" ({Note})";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{Number,5} {Victim,-12} {Role,-18} {Shards,6} {gap,6} {Evicted,7} {p99,10} {Acknowledged,12} "
            + $"{verdict}{note}{string.Concat(Faults.Select(f => "\n      " + f))}");
    }
}
