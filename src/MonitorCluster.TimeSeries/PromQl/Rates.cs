namespace MonitorCluster.TimeSeries.PromQl;

/// <summary>The functions that tell how much a series rose in its window: rate, increase, delta, irate, idelta.</summary>
internal static class Rates
{
    // A gap to the window's edge up to a tenth wider than usual is jitter: the series surely went on to the edge.
    private const double UsualGapRatio = 1.1;

    /// <summary>The function of a name, or null.</summary>
    public static RangeFunctions.WindowFunction? Find(string name) => name switch
    {
        "rate" => static (in Window w) => Extrapolated(w, isCounter: true, isRate: true),
        "increase" => static (in Window w) => Extrapolated(w, isCounter: true, isRate: false),
        "delta" => static (in Window w) => Extrapolated(w, isCounter: false, isRate: false),
        "irate" => static (in Window w) => Last(w, isRate: true),
        "idelta" => static (in Window w) => Last(w, isRate: false),
        _ => null,
    };

    // The rise from first to last sample, stretched to the window. The series is taken to go on to an edge that is near; towards a far
    // edge it is taken to begin or end half a gap beyond its outermost sample; and a counter does not begin below zero.
    private static double Extrapolated(in Window window, bool isCounter, bool isRate)
    {
        int count = window.Values.Length;
        if (count < 2)
        {
            return Column.Absent;
        }

        double first = window.Values[0];
        double rise = window.Values[^1] - first + (isCounter ? LostInResets(window.Values) : 0);
        double covered = (window.Times[^1] - window.Times[0]) / 1000.0;
        double gap = covered / (count - 1);
        double toStart = ToEdge((window.Times[0] - window.StartMs) / 1000.0, gap);
        double toEnd = ToEdge((window.EndMs - window.Times[^1]) / 1000.0, gap);
        if (isCounter && rise > 0 && first >= 0)
        {
            toStart = Math.Min(toStart, covered * (first / rise));
        }

        double factor = (covered + toStart + toEnd) / covered;
        return rise * (isRate ? factor / ((window.EndMs - window.StartMs) / 1000.0) : factor);
    }

    private static double ToEdge(double distance, double gap) => distance >= gap * UsualGapRatio ? gap / 2 : distance;

    // A counter that falls began again at zero: what it had before was counted and must not be lost.
    private static double LostInResets(ReadOnlySpan<double> values)
    {
        double lost = 0;
        for (int i = 1; i < values.Length; i++)
        {
            if (values[i] < values[i - 1])
            {
                lost += values[i - 1];
            }
        }

        return lost;
    }

    private static double Last(in Window window, bool isRate)
    {
        if (window.Values.Length < 2)
        {
            return Column.Absent;
        }

        double last = window.Values[^1], before = window.Values[^2];
        return !isRate ? last - before : (last < before ? last : last - before) / ((window.Times[^1] - window.Times[^2]) / 1000.0);
    }
}
