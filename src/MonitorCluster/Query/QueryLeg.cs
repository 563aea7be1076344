using MonitorCluster.Alert;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.TimeSeries.Model;
using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Query;

/// <summary>What a leg asks of a node's shards.</summary>
internal enum QueryLegKind : byte
{
    /// <summary>The labels of matching series.</summary>
    Series = 1,

    /// <summary>The label names of matching series.</summary>
    LabelNames = 2,

    /// <summary>The values of one label (<see cref="QueryLeg.Name"/>) of matching series.</summary>
    LabelValues = 3,

    /// <summary>The samples of matching series.</summary>
    Fetch = 4,

    /// <summary>What each shard holds, in numbers.</summary>
    Statistics = 5,

    /// <summary>Series by metric and by label.</summary>
    Sizes = 6,

    /// <summary>Open alerts.</summary>
    OpenAlerts = 7,

    /// <summary>Take an alert (<see cref="QueryLeg.Name"/>) in hand; answered when that is durable.</summary>
    Acknowledge = 8,

    /// <summary>What the node knows of one metric family (<see cref="QueryLeg.Name"/>), or of all when that is empty. Asks no shard.</summary>
    Metadata = 9,

    /// <summary>What detection thinks of matching series: of all when <see cref="QueryLeg.Name"/> is <see cref="QueryLeg.All"/>, else of the unusual.</summary>
    Verdicts = 10,

    /// <summary>The mutes that have not ended.</summary>
    Mutes = 11,

    /// <summary>What a person says about anomalies (<see cref="QueryLeg.Name"/>, a <see cref="FeedbackCommand"/>); answered when that is durable.</summary>
    Feedback = 12,

    /// <summary>On how many hosts, and on which, each metric is unusual.</summary>
    Signals = 13,
}

/// <summary>One node's part of a question. What a kind does not use is left out.</summary>
internal sealed record QueryLeg
{
    /// <summary>The <see cref="Name"/> that asks for the verdicts of every series.</summary>
    public const string All = "all";

    /// <summary>The kind with the largest number.</summary>
    public const QueryLegKind KindMax = QueryLegKind.Signals;

    /// <summary>What is asked.</summary>
    public required QueryLegKind Kind { get; init; }

    /// <summary>The cluster's version by which the shards were routed.</summary>
    public long Version { get; init; }

    /// <summary>How long the asker waits.</summary>
    public TimeSpan Timeout { get; init; }

    /// <summary>The shards, each in the epoch in which the node is asked for it; ascending.</summary>
    public IReadOnlyList<ShardEpoch> Shards { get; init; } = [];

    /// <summary>All must hold for a series to be wanted.</summary>
    public IReadOnlyList<LabelMatcher> Matchers { get; init; } = [];

    /// <summary>Start of the span; of <see cref="QueryLegKind.Fetch"/> exclusive.</summary>
    public long FromMs { get; init; }

    /// <summary>End of the span, inclusive.</summary>
    public long ToMs { get; init; }

    /// <summary>Series that may still be read; of <see cref="QueryLegKind.Verdicts"/> the most that one answer names.</summary>
    public int SeriesMax { get; init; }

    /// <summary>Samples that may still be read.</summary>
    public long SamplesMax { get; init; }

    /// <summary>A label, an alert, a metric family or a command.</summary>
    public string Name { get; init; } = string.Empty;

    /// <summary>Who takes an alert in hand.</summary>
    public string By { get; init; } = string.Empty;

    /// <summary>What they say.</summary>
    public string Comment { get; init; } = string.Empty;
}

/// <summary>What became of one shard of a leg.</summary>
internal enum ShardCoverage : byte
{
    /// <summary>The answer has all of it.</summary>
    Covered = 0,

    /// <summary>The node does not own it in that epoch.</summary>
    NotMine = 1,

    /// <summary>The node owns it, or is about to, and does not serve it yet.</summary>
    NotReady = 2,

    /// <summary>The answer was full: ask again for this one.</summary>
    Later = 3,
}

/// <summary>The answer to a <see cref="QueryLeg"/>. What the kind does not ask for is empty.</summary>
internal sealed record QueryLegAnswer
{
    /// <summary>The newest version of the cluster that the node knows.</summary>
    public long Version { get; init; }

    /// <summary>Whether the node has reached the store within seconds, so that it would know had it lost its shards. Else the answer may be old.</summary>
    public bool IsConfirmed { get; init; }

    /// <summary>Why there is no answer; null when there is one.</summary>
    public QueryErrorKind? Error { get; init; }

    /// <summary>The error in words.</summary>
    public string Message { get; init; } = string.Empty;

    /// <summary>What became of each shard asked for, in the order of the question.</summary>
    public IReadOnlyList<ShardCoverage> Coverage { get; init; } = [];

    /// <summary>Samples by series.</summary>
    public IReadOnlyList<SeriesData> Series { get; init; } = [];

    /// <summary>Labels of series.</summary>
    public IReadOnlyList<LabelSet> Labels { get; init; } = [];

    /// <summary>Label names or values.</summary>
    public IReadOnlyList<string> Texts { get; init; } = [];

    /// <summary>Numbers of shards that hold something.</summary>
    public IReadOnlyList<ShardSummary> Statistics { get; init; } = [];

    /// <summary>Series by metric and label.</summary>
    public SeriesSizes Sizes { get; init; } = SeriesSizes.None;

    /// <summary>Open alerts.</summary>
    public IReadOnlyList<AlertRecord> Alerts { get; init; } = [];

    /// <summary>Metric families.</summary>
    public IReadOnlyList<MetricMetadata> Metadata { get; init; } = [];

    /// <summary>What became of an acknowledgement.</summary>
    public AcknowledgeOutcome Outcome { get; init; }

    /// <summary>What detection thinks of series, in the order of <see cref="VerdictOrder"/>.</summary>
    public IReadOnlyList<SeriesVerdict> Verdicts { get; init; } = [];

    /// <summary>Mutes; the same one once, however many shards have it.</summary>
    public IReadOnlyList<Mute> Mutes { get; init; } = [];

    /// <summary>What became of feedback in the shards that the answer covers, all together.</summary>
    public FeedbackOutcome Feedback { get; init; }

    /// <summary>On how many hosts each metric is unusual, in the shards that the answer covers, all together.</summary>
    public IReadOnlyList<MetricSignals> Signals { get; init; } = [];
}

/// <summary>One shard in numbers.</summary>
/// <param name="ShardId">The shard.</param>
/// <param name="Series">Series that exist.</param>
/// <param name="Entities">Aggregators: distinct (host, metric) pairs.</param>
/// <param name="MiniBlocks">Sealed mini-blocks in memory.</param>
/// <param name="SamplesPerSecond">Rate of acceptance over the last seconds.</param>
/// <param name="OldestMs">Time of the oldest sample, null when there is none.</param>
/// <param name="NewestMs">Time of the newest sample, null when there is none.</param>
internal sealed record ShardSummary(int ShardId, int Series, int Entities, int MiniBlocks, double SamplesPerSecond, long? OldestMs, long? NewestMs);

/// <summary>Series by metric and by label pair.</summary>
/// <param name="ByMetric">Series of each metric, most first, at most <see cref="MetricsMax"/>.</param>
/// <param name="ByPair">Series that carry each label, most first, at most <see cref="PairsMax"/>.</param>
internal sealed record SeriesSizes(IReadOnlyList<NamedCount> ByMetric, IReadOnlyList<(Label Pair, long Series)> ByPair)
{
    /// <summary>Metrics that one answer names.</summary>
    public const int MetricsMax = 10_000;

    /// <summary>Label pairs that one answer names; sums over nodes are exact while every node has fewer.</summary>
    public const int PairsMax = 100_000;

    /// <summary>No series.</summary>
    public static readonly SeriesSizes None = new([], []);
}
