using MonitorCluster.Alert;
using MonitorCluster.Stream;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Aggregate;

// What the node's own actors say to shards; the collectors' conversation is Stream/Protocol.cs.

/// <summary>The region passes an <see cref="OpenShard"/> on, with the collector's number in the store.</summary>
internal sealed record CollectorOpen(OpenShard Open, long CollectorNo);

/// <summary>A shard has something that the journal lacks. Said once per journal row.</summary>
/// <param name="ShardId">The shard.</param>
/// <param name="Urgent">An alert changed: write within 100 ms and do not wait for the interval.</param>
internal sealed record ShardDirty(int ShardId, bool Urgent);

/// <summary>The journal asks a shard for its next row; answered with <see cref="JournalTaken"/>, also when there is none.</summary>
/// <param name="Round">Comes back with the answer.</param>
/// <param name="ForceCut">Cut the shard too, whatever its age.</param>
internal sealed record TakeJournal(long Round, bool ForceCut);

/// <summary>A shard's answer to <see cref="TakeJournal"/>.</summary>
internal sealed record JournalTaken(long Round, int ShardId, long Epoch, JournalDraft? Row, CutDraft? Cut);

/// <summary>The shard's row is in the store.</summary>
internal sealed record JournalCommitted(JournalDraft Row);

/// <summary>The shard's cut is in the store.</summary>
internal sealed record CutCommitted(long CutJseq, long SnapshotBytes);

/// <summary>The store refused the shard's write: another node owns it. Final: the shard stops and its unsent output is dropped.</summary>
internal sealed record ShardFenced(int ShardId);

/// <summary>A shard is loaded and serves; told to the region and to the journal, which watches the sender.</summary>
internal sealed record ShardReady(int ShardId, long Epoch);

/// <summary>Once a second: time passes for detection, staleness and memory.</summary>
internal sealed record ShardTick(long NowMs);

/// <summary>A query looks for series; answered with a list of <see cref="FoundSeries"/>.</summary>
internal sealed record FindSeries(string? Metric, IReadOnlyList<Label> FixedLabels, long FromMs, long ToMs);

/// <summary>A series of a shard.</summary>
internal sealed record FoundSeries(int Number, LabelSet Labels);

/// <summary>A query wants to read series; answered with <see cref="PinnedShard"/>.</summary>
internal sealed record PinSeries(IReadOnlyList<int> Numbers, long FromMs, long ToMs);

/// <summary>Asks for <see cref="ShardStatistics"/>.</summary>
internal sealed record GetShardStatistics;

/// <summary>Asks for the open alerts; answered with a list of <see cref="AlertRecord"/>.</summary>
internal sealed record GetOpenAlerts;

/// <summary>A person takes an alert in hand; answered with <see cref="AlertAcknowledged"/>.</summary>
internal sealed record AcknowledgeAlert(string AlertId, string By, string Comment);

/// <summary>The answer to <see cref="AcknowledgeAlert"/>.</summary>
internal sealed record AlertAcknowledged(string AlertId, AcknowledgeOutcome Outcome);

/// <summary>Asks what detection thinks of series; answered with a list of <see cref="SeriesVerdict"/>.</summary>
/// <param name="Metric">The metric's name when the selector fixes it, else null.</param>
/// <param name="FixedLabels">Labels whose value the selector fixes. The asker applies the other matchers.</param>
/// <param name="All">Every series, or only the unusual ones.</param>
internal sealed record GetVerdicts(string? Metric, IReadOnlyList<Label> FixedLabels, bool All);

/// <summary>Asks for the mutes that have not ended; answered with a list of <see cref="Mute"/>.</summary>
internal sealed record GetMutes;

/// <summary>Asks on which hosts each metric is unusual; answered with a list of <see cref="MetricSignals"/>.</summary>
internal sealed record GetSignals;

/// <summary>A person says something about anomalies; answered with <see cref="FeedbackGiven"/>, and durable with the next journal row.</summary>
internal sealed record GiveFeedback(FeedbackCommand Command);

/// <summary>The answer to <see cref="GiveFeedback"/>.</summary>
internal sealed record FeedbackGiven(FeedbackOutcome Outcome);

/// <summary>What one shard holds.</summary>
/// <param name="ShardId">The shard.</param>
/// <param name="Epoch">The epoch in which this node owns it.</param>
/// <param name="Series">Series that exist.</param>
/// <param name="Entities">Aggregators: distinct (host, metric) pairs.</param>
/// <param name="SamplesTotal">Samples accepted since it was opened.</param>
/// <param name="SamplesPerSecond">Rate of acceptance over the last seconds.</param>
/// <param name="UnflushedBytes">Bytes that the journal lacks.</param>
/// <param name="MiniBlocks">Sealed mini-blocks in memory.</param>
/// <param name="OldestMs">Time of the oldest sample, null when there is none.</param>
/// <param name="NewestMs">Time of the newest sample, null when there is none.</param>
/// <param name="Hosts">The measured machines.</param>
internal sealed record ShardStatistics(
    int ShardId, long Epoch, int Series, int Entities, long SamplesTotal, double SamplesPerSecond, int UnflushedBytes, int MiniBlocks,
    long? OldestMs, long? NewestMs, IReadOnlyList<string> Hosts);
