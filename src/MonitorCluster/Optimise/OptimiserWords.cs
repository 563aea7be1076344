using System.Globalization;
using MonitorCluster.Alert;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Optimise;

/// <summary>What the optimiser says, in sentences.</summary>
internal static class OptimiserWords
{
    public const string Channel = "optimiser";

    private static readonly LabelSet Labels = LabelSet.Create(new Label("component", Channel));

    /// <summary>The alert log's entry of a plan as it is now. The store gives number and id.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="startedMs">When it was made, milliseconds since 1970.</param>
    /// <param name="nowMs">Now.</param>
    public static string Entry(OptimiserState plan, long startedMs, long nowMs) => AlertRows.Body(new AlertRecord
    {
        Id = string.Empty,
        Status = plan.HasEnded ? AlertStatus.Resolved : AlertStatus.Firing,
        Severity = plan.State is PlanState.RollingBack or PlanState.RolledBack && plan.Kind != PlanKind.Undo ? AlertSeverity.Warning : AlertSeverity.Info,
        Kind = AlertKind.Cluster,
        Labels = Labels,
        Channel = Channel,
        StartsAtMs = startedMs,
        EndsAtMs = plan.HasEnded ? nowMs : null,
        Value = (plan.After ?? plan.Before).Imbalance,
        Expected = plan.Predicted.Imbalance,
        Summary = Sentence(plan),
        Notify = plan.State == PlanState.RolledBack && plan.Kind != PlanKind.Undo,
    });

    /// <summary>The alert log's entry of a plan that another program wrote and this one cannot read.</summary>
    public static string UnreadableEntry(PlanRow row, long nowMs) => AlertRows.Body(new AlertRecord
    {
        Id = string.Empty,
        Status = AlertStatus.Resolved,
        Severity = AlertSeverity.Warning,
        Kind = AlertKind.Cluster,
        Labels = Labels,
        Channel = Channel,
        StartsAtMs = nowMs - row.AgeMs,
        EndsAtMs = nowMs,
        Summary = $"a plan of another version is given up, what it moved stays: {row.Trigger}",
    });

    /// <summary>The alert log's entry of a pause, or of its end.</summary>
    public static string PauseEntry(bool isPaused, string by, string note, long nowMs) => AlertRows.Body(new AlertRecord
    {
        Id = string.Empty,
        Status = isPaused ? AlertStatus.Firing : AlertStatus.Resolved,
        Severity = AlertSeverity.Info,
        Kind = AlertKind.Cluster,
        Labels = Labels,
        Channel = "paused",
        StartsAtMs = nowMs,
        EndsAtMs = isPaused ? null : nowMs,
        Summary = $"{by} {(isPaused ? "paused the optimiser" : "let the optimiser go on")}{(note.Length > 0 ? $": {note}" : string.Empty)}",
    });

    /// <summary>How a plan stands.</summary>
    public static string Sentence(OptimiserState plan)
    {
        int made = plan.Moves.Count(m => m.Progress == MoveProgress.Done);
        string shards = Shards(plan.Moves.Count), moved = made == plan.Moves.Count ? Shards(made) : $"{made} of {Shards(plan.Moves.Count)}";
        return plan.State switch
        {
            PlanState.Proposed =>
                $"plan to move {shards}: {plan.Trigger}; imbalance {Number(plan.Before.Imbalance)}, {Number(plan.Predicted.Imbalance)} expected",
            PlanState.Applying => $"{shards} being moved: {plan.Trigger}",
            PlanState.Verifying => $"{moved} moved, being judged: {plan.Trigger}",
            PlanState.RollingBack => $"{moved} moved, being undone: {plan.Why}",
            PlanState.Kept or PlanState.Neutral => $"{moved} moved: {plan.Why}",
            PlanState.RolledBack => $"{moved} moved and moved back: {plan.Why}",
            _ => $"plan to move {shards} given up: {plan.Why}",
        };
    }

    /// <summary>A number for people.</summary>
    public static string Number(double value) => value.ToString("0.00", CultureInfo.InvariantCulture);

    private static string Shards(int count) => count == 1 ? "1 shard" : string.Create(CultureInfo.InvariantCulture, $"{count} shards");
}
