using MonitorCluster.Alert;
using MonitorCluster.TimeSeries.Detectors;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Detect;

// What detection thinks of a series now, for people who ask.
public sealed partial class ShardDetection
{
    /// <summary>Whether a series is unusual now: an open excursion, or a rule that holds.</summary>
    public bool IsUnusual(int series)
    {
        ref readonly Watched by = ref watched[series];
        if (by.Slot == NoSlot)
        {
            return false;
        }

        return detectors[by.Slot].Excursion.IsOpen || HoldsRule(series, by.Host, out _);
    }

    /// <summary>The verdict on a registered series.</summary>
    /// <param name="series">Its number.</param>
    /// <param name="nowMs">The node's clock, for feedback that fades.</param>
    public SeriesVerdict Verdict(int series, long nowMs)
    {
        ref readonly Watched by = ref watched[series];
        LabelSet labels = by.Labels ?? throw new ArgumentOutOfRangeException(nameof(series), series, "no series has the number");
        double stepSeconds = settings.StepMs / 1000.0;
        if (by.Slot == NoSlot)
        {
            return new SeriesVerdict
            {
                Labels = labels,
                Phase = SeriesPhase.Unjudged,
                StepSeconds = stepSeconds,
                Reason = enabled ? "not judged: the level of this metric says nothing by itself" : "not judged: detection is off (Detect:Enabled)",
            };
        }

        ref SeriesDetector detector = ref detectors[by.Slot];
        bool hasSteps = detector.StepsSeen > 0;
        JudgedStep last = detector.Last(by.Metric, settings);
        int untilScored = detector.StepsUntilScored(settings), untilMature = detector.StepsUntilMature(settings);
        bool holdsRule = HoldsRule(series, by.Host, out SignalMember rule);
        bool isUnusual = detector.Excursion.IsOpen || holdsRule;
        string? incident = Book.Find(hosts[by.Host].Labels, DetectionWords.IncidentChannel)?.Id;
        return new SeriesVerdict
        {
            Labels = labels,
            Phase = isUnusual ? SeriesPhase.Unusual : untilScored > 0 ? SeriesPhase.Learning : SeriesPhase.Usual,
            StepSeconds = stepSeconds,
            Steps = detector.StepsSeen,
            LearningSecondsLeft = untilScored > 0 ? untilScored * stepSeconds : null,
            YoungSecondsLeft = untilMature > 0 ? untilMature * stepSeconds : null,
            SinceMs = holdsRule ? rule.SinceMs : detector.Excursion.IsOpen ? detector.Excursion.SinceMs : null,
            Value = hasSteps ? last.Value : null,
            Expected = hasSteps ? last.Expected : null,
            BandLow = hasSteps ? last.Low : null,
            BandHigh = hasSteps ? last.High : null,
            Score = Math.Max(last.Decades, detector.Excursion.Peak),
            SignalAt = settings.SignalDecades,
            WarningAt = settings.WarningDecades,
            Offset = feedback.OffsetOf(series, nowMs),
            Channel = holdsRule ? DetectionWords.AlertChannel(rule.Cause) : last.Decades > 0 ? DetectionWords.Channel(last.Channel) : string.Empty,
            IsMuted = feedback.IsMuted(series),
            Incident = isUnusual ? incident : null,
            Reason = Reason(by, detector, last, untilScored, holdsRule ? DetectionWords.Member(rule, labels, by.Metric) : null),
        };
    }

    private string Reason(in Watched by, in SeriesDetector detector, in JudgedStep last, int untilScored, string? rule)
    {
        string subject = DetectionWords.Subject(by.Labels!, by.Metric), unit = by.Metric.IsCounter ? "/s" : string.Empty;
        if (rule is not null)
        {
            return rule;
        }

        if (detector.StepsSeen == 0)
        {
            return $"{subject} has no closed step yet";
        }

        string band = $"{DetectionWords.Number(last.Low)} to {DetectionWords.Number(last.High)}";
        if (untilScored > 0)
        {
            return $"{subject} is learning: scored in {TimeWords.Left(untilScored * settings.StepMs / 1000.0)}";
        }

        string value = $"{subject} is {DetectionWords.Number(last.Value)}{unit}";
        return detector.Excursion.IsOpen
            ? $"{value}, expected {DetectionWords.Number(detector.Excursion.Band.Low)} to {DetectionWords.Number(detector.Excursion.Band.High)}: "
                + DetectionWords.Why(last.Channel)
            : last.IsOutside
                ? $"{value}, outside {band}, but not so rarely that it is a signal"
                : $"{value}, within {band}";
    }

    private bool HoldsRule(int series, int host, out SignalMember held)
    {
        foreach (ref readonly SignalMember member in hosts[host].Members)
        {
            if (member.Series == series && member.Cause != Cause.Unusual && member.IsOn != 0)
            {
                held = member;
                return true;
            }
        }

        held = default;
        return false;
    }
}
