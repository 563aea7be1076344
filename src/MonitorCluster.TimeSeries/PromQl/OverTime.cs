namespace MonitorCluster.TimeSeries.PromQl;

/// <summary>The functions named <c>..._over_time</c>.</summary>
internal static class OverTime
{
    /// <summary>The function of a name, or null.</summary>
    public static RangeFunctions.WindowFunction? Find(string name) => name switch
    {
        "avg_over_time" => Average,
        "sum_over_time" => Sum,
        "min_over_time" => Min,
        "max_over_time" => Max,
        "stddev_over_time" => StandardDeviation,
        "quantile_over_time" => Quantile,
        "count_over_time" => static (in Window w) => w.Values.Length,
        "last_over_time" => static (in Window w) => w.Values[^1],
        "first_over_time" => static (in Window w) => w.Values[0],
        "present_over_time" => static (in Window _) => 1,
        _ => null,
    };

    private static double Average(in Window window)
    {
        var mean = default(CompensatedMean);
        foreach (double value in window.Values)
        {
            mean.Add(value);
        }

        return mean.Value;
    }

    private static double Sum(in Window window)
    {
        var sum = default(CompensatedSum);
        foreach (double value in window.Values)
        {
            sum.Add(value);
        }

        return sum.Value;
    }

    private static double Min(in Window window)
    {
        double min = window.Values[0];
        foreach (double value in window.Values)
        {
            min = value < min || double.IsNaN(min) ? value : min;
        }

        return min;
    }

    private static double Max(in Window window)
    {
        double max = window.Values[0];
        foreach (double value in window.Values)
        {
            max = value > max || double.IsNaN(max) ? value : max;
        }

        return max;
    }

    // Population deviation, Welford's recurrence (Technometrics 4, 1962) with both sums compensated.
    private static double StandardDeviation(in Window window)
    {
        var mean = default(CompensatedSum);
        var squares = default(CompensatedSum);
        for (int i = 0; i < window.Values.Length; i++)
        {
            double before = window.Values[i] - mean.Value;
            mean.Add(before / (i + 1));
            squares.Add(before * (window.Values[i] - mean.Value));
        }

        return Math.Sqrt(squares.Value / window.Values.Length);
    }

    // Between the two nearest ranks, linearly; NaN ranks below all.
    private static double Quantile(in Window window)
    {
        double quantile = window.Parameter;
        if (quantile is not (>= 0 and <= 1))
        {
            return double.IsNaN(quantile) ? double.NaN : quantile < 0 ? double.NegativeInfinity : double.PositiveInfinity;
        }

        double[] sorted = window.Values.ToArray();
        Array.Sort(sorted);
        double rank = quantile * (sorted.Length - 1);
        int lower = (int)Math.Floor(rank), upper = Math.Min(lower + 1, sorted.Length - 1);
        double weight = rank - lower;
        return (sorted[lower] * (1 - weight)) + (sorted[upper] * weight);
    }
}
