using System.Runtime.InteropServices;
using MonitorCluster.TimeSeries.Detectors;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Detect;

/// <summary>What an incident of a host is at one moment.</summary>
/// <param name="IsOpen">Whether one is open.</param>
/// <param name="IsCritical">Whether somebody should look now.</param>
/// <param name="IsTold">Whether people were told of it.</param>
/// <param name="Padding">No byte of a snapshot is left to chance.</param>
/// <param name="MemberPeak">The most members that were on at once.</param>
/// <param name="OpenedMs">When it opened, milliseconds since 1970.</param>
/// <param name="OnMs">When a member was seen on last.</param>
/// <param name="ClosedMs">When the last one closed; 0 when there was none.</param>
[StructLayout(LayoutKind.Sequential)]
internal record struct IncidentState(byte IsOpen, byte IsCritical, byte IsTold, byte Padding, int MemberPeak, long OpenedMs, long OnMs, long ClosedMs);

/// <summary>One host of a shard: its silence, its members, its usual share of signals, and its incident.</summary>
/// <remarks>
/// Decides, and writes nothing: <see cref="ShardDetection"/> turns the decisions into alerts. A pure function of the calls in their order.
/// A host has at most one incident: what is unusual at one time on one machine is one thing to look at. It opens when
/// <list type="bullet">
/// <item>so many of its series have signals within <see cref="DetectorSettings.GroupMs"/> that chance, by the host's own learnt share and by what
/// this hour was like on the days before, gives that once in 10^<see cref="DetectorSettings.GroupDecades"/>, and they are of at least three metrics; or</item>
/// <item>one member is worth it alone: a rule holds, or an excursion lasts.</item>
/// </list>
/// It is over when no member is on. Source of the test: the node anomaly rate of Netdata, here against a learnt base instead of a fixed share.
/// </remarks>
internal sealed class HostWatch(string name)
{
    private const int MembersMax = 1_000; // of a host; what is beyond is counted by nobody's eye
    private const int MetricsMin = 3;
    private const double CriticalShare = 0.1;
    private const float CriticalMargin = 1.5f; // decades over the warning
    private const int AgeWindows = 2;
    private const int AgeSteps = 30; // a scraped series may close a step in five
    private const int LingerPart = 2; // of the group window: what stops and starts again is one thing
    private const float CommonShare = 0.3f; // of the members: so much in common makes two groups one

    /// <summary>The host's silence.</summary>
    public StaleRule Silence;

    /// <summary>Its usual share of signals.</summary>
    public SignalRate Rate;

    /// <summary>What its hours are like.</summary>
    public HourPeaks Hours;

    /// <summary>Its incident.</summary>
    public IncidentState Incident;

    /// <summary>Whether a member said something since it was judged last.</summary>
    public bool IsDirty;

    /// <summary>When it is judged next although nobody said anything, milliseconds since 1970.</summary>
    public long NextJudgeMs;

    /// <summary>End of the window in which the usual share is being learnt, milliseconds since 1970; 0 before the first.</summary>
    public long WindowEndMs;

    private readonly List<SignalMember> members = [];
    private readonly HashSet<int> closedSeries = []; // members of the incident that closed last

    /// <summary>The host's name; empty when its series have none.</summary>
    public string Name { get; } = name;

    /// <summary>The labels of what is said about the host as a whole.</summary>
    public LabelSet Labels { get; } = LabelSet.Create(new Label(LabelSet.HostLabel, name));

    /// <summary>Series of the host.</summary>
    public int SeriesCount { get; set; }

    /// <summary>Series of the host that are scored.</summary>
    public int Scored { get; set; }

    /// <summary>Whether anything is to be judged at a tick.</summary>
    public bool IsLively => members.Count > 0 || Incident.IsOpen != 0;

    /// <summary>The members, in no order.</summary>
    public Span<SignalMember> Members => CollectionsMarshal.AsSpan(members);

    /// <summary>The series of the incident that closed last.</summary>
    public IReadOnlyCollection<int> ClosedSeries => closedSeries;

    /// <summary>Takes members as a snapshot had them.</summary>
    public void Restore(ReadOnlySpan<SignalMember> saved, ReadOnlySpan<int> closed)
    {
        members.AddRange(saved);
        foreach (int series in closed)
        {
            closedSeries.Add(series);
        }
    }

    /// <summary>A member says something: it begins, goes on or has ended.</summary>
    public void Note(in SignalMember said)
    {
        foreach (ref SignalMember member in Members)
        {
            if (member.Series == said.Series && member.Cause == said.Cause)
            {
                IsDirty |= member.IsOn != said.IsOn || member.IsConfirmed < said.IsConfirmed;
                Merge(ref member, said);
                return;
            }
        }

        if (said.IsOn == 0)
        {
            return;
        }

        IsDirty = true;
        if (members.Count == MembersMax)
        {
            int over = members.FindIndex(m => m.IsOn == 0);
            if (over < 0)
            {
                return;
            }

            members.RemoveAt(over);
        }

        members.Add(said);
    }

    /// <summary>The host has no series any more.</summary>
    public void Clear()
    {
        members.Clear();
        closedSeries.Clear();
        (Silence, Rate, Hours, Incident, WindowEndMs, NextJudgeMs, IsDirty) = (default, default, default, default, 0, 0, false);
    }

    /// <summary>A series is over: it has nothing to say any more.</summary>
    public void Forget(int series) => IsDirty |= members.RemoveAll(m => m.Series == series) > 0;

    /// <summary>Ends an incident that nobody stands behind any more.</summary>
    public void EndIncident(long atMs) => Incident = Incident with { IsOpen = 0, ClosedMs = atMs };

    /// <summary>Judges the host at a tick.</summary>
    /// <param name="nowMs">The tick.</param>
    /// <param name="seriesOf">What the host needs to know of a series.</param>
    /// <param name="settings">The constants.</param>
    /// <param name="budgetShare">The share of series that the signal budget allows in one window.</param>
    public IncidentDecision Judge(long nowMs, Func<int, MemberSeries> seriesOf, DetectorSettings settings, double budgetShare)
    {
        IncidentDecision decision = Decide(nowMs, seriesOf, settings, budgetShare);
        IsDirty = false;
        NextJudgeMs = IsLively ? Math.Min(WindowEndMs, ((nowMs / settings.StepMs) + 1) * settings.StepMs) : WindowEndMs;
        return decision;
    }

    private IncidentDecision Decide(long nowMs, Func<int, MemberSeries> seriesOf, DetectorSettings settings, double budgetShare)
    {
        if (Incident.IsOpen == 0)
        {
            members.RemoveAll(m => m.IsOn == 0 && m.NewestMs < nowMs - settings.GroupMs);
        }

        AgeMembers(nowMs, settings);
        int counted = 0, on = 0, confirmed = 0;
        bool isObjectiveHit = false;
        float score = 0;
        var metrics = new HashSet<string>(StringComparer.Ordinal);
        foreach (ref readonly SignalMember member in Members)
        {
            on += member.IsOn;
            confirmed += member.IsOn & member.IsConfirmed;
            score = Math.Max(score, member.IsOn != 0 ? member.Score : 0);
            if (member.IsOn != 0 || member.NewestMs >= nowMs - settings.GroupMs)
            {
                counted++;
                MemberSeries series = seriesOf(member.Series);
                metrics.Add(series.Metric);
                isObjectiveHit |= series.IsObjective && member.IsOn != 0 && member.Score >= settings.WarningDecades;
            }
        }

        int scored = Math.Max(Scored, counted);
        long wallMs = settings.Model.Clock.ToLocal(nowMs);
        double mean = scored * Math.Max(Rate.Share(budgetShare), Math.Max(Hours.Usual(wallMs), Hours.Usual(wallMs - settings.GroupMs)));
        bool isGroup = on > 0 && metrics.Count >= MetricsMin && PoissonTail.Decades(counted, mean) >= settings.GroupDecades;
        LearnRate(nowMs, counted, scored, settings, budgetShare);
        if (counted > 0)
        {
            Hours.Note(wallMs, counted / (double)scored);
        }

        bool isCritical = isObjectiveHit || score >= settings.WarningDecades + CriticalMargin
            || (isGroup && on >= CriticalShare * scored) || HasRule(Cause.Down);
        if (Incident.IsOpen == 0)
        {
            return isGroup || confirmed > 0 ? Open(nowMs, on, isCritical, settings) : IncidentDecision.None;
        }

        Incident = Incident with { OnMs = on > 0 ? Math.Max(Incident.OnMs, nowMs) : Incident.OnMs };
        if (on == 0 && nowMs - Incident.OnMs >= settings.GroupMs / LingerPart)
        {
            Close(nowMs);
            return IncidentDecision.Closed;
        }

        Incident.MemberPeak = Math.Max(Incident.MemberPeak, on);
        if (isCritical && Incident.IsCritical == 0)
        {
            Incident.IsCritical = 1;
            return IncidentDecision.Escalated;
        }

        if (Incident.IsTold == 0 && nowMs - Incident.OpenedMs >= HoldMs(settings))
        {
            Incident.IsTold = 1;
            return IncidentDecision.Lasting;
        }

        return IncidentDecision.Continues;
    }

    // A member whose series closes no steps any more says nothing for or against it: it must not hold an incident open for ever.
    private void AgeMembers(long nowMs, DetectorSettings settings)
    {
        long ageMs = Math.Max(AgeWindows * settings.GroupMs, AgeSteps * settings.StepMs);
        foreach (ref SignalMember member in Members)
        {
            member.IsOn = (byte)(member.NewestMs < nowMs - ageMs ? 0 : member.IsOn);
        }
    }

    private static long HoldMs(DetectorSettings settings) => Math.Max(settings.GroupMs, settings.Model.HoldSteps * settings.StepMs);

    private bool HasRule(Cause cause)
    {
        foreach (ref readonly SignalMember member in Members)
        {
            if (member.Cause == cause && member.IsOn != 0)
            {
                return true;
            }
        }

        return false;
    }

    private IncidentDecision Open(long nowMs, int on, bool isCritical, DetectorSettings settings)
    {
        bool isSoon = Incident.ClosedMs != 0 && nowMs - Incident.ClosedMs < HoldMs(settings);
        bool isSame = isSoon && InCommon() >= CommonShare * on;
        bool wasCritical = Incident.IsCritical != 0;
        bool isKnown = isSame && (wasCritical || !isCritical);
        Incident = Incident with
        {
            IsOpen = 1,
            IsCritical = (byte)(isCritical ? 1 : 0),
            IsTold = (byte)(isKnown ? 0 : 1),
            OpenedMs = nowMs,
            OnMs = nowMs,
            MemberPeak = on,
        };
        return isKnown ? IncidentDecision.Reopened : IncidentDecision.Opened;
    }

    private int InCommon()
    {
        int common = 0;
        foreach (ref readonly SignalMember member in Members)
        {
            common += member.IsOn != 0 && closedSeries.Contains(member.Series) ? 1 : 0;
        }

        return common;
    }

    /// <summary>Forgets the members of the incident that has closed, when all has been said of them: what comes next is news.</summary>
    public void ForgetMembers() => members.RemoveAll(m => m.IsOn == 0);

    private void Close(long nowMs)
    {
        closedSeries.Clear();
        foreach (ref readonly SignalMember member in Members)
        {
            closedSeries.Add(member.Series);
        }

        Incident = Incident with { IsOpen = 0, ClosedMs = nowMs };
    }

    private void LearnRate(long nowMs, int counted, int scored, DetectorSettings settings, double budgetShare)
    {
        if (nowMs < WindowEndMs)
        {
            return;
        }

        if (WindowEndMs != 0 && scored > 0 && Incident.IsOpen == 0)
        {
            Rate.Learn(counted / (double)scored, budgetShare);
        }

        WindowEndMs = ((nowMs / settings.GroupMs) + 1) * settings.GroupMs;
    }

    private static void Merge(ref SignalMember member, in SignalMember said)
    {
        if (said.IsOn == 0)
        {
            member.IsOn = 0;
            return;
        }

        if (member.IsOn == 0 && said.SinceMs > member.NewestMs)
        {
            member = said; // another excursion of the same series
            return;
        }

        member.IsOn = 1;
        member.IsConfirmed |= said.IsConfirmed;
        member.NewestMs = said.NewestMs;
        member.Detail = said.Detail;
        if (said.Score > member.Score)
        {
            (member.Score, member.Value, member.Expected, member.Low, member.High) = (said.Score, said.Value, said.Expected, said.Low, said.High);
            member.Channel = said.Channel;
        }
    }
}

/// <summary>What a host needs to know of a member's series.</summary>
/// <param name="Metric">Its metric.</param>
/// <param name="IsObjective">Whether it stands for something that was promised to users: it has a label <c>slo</c>.</param>
internal readonly record struct MemberSeries(string Metric, bool IsObjective);

/// <summary>What a tick did to a host's incident.</summary>
internal enum IncidentDecision
{
    /// <summary>None is open.</summary>
    None,

    /// <summary>One opened: the one moment to tell people.</summary>
    Opened,

    /// <summary>The one that closed a moment ago is open again, with members in common: people know of it.</summary>
    Reopened,

    /// <summary>People were not told because it had closed a moment before, and it lasts: now they are.</summary>
    Lasting,

    /// <summary>It is critical now and was not.</summary>
    Escalated,

    /// <summary>It is still open.</summary>
    Continues,

    /// <summary>It is over.</summary>
    Closed,
}
