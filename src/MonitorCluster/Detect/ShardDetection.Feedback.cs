using MonitorCluster.Alert;
using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Detect;

// What people say of anomalies, applied: journalled by the shard before it is confirmed, and applied again by a replay.
public sealed partial class ShardDetection
{
    /// <summary>The mutes that have not ended.</summary>
    public IReadOnlyList<Mute> Mutes => [.. feedback.Mutes];

    /// <summary>Applies a piece of feedback. One that was given before changes nothing and has the same outcome.</summary>
    public FeedbackOutcome Give(FeedbackCommand command)
    {
        ArgumentNullException.ThrowIfNull(command);
        if (feedback.Find(command.Id) is { } before)
        {
            return before;
        }

        FeedbackOutcome outcome = command.Kind switch
        {
            FeedbackKind.Mute => Mute(command),
            FeedbackKind.Unmute => Unmute(command),
            _ => GiveToSeries(command),
        };
        if (outcome.IsFound)
        {
            feedback.Remember(command.Id, outcome); // what was not found is not journalled, and may be there when it is said again
        }

        return outcome;
    }

    private FeedbackOutcome Mute(FeedbackCommand command)
    {
        if (!feedback.TryMute(command))
        {
            return default;
        }

        MuteAnew();
        return new FeedbackOutcome(true, SeriesOf(command.Selector).Count);
    }

    private FeedbackOutcome Unmute(FeedbackCommand command)
    {
        bool isFound = feedback.Unmute(command.Target);
        if (isFound)
        {
            MuteAnew();
        }

        return new FeedbackOutcome(isFound, 0);
    }

    private FeedbackOutcome GiveToSeries(FeedbackCommand command)
    {
        IReadOnlyList<(int Series, long SinceMs)>? named = command.Target.Length > 0
            ? MembersOf(command.Target)
            : [.. SeriesOf(command.Selector).Select(s => (s, command.AtMs))];
        if (named is null)
        {
            return default;
        }

        int count = 0;
        foreach ((int series, long sinceMs) in named)
        {
            if ((uint)series < (uint)seriesCount && watched[series].Slot != NoSlot)
            {
                GiveToOne(command, series, sinceMs);
                count++;
            }
        }

        return new FeedbackOutcome(command.Target.Length > 0 || count > 0, count);
    }

    private void GiveToOne(FeedbackCommand command, int series, long sinceMs)
    {
        ref readonly Watched by = ref watched[series];
        switch (command.Kind)
        {
            case FeedbackKind.Expected:
                feedback.Expect(series, sinceMs, command.AtMs);
                break;
            case FeedbackKind.Real:
                feedback.Confirm(series, detectors[by.Slot].Excursion.IsOpen, command.AtMs);
                break;
            case FeedbackKind.Offset:
                feedback.Set(series, command.Offset, command.AtMs);
                break;
            default: // accept
                detectors[by.Slot].AcceptLevel();
                feedback.Thaw(series);
                Silence(series);
                break;
        }
    }

    // Series that a mute covers have nothing to say to their host; those that it covers no longer say it with their next step.
    private void MuteAnew()
    {
        for (int series = 0; series < seriesCount; series++)
        {
            if (watched[series] is { Labels: { } labels, Slot: not NoSlot })
            {
                feedback.Register(series, labels);
                if (feedback.IsMuted(series))
                {
                    Silence(series);
                }
            }
        }
    }

    private void Silence(int series)
    {
        HostWatch host = hosts[watched[series].Host];
        foreach (ref SignalMember member in host.Members)
        {
            if (member.Series == series && member.IsOn != 0)
            {
                member.IsOn = 0;
                host.IsDirty = true;
            }
        }
    }

    private List<int> SeriesOf(string selector)
    {
        var found = new List<int>();
        if (FeedbackBook.TryReadSelector(selector, out LabelMatcher[] matchers))
        {
            for (int series = 0; series < seriesCount; series++)
            {
                if (watched[series] is { Labels: { } labels, Slot: not NoSlot } && FeedbackBook.Matches(matchers, labels))
                {
                    found.Add(series);
                }
            }
        }

        return found;
    }

    // An open incident, one that closed, or the alert of one series; null when there is none of that id.
    private IReadOnlyList<(int Series, long SinceMs)>? MembersOf(string id)
    {
        AlertRecord? alert = Book.Open().FirstOrDefault(a => a.Id == id);
        if (alert is null)
        {
            return feedback.MembersOf(id);
        }

        var members = new List<(int, long)>();
        foreach (HostWatch host in hosts.Where(h => h.Name == alert.Labels.Host))
        {
            foreach (ref readonly SignalMember member in host.Members)
            {
                if (alert.Kind == AlertKind.Incident || (watched[member.Series].Labels is { } labels && labels == alert.Labels))
                {
                    members.Add((member.Series, member.SinceMs));
                }
            }
        }

        return members;
    }
}
