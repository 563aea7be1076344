using System.Text;

namespace MonitorCluster.Cluster.Storage;

/// <summary>Everything in which one database differs from another; the statements themselves are written once.</summary>
/// <remarks>
/// A statement names what differs in braces: <c>{share}</c> and <c>{update}</c> (row locks), <c>{now}</c>, <c>{ms}</c> (one millisecond as an interval),
/// <c>{age_ms}</c> (milliseconds since the time in column <c>at</c>), and the column types of the schema. Braces never appear in a statement otherwise.
/// </remarks>
public sealed record StoreDialect
{
    /// <summary>The provider's name in <c>Store:Provider</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Macro name (without braces) to the text that takes its place.</summary>
    public required IReadOnlyDictionary<string, string> Macros { get; init; }

    /// <summary>Run on every new connection, in order, before anything else.</summary>
    public required IReadOnlyList<string> OpeningStatements { get; init; }

    /// <summary>Run after the schema was created, in the same transaction: storage settings that the other database does not have.</summary>
    public required IReadOnlyList<string> AfterCreate { get; init; }

    /// <summary>Counts tables named <c>cluster</c>: 0 means that the store is new.</summary>
    public required string CountClusterTables { get; init; }

    /// <summary>Run first when a store is opened, so that one of several first nodes creates it and the others wait for that; null where
    /// <see cref="BeginWrite"/> is exclusive.</summary>
    public string? CreationLock { get; init; }

    /// <summary>Starts a transaction that writes.</summary>
    public required string BeginWrite { get; init; }

    /// <summary>Starts a transaction that reads one snapshot.</summary>
    public required string BeginRead { get; init; }

    /// <summary>Ends a transaction; after an error of this statement the outcome is unknown.</summary>
    public string Commit { get; init; } = "COMMIT";

    /// <summary>Copies the whole store into the file <c>@path</c> as of one instant; null when the database has its own tools for that.</summary>
    public string? BackupTo { get; init; }

    /// <summary>Gives at most <c>{pages}</c> free pages back to the file system; null when the database does so by itself.</summary>
    public string? ReclaimPages { get; init; }

    /// <summary>Empties the write-ahead log into the database; null when the database does so by itself.</summary>
    public string? TruncateLog { get; init; }

    /// <summary>Says what an exception of the provider means for the caller.</summary>
    public required Func<Exception, StoreFailure> Classify { get; init; }

    /// <summary>Fills in the macros.</summary>
    /// <exception cref="InvalidOperationException">The statement names a macro that this dialect lacks.</exception>
    public string Expand(string statement)
    {
        ArgumentNullException.ThrowIfNull(statement);
        int open = statement.IndexOf('{', StringComparison.Ordinal);
        if (open < 0)
        {
            return statement;
        }

        StringBuilder text = new(statement.Length * 2);
        int from = 0;
        for (; open >= 0; open = statement.IndexOf('{', from))
        {
            int close = statement.IndexOf('}', open);
            string name = close < 0 ? statement[open..] : statement[(open + 1)..close];
            if (close < 0 || !Macros.TryGetValue(name, out string? replacement))
            {
                throw new InvalidOperationException($"Dialect {Name} has no macro '{name}'.");
            }

            text.Append(statement, from, open - from).Append(replacement);
            from = close + 1;
        }

        return text.Append(statement, from, statement.Length - from).ToString();
    }
}
