namespace MonitorCluster.Node.Api;

/// <summary>Why something that was pushed is not stored: a word for the own metrics' label and words for the sender.</summary>
/// <param name="Label">One of a closed list, snake_case.</param>
/// <param name="Text">What the answer says; a count stands before it.</param>
internal sealed record PushReason(string Label, string Text)
{
    public static readonly PushReason NativeHistograms = new("native_histograms", "native histograms are not stored");
    public static readonly PushReason SeriesLimit = new("series_limit", "series over the node's limit (Aggregate:SeriesMax)");
    public static readonly PushReason TooFarInFuture = new("samples_too_far_in_the_future", "samples too far in the future");
    public static readonly PushReason OlderThanRetention = new("samples_older_than_retention", "samples older than retention");
    public static readonly PushReason ReservedNaN = new("samples_with_reserved_nan", "samples with the reserved NaN");
    public static readonly PushReason InvalidMetadata = new("invalid_metadata", "metadata entries that cannot be kept");

    /// <summary>Counted, not said: senders attach exemplars to good samples, and would take a 400 for a failure.</summary>
    public static readonly PushReason Exemplars = new("exemplars", "exemplars are not stored");

    /// <summary>Counted, not said: it is this node's bound, and the samples are stored all the same.</summary>
    public static readonly PushReason MetadataLimit = new("metadata_limit", "metadata entries over the node's limit");

    /// <summary>A series whose labels are wrong; the text says how.</summary>
    public static PushReason BadLabels(Enum outcome) => new("bad_labels", $"series with bad labels ({outcome})");
}
