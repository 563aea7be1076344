using System.Text;
using MonitorCluster.Alert;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Detect;
using MonitorCluster.TimeSeries.Detectors;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Aggregate;

// Steps 7 and 9: what samples and ticks mean. Time enters only as a journalled tick, so that replay gives the same alerts.
internal sealed partial class ShardState
{
    private readonly AlertBook alerts;
    private readonly ShardDetection detection;
    private long countedSteps;
    private long countedSignals;

    /// <summary>Whether an alert changed that is not in a journal row yet.</summary>
    public bool HasUrgentChange => alerts.HasTransitions;

    /// <summary>Whether the next journal row would carry anything.</summary>
    public bool HasChange => journal.Bytes > 0 || advanced.Count > 0;

    /// <summary>Lets time pass. A tick that closes nothing leaves no trace.</summary>
    public void Tick(long nowMs)
    {
        if (detection.Tick(nowMs))
        {
            journal.AddTick(nowMs);
        }

        StoreDerived();
    }

    /// <summary>A person says something about anomalies.</summary>
    public FeedbackOutcome Give(FeedbackCommand command, long nowMs)
    {
        FeedbackCommand stamped = command with { AtMs = nowMs };
        FeedbackOutcome outcome = detection.Give(stamped);
        if (outcome.IsFound)
        {
            journal.AddFeedback(stamped.ToJson());
        }

        return outcome;
    }

    /// <summary>The mutes that have not ended.</summary>
    public IReadOnlyList<Mute> Mutes() => detection.Mutes;

    /// <summary>What detection thinks of series: of the unusual ones, or of all.</summary>
    /// <remarks>Cheap: regular expressions are the caller's, off the mailbox.</remarks>
    public IReadOnlyList<SeriesVerdict> Verdicts(string? metric, IReadOnlyList<Label> fixedLabels, bool all, long nowMs)
    {
        var found = new List<SeriesVerdict>();
        foreach (int number in series.Candidates(metric))
        {
            if ((all || detection.IsUnusual(number)) && HasLabels(series[number]!.Labels, fixedLabels))
            {
                found.Add(detection.Verdict(number, nowMs));
            }
        }

        return found;
    }

    /// <summary>On which hosts each metric is unusual.</summary>
    public IReadOnlyList<MetricSignals> Signals(long nowMs) => detection.SignalsByMetric(nowMs);

    /// <summary>A person takes an alert in hand.</summary>
    public AcknowledgeOutcome Acknowledge(long nowMs, string alertId, string by, string comment)
    {
        AcknowledgeOutcome outcome = alerts.Acknowledge(alertId, by, comment, nowMs);
        if (alerts.HasTransitions)
        {
            journal.AddAcknowledge(nowMs, alertId, by, comment);
        }

        return outcome;
    }

    /// <summary>The alerts that are open now, those among them whose number is still to come.</summary>
    public IReadOnlyList<AlertRecord> OpenAlerts() => detection.OpenAlerts();

    /// <summary>Ends recovery: the stored open alerts win over what the replay computed; differences become transitions.</summary>
    public void EndRecovery(IReadOnlyList<OpenAlertRow> openAlerts, long nowMs)
    {
        var rows = new List<AlertRecord>(openAlerts.Count);
        foreach (OpenAlertRow row in openAlerts)
        {
            if (!AlertJson.TryRead(Encoding.UTF8.GetBytes(row.Body), out AlertRecord? alert))
            {
                throw new InvalidDataException($"shard {ShardId}: the stored alert {row.AlertId} cannot be read");
            }

            rows.Add(alert!);
        }

        detection.ResolveEnded(nowMs);
        alerts.LoadOpen(rows, nowMs);
        if (alerts.HasTransitions)
        {
            journal.Touch();
        }
    }

    private void ApplyTick(long nowMs) => detection.Tick(nowMs);

    private bool TryApplyFeedback(string json)
    {
        if (FeedbackCommand.FromJson(json) is not { } command)
        {
            return false;
        }

        detection.Give(command);
        return true;
    }

    // Scores and estimates are samples like any other from here on, journalled with their values: a program that counts differently replays
    // what this one said.
    private void StoreDerived()
    {
        counters.AddDetection(detection.StepsScored - countedSteps, detection.Signals - countedSignals);
        (countedSteps, countedSignals) = (detection.StepsScored, detection.Signals);
        if (detection.Derived.Count == 0 && detection.Estimates.Count == 0)
        {
            return;
        }

        journal.BeginRuns();
        foreach (Estimate estimate in detection.Estimates)
        {
            Store(estimate.Labels, estimate.TimestampMs, estimate.Value);
        }

        for (int i = 0; i < detection.Derived.Count; i++) // storing an estimate may close the step before it, whose score comes here, too
        {
            DerivedScore score = detection.Derived[i];
            LabelSet scored = series[score.Series]!.Labels;
            Store(ScoreSeries.Of(scored, DerivedMetric.Score), score.EndMs, score.Score);
            Store(ScoreSeries.Of(scored, DerivedMetric.Bit), score.EndMs, score.Bit);
        }

        journal.EndRuns();
        detection.ClearDerived();
    }

    private void Store(LabelSet labels, long endMs, double value)
    {
        if (!series.TryFind(labels, out int number))
        {
            if (series.OfHost(labels.Host) >= options.SeriesPerHostMax)
            {
                counters.Reject(RejectReason.SeriesLimit, 1);
                return;
            }

            number = AddSeries(labels, endMs);
        }

        Span<int> slot = [number];
        Span<double> sample = [value];
        journal.AddRun(endMs, slot, sample);
        ApplyRun(endMs, slot, sample);
    }

    private void ApplyAcknowledge(long nowMs, string alertId, string by, string comment) => alerts.Acknowledge(alertId, by, comment, nowMs);

    private void RestoreDetection(ReadOnlySpan<byte> bytes)
    {
        if (!detection.TryRestore(bytes))
        {
            throw new InvalidDataException($"shard {ShardId}: the snapshot's detection state cannot be read");
        }

        // Numbers are never used twice: what detection knew of is taken, also when retention removed the series with the highest one.
        series.Reserve(detection.SeriesCount);
        for (int number = 0; number < series.End; number++)
        {
            if (series[number] is { } identity)
            {
                detection.Register(number, identity.Labels);
            }
            else
            {
                detection.Clear(number);
            }
        }
    }
}
