namespace MonitorCluster.Soak.Rounds;

/// <summary>Percentiles of measured values, by nearest rank.</summary>
internal static class Percentile
{
    /// <summary>The value that this share of all does not exceed; 0 when there is none.</summary>
    public static double Of(IEnumerable<double> values, double share)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length == 0 ? 0 : sorted[Math.Clamp((int)Math.Ceiling(share * sorted.Length) - 1, 0, sorted.Length - 1)];
    }

    /// <inheritdoc cref="Of(IEnumerable{double}, double)"/>
    public static double Of(IEnumerable<int> values, double share) => Of(values.Select(v => (double)v), share);
}
