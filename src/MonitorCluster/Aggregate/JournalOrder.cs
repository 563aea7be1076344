using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Aggregate;

/// <summary>
/// Invariants 2 and 3 of the cluster, checked where journal rows are read: epochs never fall along the journal, an epoch has one writer, and it is
/// the owner; a collector's marks rise.
/// </summary>
internal static class JournalOrder
{
    /// <summary>Checks the rows of one shard, ascending.</summary>
    /// <param name="shardId">The shard.</param>
    /// <param name="rows">Its rows.</param>
    /// <param name="epoch">Its epoch, from the same snapshot of the store.</param>
    /// <param name="owner">Its owner, from the same snapshot.</param>
    /// <exception cref="InvariantViolatedException">One of them does not hold.</exception>
    public static void Check(int shardId, IReadOnlyList<JournalRow> rows, long epoch, long? owner)
    {
        var marks = new Dictionary<long, long>();
        (long Epoch, long Writer) before = (0, 0);
        foreach (JournalRow row in rows)
        {
            bool isOrdered = row.Epoch >= before.Epoch && row.Epoch <= epoch;
            bool isOneWriter = (row.Epoch != before.Epoch || row.Writer == before.Writer) && (row.Epoch != epoch || owner is null || row.Writer == owner);
            if (!isOrdered || !isOneWriter)
            {
                throw new InvariantViolatedException(
                    $"journal row {row.Jseq} of shard {shardId} is of epoch {row.Epoch} by incarnation {row.Writer}; the row before is of epoch "
                    + $"{before.Epoch} by {before.Writer}, and the shard is in epoch {epoch} of {owner}");
            }

            before = (row.Epoch, row.Writer);
            foreach ((long collectorNo, long seq) in Marks.Decode(row.Marks))
            {
                if (seq <= marks.GetValueOrDefault(collectorNo))
                {
                    throw new InvariantViolatedException(
                        $"journal row {row.Jseq} of shard {shardId} has batch {seq} of collector {collectorNo}, a row before it has {marks[collectorNo]}");
                }

                marks[collectorNo] = seq;
            }
        }
    }
}

/// <summary>Something is so that never may be. The shard is dropped, the node goes on.</summary>
internal sealed class InvariantViolatedException : Exception
{
    public InvariantViolatedException()
    {
    }

    public InvariantViolatedException(string message)
        : base(message)
    {
    }

    public InvariantViolatedException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
