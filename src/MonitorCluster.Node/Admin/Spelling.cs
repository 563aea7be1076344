namespace MonitorCluster.Node.Admin;

/// <summary>Finds what somebody may have meant.</summary>
internal static class Spelling
{
    /// <summary>The known word with the fewest edits from what was written; null when none is near enough to be a slip of the hand.</summary>
    public static string? Nearest(string written, IEnumerable<string> known)
    {
        // Half of the word may be wrong, and a beginning is always good: "top" and "metr" are found, "xyz" suggests nothing.
        (string Word, int Distance)[] ranked =
        [
            .. known.Select(k => (k, k.StartsWith(written, StringComparison.OrdinalIgnoreCase)
                ? 0
                : Distance(k.ToUpperInvariant(), written.ToUpperInvariant())))
                .OrderBy(k => k.Item2),
        ];
        return ranked.Length > 0 && ranked[0].Distance <= Math.Max(1, ranked[0].Word.Length / 2) ? ranked[0].Word : null;
    }

    /// <summary>The sentence that names it: <c>; did you mean X?</c>, or nothing.</summary>
    public static string Suggest(string written, IEnumerable<string> known) => Nearest(written, known) is { } word ? $"; did you mean {word}?" : string.Empty;

    // Levenshtein's distance, one row at a time.
    private static int Distance(string a, string b)
    {
        int[] row = [.. Enumerable.Range(0, b.Length + 1)];
        for (int i = 1; i <= a.Length; i++)
        {
            (int diagonal, row[0]) = (row[0], i);
            for (int j = 1; j <= b.Length; j++)
            {
                int above = row[j];
                row[j] = Math.Min(Math.Min(above, row[j - 1]) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }

        return row[b.Length];
    }
}
