using System.Text.Json;
using System.Text.Json.Serialization;
using MonitorCluster.Alert;
using MonitorCluster.TimeSeries.Detectors;
using MonitorCluster.TimeSeries.Model;
using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Detect;

/// <summary>What people said of a shard's series: mutes, offsets, expected hours, and incidents that are real.</summary>
/// <remarks>
/// A pure function of the calls in their order; part of the shard's snapshot and journal, so that it moves and fails over with the series.
/// Costs nothing for series of which nobody said anything. One writer: the shard's mailbox.
/// </remarks>
internal sealed class FeedbackBook(WallClock clock)
{
    private const int RememberedMax = 256; // pieces of feedback that a repeated question finds done
    private const int IncidentsMax = 64; // closed ones that people may still say something of
    private const double ExpectedDecades = 0.5;
    private const double SlotDecades = 1;
    private const long DayMs = 86_400_000;
    private const long OffsetFadesMs = 30 * DayMs;
    private const long SlotLastsMs = 28 * DayMs;
    private const long HourMs = 3_600_000;
    private const int HoursOfWeek = 168;

    private readonly List<(Mute Mute, LabelMatcher[] Matchers)> mutes = [];
    private readonly Dictionary<int, SeriesOpinion> opinions = [];
    private readonly List<DoneFeedback> done = [];
    private readonly List<ClosedIncident> incidents = [];
    private readonly HashSet<int> muted = [];

    /// <summary>The mutes that have not ended.</summary>
    public IEnumerable<Mute> Mutes => mutes.Select(m => m.Mute);

    /// <summary>When the next mute ends, milliseconds since 1970; <see cref="long.MaxValue"/> when there is none.</summary>
    public long NextEndMs => mutes.Count == 0 ? long.MaxValue : mutes.Min(m => m.Mute.UntilMs);

    /// <summary>Whether a series is muted.</summary>
    public bool IsMuted(int series) => muted.Count > 0 && muted.Contains(series);

    /// <summary>The decades that feedback takes off a series' scores, without the hour's share.</summary>
    public double OffsetOf(int series, long atMs) => opinions.TryGetValue(series, out SeriesOpinion? opinion) ? Faded(opinion, atMs) : 0;

    /// <summary>What a detector is told.</summary>
    /// <param name="series">The series.</param>
    /// <param name="atMs">The step's end.</param>
    /// <param name="isUnusual">Whether its excursion is open: only then there is something real not to be learnt from.</param>
    public SeriesFeedback Of(int series, long atMs, bool isUnusual)
    {
        bool isMuted = IsMuted(series);
        if (opinions.Count == 0 || !opinions.TryGetValue(series, out SeriesOpinion? opinion))
        {
            return new SeriesFeedback(0, isMuted);
        }

        double surcharge = Faded(opinion, atMs) + (IsExpectedHour(opinion, atMs) ? SlotDecades : 0);
        return new SeriesFeedback((float)surcharge, isMuted || (opinion.IsReal && isUnusual));
    }

    /// <summary>Whether this piece of feedback was given before, and what came of it.</summary>
    public FeedbackOutcome? Find(string id)
    {
        foreach (DoneFeedback one in done)
        {
            if (one.Id == id)
            {
                return new FeedbackOutcome(one.IsFound, one.Series);
            }
        }

        return null;
    }

    /// <summary>Remembers what came of a piece of feedback.</summary>
    public void Remember(string id, FeedbackOutcome outcome)
    {
        done.Add(new DoneFeedback(id, outcome.IsFound, outcome.Series));
        done.RemoveRange(0, Math.Max(0, done.Count - RememberedMax));
    }

    /// <summary>Whether a mute covers a host as a whole.</summary>
    public bool Covers(LabelSet host) => mutes.Exists(m => Matches(m.Matchers, host));

    /// <summary>Adds a mute, or replaces the one of the same name.</summary>
    /// <returns>False when the selector is none, or there are as many mutes as there may be.</returns>
    public bool TryMute(FeedbackCommand command)
    {
        if (mutes.Count >= FeedbackCommand.MutesMax || !TryReadSelector(command.Selector, out LabelMatcher[] matchers))
        {
            return false;
        }

        mutes.RemoveAll(m => m.Mute.Id == command.Id);
        mutes.Add((new Mute(command.Id, command.Selector, command.UntilMs, command.By, command.Comment, command.AtMs), matchers));
        return true;
    }

    /// <summary>Ends a mute.</summary>
    public bool Unmute(string id) => mutes.RemoveAll(m => m.Mute.Id == id) > 0;

    /// <summary>Ends the mutes whose time has come.</summary>
    public bool EndMutes(long nowMs) => mutes.RemoveAll(m => m.Mute.UntilMs <= nowMs) > 0;

    /// <summary>A series exists: the mutes that cover it are looked up once.</summary>
    public void Register(int series, LabelSet labels)
    {
        if (mutes.Exists(m => Matches(m.Matchers, labels)))
        {
            muted.Add(series);
        }
        else
        {
            muted.Remove(series);
        }
    }

    /// <summary>Nothing is said any more of a series that is gone.</summary>
    public void Forget(int series)
    {
        muted.Remove(series);
        opinions.Remove(series);
    }

    /// <summary>This was to be expected: half a decade more, at most two, fading over 30 days; and one more at this hour of the week for four weeks.</summary>
    public void Expect(int series, long sinceMs, long atMs)
    {
        SeriesOpinion before = opinions.GetValueOrDefault(series) ?? new SeriesOpinion(series, 0, atMs, [], false);
        int hour = HourOfWeek(clock.ToLocal(sinceMs));
        opinions[series] = before with
        {
            Offset = Math.Min(FeedbackCommand.OffsetMax, Faded(before, atMs) + ExpectedDecades),
            SetMs = atMs,
            Hours = [.. before.Hours.Where(h => h.Hour != hour && h.UntilMs > atMs), new ExpectedHour(hour, atMs + SlotLastsMs)],
            IsReal = false,
        };
    }

    /// <summary>This was real: half a decade less, at least none, and nothing is learnt from it while it lasts.</summary>
    public void Confirm(int series, bool lasts, long atMs)
    {
        SeriesOpinion before = opinions.GetValueOrDefault(series) ?? new SeriesOpinion(series, 0, atMs, [], false);
        opinions[series] = before with { Offset = Math.Max(0, Faded(before, atMs) - ExpectedDecades), SetMs = atMs, IsReal = lasts };
    }

    /// <summary>Sets a series' offset.</summary>
    public void Set(int series, double offset, long atMs)
    {
        SeriesOpinion before = opinions.GetValueOrDefault(series) ?? new SeriesOpinion(series, 0, atMs, [], false);
        opinions[series] = before with { Offset = Math.Clamp(offset, 0, FeedbackCommand.OffsetMax), SetMs = atMs };
    }

    /// <summary>An excursion is over: learning goes on.</summary>
    public void Thaw(int series)
    {
        if (opinions.Count > 0 && opinions.TryGetValue(series, out SeriesOpinion? opinion) && opinion.IsReal)
        {
            opinions[series] = opinion with { IsReal = false };
        }
    }

    /// <summary>Keeps what people may want to say something of afterwards.</summary>
    public void Close(string incident, IEnumerable<(int Series, long SinceMs)> members)
    {
        incidents.Add(new ClosedIncident(incident, [.. members.Take(AlertRecord.MembersMax * 5).Select(m => new ClosedMember(m.Series, m.SinceMs))]));
        incidents.RemoveRange(0, Math.Max(0, incidents.Count - IncidentsMax));
    }

    /// <summary>The members of a closed incident; null when it is not known.</summary>
    public IReadOnlyList<(int Series, long SinceMs)>? MembersOf(string incident) =>
        incidents.Find(i => i.Id == incident) is { } found ? [.. found.Members.Select(m => (m.Series, m.SinceMs))] : null;

    /// <summary>Everything as bytes.</summary>
    public byte[] Snapshot() => JsonSerializer.SerializeToUtf8Bytes(
        new FeedbackState([.. Mutes], [.. opinions.Values.OrderBy(o => o.Series)], [.. done], [.. incidents]), FeedbackStateJson.Default.FeedbackState);

    /// <summary>Takes what <see cref="Snapshot"/> wrote. Then register the series anew.</summary>
    /// <returns>False when the bytes are none; then nothing has changed.</returns>
    public bool TryRestore(ReadOnlySpan<byte> bytes)
    {
        FeedbackState? state;
        try
        {
            state = JsonSerializer.Deserialize(bytes, FeedbackStateJson.Default.FeedbackState);
        }
        catch (JsonException)
        {
            return false; // from a disk: whatever is wrong with it is one outcome
        }

        if (state is not { Mutes: not null, Opinions: not null, Done: not null, Incidents: not null }
            || Array.Exists(state.Opinions, o => o?.Hours is null) || Array.Exists(state.Incidents, i => i?.Members is null)
            || Array.Exists(state.Mutes, m => m?.Selector is null) || Array.Exists(state.Done, d => d?.Id is null))
        {
            return false;
        }

        mutes.Clear();
        foreach (Mute mute in state.Mutes)
        {
            if (TryReadSelector(mute.Selector, out LabelMatcher[] matchers))
            {
                mutes.Add((mute, matchers));
            }
        }

        opinions.Clear();
        foreach (SeriesOpinion opinion in state.Opinions)
        {
            opinions[opinion.Series] = opinion;
        }

        done.Clear();
        done.AddRange(state.Done);
        incidents.Clear();
        incidents.AddRange(state.Incidents);
        muted.Clear();
        return true;
    }

    /// <summary>Reads a series selector.</summary>
    public static bool TryReadSelector(string text, out LabelMatcher[] matchers)
    {
        matchers = [];
        if (text.Length > FeedbackCommand.TextMax || !PromQlQuery.TryParseSelector(text, out IReadOnlyList<LabelMatcher> parsed, out _))
        {
            return false;
        }

        matchers = [.. parsed];
        return true;
    }

    /// <summary>Whether a selector takes a series.</summary>
    public static bool Matches(LabelMatcher[] matchers, LabelSet labels) => Array.TrueForAll(matchers, m => m.Matches(labels[m.Name]));

    // Apart from its caller, which every step of every series goes through: what a lambda captures is allocated where the method begins.
    private bool IsExpectedHour(SeriesOpinion opinion, long atMs)
    {
        int hour = HourOfWeek(clock.ToLocal(atMs));
        return opinion.Hours.Any(h => h.Hour == hour && h.UntilMs > atMs);
    }

    private static double Faded(SeriesOpinion opinion, long atMs) =>
        opinion.Offset * Math.Clamp(1 - ((atMs - opinion.SetMs) / (double)OffsetFadesMs), 0, 1);

    // Hours since Monday, 00:00; 1970 began on a Thursday.
    private static int HourOfWeek(long wallMs) => (int)(((wallMs / HourMs) + (3 * 24)) % HoursOfWeek);
}

/// <summary>What people said of one series.</summary>
/// <param name="Series">Its number.</param>
/// <param name="Offset">Decades off its scores when it was set, fading.</param>
/// <param name="SetMs">When.</param>
/// <param name="Hours">Hours of the week at which something is expected.</param>
/// <param name="IsReal">Whether nothing is to be learnt until its excursion is over.</param>
internal sealed record SeriesOpinion(int Series, double Offset, long SetMs, ExpectedHour[] Hours, bool IsReal);

/// <summary>An hour of the week (0 = Monday, 00:00 by the wall clock) at which something is expected until a time.</summary>
internal sealed record ExpectedHour(int Hour, long UntilMs);

/// <summary>A piece of feedback that was given.</summary>
internal sealed record DoneFeedback(string Id, bool IsFound, int Series);

/// <summary>An incident that is over.</summary>
internal sealed record ClosedIncident(string Id, ClosedMember[] Members);

/// <summary>A member of an incident that is over.</summary>
internal sealed record ClosedMember(int Series, long SinceMs);

/// <summary>A <see cref="FeedbackBook"/> as a snapshot has it.</summary>
internal sealed record FeedbackState(Mute[] Mutes, SeriesOpinion[] Opinions, DoneFeedback[] Done, ClosedIncident[] Incidents);

[JsonSerializable(typeof(FeedbackState))]
internal sealed partial class FeedbackStateJson : JsonSerializerContext;
