namespace MonitorCluster.TimeSeries.PromQl;

/// <summary>The instants at which a query is evaluated: one, or from start to end by steps.</summary>
/// <param name="StartMs">First instant, milliseconds since 1970.</param>
/// <param name="EndMs">No instant is later than this.</param>
/// <param name="StepMs">Distance of instants, over 0; 0 for an instant query (its answer is a vector, not a matrix).</param>
/// <param name="LookbackMs">How old a sample may be and still stand for its series.</param>
public readonly record struct QueryTimes(long StartMs, long EndMs, long StepMs, long LookbackMs = QueryTimes.DefaultLookbackMs)
{
    /// <summary>Five minutes: Prometheus' default, which dashboards expect.</summary>
    public const long DefaultLookbackMs = 300_000;

    /// <summary>Bound of every time, 285,000 years from 1970 either way: sums of times and durations cannot overflow below it.</summary>
    public const long TimeMsMax = 9_000_000_000_000_000;

    /// <summary>Whether this is one instant rather than a range.</summary>
    public bool IsInstant => StepMs == 0;

    /// <summary>The number of instants, at least 1.</summary>
    public long Steps => IsInstant ? 1 : ((EndMs - StartMs) / StepMs) + 1;

    /// <summary>The last instant.</summary>
    public long LastMs => StartMs + ((Steps - 1) * StepMs);

    /// <summary>One instant.</summary>
    public static QueryTimes At(long timeMs) => new(timeMs, timeMs, 0);

    /// <summary>Start, start + step, and so on up to the end.</summary>
    public static QueryTimes Over(long startMs, long endMs, long stepMs) => new(startMs, endMs, stepMs);

    /// <summary>Refuses times that cannot be evaluated.</summary>
    /// <exception cref="QueryException">Kind <see cref="QueryErrorKind.BadData"/>: out of bounds, end before start, or a negative step.</exception>
    internal void Validate()
    {
        if (StartMs < -TimeMsMax || EndMs > TimeMsMax || StepMs < 0 || EndMs < StartMs || LookbackMs <= 0 || LookbackMs > TimeMsMax)
        {
            throw new QueryException(QueryErrorKind.BadData, $"query times out of bounds: start {StartMs} end {EndMs} step {StepMs} lookback {LookbackMs} ms");
        }
    }
}
