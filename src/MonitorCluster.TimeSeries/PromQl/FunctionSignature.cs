namespace MonitorCluster.TimeSeries.PromQl;

/// <summary>A function's name and types.</summary>
/// <param name="Name">As written; case matters.</param>
/// <param name="Returns">What it yields.</param>
/// <param name="OptionalCount">How many of the last arguments may be left out.</param>
/// <param name="Arguments">The types of the arguments.</param>
internal sealed record FunctionSignature(string Name, ExprType Returns, int OptionalCount, params ExprType[] Arguments)
{
    /// <summary>Every function that can be called.</summary>
    public static readonly IReadOnlyDictionary<string, FunctionSignature> All = Known().ToDictionary(f => f.Name, StringComparer.Ordinal);

    /// <summary>Functions and operations of PromQL that are not here yet, to tell them from misspellings.</summary>
    public static readonly IReadOnlySet<string> Missing = new HashSet<string>(
        ("acos acosh asin asinh atan atanh cos cosh deg exp ln log10 log2 rad sgn sin sinh sqrt tan tanh histogram_avg histogram_count histogram_sum "
        + "histogram_stddev histogram_stdvar days_in_month day_of_month day_of_week day_of_year hour minute month year absent_over_time changes deriv "
        + "resets stdvar_over_time clamp pi predict_linear histogram_quantile histogram_fraction label_replace label_join histogram_quantiles "
        + "double_exponential_smoothing holt_winters info max_of min_of mad_over_time ts_of_first_over_time ts_of_last_over_time ts_of_max_over_time "
        + "ts_of_min_over_time sort_by_label sort_by_label_desc start end range step start_timestamp "
        + "group stddev stdvar quantile count_values limitk limit_ratio").Split(' '), StringComparer.Ordinal);

    /// <summary>The operations that group a vector; names in lower case, any case is understood.</summary>
    public static readonly IReadOnlySet<string> Aggregations = new HashSet<string>(
        ["sum", "count", "min", "max", "avg", "topk", "bottomk"], StringComparer.Ordinal);

    private static IEnumerable<FunctionSignature> Known()
    {
        string[] ranges = ["rate", "increase", "delta", "irate", "idelta", "avg_over_time", "min_over_time", "max_over_time", "sum_over_time",
            "count_over_time", "last_over_time", "first_over_time", "stddev_over_time", "present_over_time"];
        foreach (string name in ranges)
        {
            yield return new FunctionSignature(name, ExprType.Vector, 0, ExprType.Matrix);
        }

        yield return new FunctionSignature("quantile_over_time", ExprType.Vector, 0, ExprType.Scalar, ExprType.Matrix);
        foreach (string name in (string[])["abs", "ceil", "floor", "sort", "sort_desc", "absent", "timestamp"])
        {
            yield return new FunctionSignature(name, ExprType.Vector, 0, ExprType.Vector);
        }

        yield return new FunctionSignature("round", ExprType.Vector, 1, ExprType.Vector, ExprType.Scalar);
        yield return new FunctionSignature("clamp_min", ExprType.Vector, 0, ExprType.Vector, ExprType.Scalar);
        yield return new FunctionSignature("clamp_max", ExprType.Vector, 0, ExprType.Vector, ExprType.Scalar);
        yield return new FunctionSignature("time", ExprType.Scalar, 0);
        yield return new FunctionSignature("scalar", ExprType.Scalar, 0, ExprType.Vector);
        yield return new FunctionSignature("vector", ExprType.Vector, 0, ExprType.Scalar);
    }
}
