using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.TimeSeries.PromQl;

/// <summary>What one evaluation works with: its times, its data, and how much it may still use. One thread.</summary>
internal sealed class EvaluationContext
{
    // Some 1 ms of work between two looks at the token.
    private const int WorkBetweenChecks = 1 << 20;

    private readonly QueryLimits limits;
    private readonly CancellationToken cancellation;
    private long samplesUsed;
    private int work;

    public EvaluationContext(IReadOnlyList<IReadOnlyList<SeriesData>> data, QueryTimes times, QueryLimits limits, CancellationToken cancellation)
    {
        times.Validate();
        if (times.Steps - 1 > limits.PointsMax)
        {
            throw new QueryException(QueryErrorKind.Execution, $"query has {times.Steps} points per series, over the limit of {limits.PointsMax}");
        }

        long seriesCount = data.Sum(s => (long)s.Count);
        if (seriesCount > limits.SeriesMax)
        {
            throw new QueryException(QueryErrorKind.Execution, $"query reads {seriesCount} series, over the limit of {limits.SeriesMax}");
        }

        this.limits = limits;
        this.cancellation = cancellation;
        Data = data;
        Times = times;
        Steps = (int)times.Steps;
    }

    public IReadOnlyList<IReadOnlyList<SeriesData>> Data { get; }

    public QueryTimes Times { get; }

    /// <summary>The number of instants.</summary>
    public int Steps { get; }

    /// <summary>The instant of a step.</summary>
    public long TimeMs(int step) => Times.StartMs + (step * Times.StepMs);

    /// <summary>Accounts for samples read or cells made.</summary>
    /// <exception cref="QueryException">The limit is passed.</exception>
    public void Charge(long count)
    {
        samplesUsed += count;
        if (samplesUsed > limits.SamplesMax)
        {
            throw new QueryException(QueryErrorKind.Execution, $"the query needs more than {limits.SamplesMax} samples; narrow it");
        }

        Work(count);
    }

    /// <summary>Notices cancellation now and then.</summary>
    public void Work(long count)
    {
        work += (int)Math.Min(count, WorkBetweenChecks);
        if (work >= WorkBetweenChecks)
        {
            work = 0;
            cancellation.ThrowIfCancellationRequested();
        }
    }

    /// <summary>A row of cells, all without a value; charged.</summary>
    public double[] NewCells()
    {
        Charge(Steps);
        double[] cells = new double[Steps];
        Array.Fill(cells, Column.Absent);
        return cells;
    }

    /// <summary>Columns whose labels an operation changed: those that became equal are one, where no step has both.</summary>
    /// <exception cref="QueryException">Two have a value at the same step.</exception>
    public static List<Column> Merged(List<Column> columns)
    {
        var byLabels = new Dictionary<LabelSet, Column>(columns.Count);
        var merged = new List<Column>(columns.Count);
        foreach (Column column in columns)
        {
            if (byLabels.TryAdd(column.Labels, column))
            {
                merged.Add(column);
                continue;
            }

            double[] target = byLabels[column.Labels].Cells;
            for (int step = 0; step < target.Length; step++)
            {
                if (!Column.IsAbsent(column.Cells[step]))
                {
                    target[step] = Column.IsAbsent(target[step]) ? column.Cells[step]
                        : throw new QueryException(QueryErrorKind.Execution, "vector cannot contain metrics with the same labelset");
                }
            }
        }

        return merged;
    }
}
