namespace MonitorCluster.Soak.Known;

/// <summary>One request of a writer: some series at one time.</summary>
/// <param name="TimestampMs">The time; no two batches of one series share it.</param>
/// <param name="Series">The series.</param>
internal sealed record KnownBatch(long TimestampMs, int[] Series)
{
    /// <summary>Whether the node answered 204. Otherwise its outcome is unknown: it may be there once, or not.</summary>
    public bool IsAcknowledged { get; set; }

    /// <summary>The node that answered 204, by its name; null without.</summary>
    public string? AcknowledgedBy { get; set; }

    /// <summary>The request.</summary>
    public WriteRequest ToRequest(KnownWorld world)
    {
        var request = new WriteRequest();
        foreach (int series in Series)
        {
            request.Series(world.Labels(series), (TimestampMs, world.Value(series, TimestampMs)));
        }

        return request;
    }
}
