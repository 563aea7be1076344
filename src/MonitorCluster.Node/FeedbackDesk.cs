using System.Globalization;
using MonitorCluster.Alert;
using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Node;

/// <summary>Takes what people say about anomalies, in whatever way they say it: checks it, names it, and passes it on. Safe for any thread.</summary>
/// <remarks>Every method throws <see cref="QueryException"/> of kind bad_data with the field, what was found and what is allowed.</remarks>
/// <param name="feed">Where it goes.</param>
/// <param name="time">The clock.</param>
/// <param name="random">Chance for names.</param>
internal sealed class FeedbackDesk(IAnomalyFeed feed, TimeProvider time, Random random)
{
    /// <summary>The longest mute: what is muted for longer should not be measured, or its threshold should be set.</summary>
    public static readonly TimeSpan MuteMax = TimeSpan.FromDays(30);

    private const int IdBytes = 6; // people type it; no two of the mutes of a cluster are the same by chance
    private const int TargetMax = 100;

    // A regular expression that takes all of these takes anything: nobody means one of them.
    private static readonly string[] Probes = ["\u0001monitor-cluster", "~ 7 ~"];

    /// <summary>Mutes series for a while.</summary>
    public Task<FeedbackGivenBack> MuteAsync(string selector, TimeSpan span, string by, string comment, CancellationToken cancellationToken) =>
        span > TimeSpan.Zero && span <= MuteMax
            ? GiveAsync(
                FeedbackKind.Mute,
                c => c with { Selector = Checked(selector), UntilMs = c.AtMs + (long)span.TotalMilliseconds },
                by,
                comment,
                cancellationToken)
            : throw Invalid("for", $"{span} is not over 0 and up to {MuteMax.Days} d");

    /// <summary>Mutes series until a time.</summary>
    public Task<FeedbackGivenBack> MuteUntilAsync(string selector, long untilMs, string by, string comment, CancellationToken cancellationToken)
    {
        long leftMs = untilMs - NowMs;
        return leftMs > 0 && leftMs <= MuteMax.TotalMilliseconds
            ? GiveAsync(FeedbackKind.Mute, c => c with { Selector = Checked(selector), UntilMs = untilMs }, by, comment, cancellationToken)
            : throw Invalid("until", string.Create(
                CultureInfo.InvariantCulture, $"the time is {Math.Round(leftMs / 1000.0)} s from now, not within the next {MuteMax.Days} d"));
    }

    /// <summary>Ends a mute.</summary>
    public Task<FeedbackGivenBack> UnmuteAsync(string id, string by, string comment, CancellationToken cancellationToken) =>
        GiveAsync(FeedbackKind.Unmute, c => c with { Target = CheckedTarget(id) }, by, comment, cancellationToken);

    /// <summary>Says what an incident, or one anomaly of it, was.</summary>
    /// <param name="kind">Expected, real or accept.</param>
    /// <param name="id">The id of its alert.</param>
    /// <param name="by">Who says it.</param>
    /// <param name="comment">Why.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task<FeedbackGivenBack> AboutAlertAsync(FeedbackKind kind, string id, string by, string comment, CancellationToken cancellationToken) =>
        GiveAsync(kind, c => c with { Target = CheckedTarget(id) }, by, comment, cancellationToken);

    /// <summary>Says something about series.</summary>
    /// <param name="kind">Expected, real, accept or offset.</param>
    /// <param name="selector">Which.</param>
    /// <param name="offset">Of offset: decades, 0 to 2.</param>
    /// <param name="by">Who says it.</param>
    /// <param name="comment">Why.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task<FeedbackGivenBack> AboutSeriesAsync(
        FeedbackKind kind, string selector, double offset, string by, string comment, CancellationToken cancellationToken) =>
        offset is >= 0 and <= FeedbackCommand.OffsetMax
            ? GiveAsync(kind, c => c with { Selector = Checked(selector), Offset = offset }, by, comment, cancellationToken)
            : throw Invalid("offset", string.Create(CultureInfo.InvariantCulture, $"{offset} is not from 0 to {FeedbackCommand.OffsetMax} decades"));

    private long NowMs => time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>An error that names the field.</summary>
    public static QueryException Invalid(string field, string reason) => new(QueryErrorKind.BadData, $"invalid field \"{field}\": {reason}");

    private async Task<FeedbackGivenBack> GiveAsync(
        FeedbackKind kind, Func<FeedbackCommand, FeedbackCommand> complete, string by, string comment, CancellationToken cancellationToken)
    {
        CheckLength("by", by);
        CheckLength("comment", comment);
        byte[] id = new byte[IdBytes];
        random.NextBytes(id);
        FeedbackCommand command = complete(
            new FeedbackCommand { Id = Convert.ToHexStringLower(id), Kind = kind, By = by, Comment = comment, AtMs = NowMs });
        return new FeedbackGivenBack(command, await feed.GiveAsync(command, cancellationToken));
    }

    private static string CheckedTarget(string id) => id.Length is > 0 and <= TargetMax
        ? id
        : throw Invalid("id", $"{id.Length} characters, the limits are 1 and {TargetMax}");

    // What is said of everything is meant of something: a selector must say which series, not only which not.
    private static string Checked(string selector)
    {
        CheckLength("selector", selector);
        if (string.IsNullOrWhiteSpace(selector))
        {
            throw Invalid("selector", "it is empty; name the series, as in node_load1{host=\"web-1\"}");
        }

        if (!PromQlQuery.TryParseSelector(selector, out IReadOnlyList<LabelMatcher> matchers, out PromQlError error))
        {
            throw Invalid("selector", error.ToString());
        }

        return matchers.Any(m => m.Operator is MatchOperator.Equal or MatchOperator.Regex && !Array.TrueForAll(Probes, m.Matches) && !m.MatchesEmpty)
            ? selector
            : throw Invalid("selector", $"\"{selector}\" does not say which series; it needs a metric's name or a label's value, with = or =~");
    }

    private static void CheckLength(string field, string text)
    {
        if (text.Length > FeedbackCommand.TextMax)
        {
            throw Invalid(field, $"{text.Length} characters, the limit is {FeedbackCommand.TextMax}");
        }
    }
}

/// <summary>What was said and what became of it.</summary>
internal sealed record FeedbackGivenBack(FeedbackCommand Command, FeedbackResult Result);
