using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Alert;

/// <summary>One series of an incident, as it stands or stood. Immutable, safe for any thread.</summary>
/// <param name="Labels">All labels of the series, the metric's name among them.</param>
/// <param name="Channel">
/// What was unusual: <c>jump</c>, <c>season</c>, <c>level</c>, <c>restless</c>, <c>range</c>; or the rule: <c>down</c>, <c>saturated</c>, <c>filling</c>.
/// </param>
/// <param name="SinceMs">When it became unusual, milliseconds since 1970.</param>
/// <param name="IsOn">Whether it still is.</param>
/// <param name="Score">Its largest score so far, in decades.</param>
/// <param name="Rank">
/// How probable a cause it is: the score, halved for every ten steps that it was later than the first, times what such a metric says of causes. At least 0.
/// </param>
/// <param name="Value">The value when the score was largest.</param>
/// <param name="Expected">The value that was expected then, or null.</param>
/// <param name="BandLow">Lower end of the expected band then, or null.</param>
/// <param name="BandHigh">Upper end of the expected band then, or null.</param>
/// <param name="Reason">One sentence in plain language.</param>
public sealed record IncidentMember(
    LabelSet Labels, string Channel, long SinceMs, bool IsOn, double Score, double Rank,
    double? Value, double? Expected, double? BandLow, double? BandHigh, string Reason);
