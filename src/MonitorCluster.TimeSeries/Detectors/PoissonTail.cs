namespace MonitorCluster.TimeSeries.Detectors;

/// <summary>How improbable a count is beside the usual one.</summary>
public static class PoissonTail
{
    private const int TermsMax = 200; // beyond the count each term is smaller by mean / count: they have vanished by then

    /// <summary>-log10 of the probability of <paramref name="count"/> or more events where <paramref name="mean"/> are usual. At least 0. O(1).</summary>
    /// <param name="count">At least 0.</param>
    /// <param name="mean">Over 0.</param>
    public static double Decades(int count, double mean)
    {
        if (count <= mean)
        {
            return 0; // about one in two, or more: no surprise, and the sum below would be long
        }

        // log of the first term, e^-mean mean^count / count!; the later ones relative to it.
        double log = -mean;
        for (int i = 1; i <= count; i++)
        {
            log += Math.Log(mean / i);
        }

        double sum = 1, term = 1;
        for (int i = 1; i <= TermsMax; i++)
        {
            term *= mean / (count + i);
            sum += term;
        }

        return Math.Max(0, -(log + Math.Log(sum)) / Math.Log(10));
    }
}
