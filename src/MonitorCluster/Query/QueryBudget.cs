using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Query;

/// <summary>What one query may still read, over all its selectors and shards. One user at a time.</summary>
internal sealed class QueryBudget(QueryLimits limits, int seriesMax, long samplesMax)
{
    /// <summary>All that the limits allow.</summary>
    public QueryBudget(QueryLimits limits)
        : this(limits, limits.SeriesMax, limits.SamplesMax)
    {
    }

    /// <summary>Series that may still be read.</summary>
    public int SeriesLeft { get; private set; } = seriesMax;

    /// <summary>Samples that may still be read.</summary>
    public long SamplesLeft { get; private set; } = samplesMax;

    /// <exception cref="QueryException">Kind execution: too many.</exception>
    public void AddSamples(long count)
    {
        SamplesLeft -= count;
        if (SamplesLeft < 0)
        {
            throw new QueryException(QueryErrorKind.Execution, $"the query reads more than {limits.SamplesMax} samples; narrow the selector or the range");
        }
    }

    /// <exception cref="QueryException">Kind execution: too many.</exception>
    public void AddSeries(int count)
    {
        SeriesLeft -= count;
        if (SeriesLeft < 0)
        {
            throw new QueryException(QueryErrorKind.Execution, $"the query reads more than {limits.SeriesMax} series; add matchers");
        }
    }
}
