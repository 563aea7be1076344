namespace MonitorCluster.TimeSeries.Detectors;

/// <summary>From the rows a day that someone is willing to look at to the threshold that gives them on healthy series.</summary>
/// <remarks>
/// Healthy series emit Often * 10^(-2bT) + Seldom * (step / 1 min)^0.61 * 10^(-bT) rows per step at a threshold of T decades: noise falls
/// quickly, nightly jobs and weekends slowly, and of those a longer step holds more. Fitted to 300 healthy series over 14 to 28 days at steps
/// of 10, 30, 60, 120 and 300 s and T from 2.35 to 5 (`scripts/dev bench detect --full` prints asked and measured): within a factor of 1.33,
/// where one exponential leaves 1.53. Rows per million steps, measured at 10 / 60 / 300 s: T = 2.35 442 / 637 / 843, 3.5 26 / 44 / 110, 5 3 / 7 / 20.
/// </remarks>
public static class AlertBudget
{
    /// <summary>The range of thresholds: below it everything is a signal, above it nothing has been measured.</summary>
    public const float DecadesMin = 2, DecadesMax = 7;

    private const double Often = 0.148, Seldom = 0.0045, Slope = 0.577, StepExponent = 0.61;
    private const double MinuteMs = 60_000, DayMs = 86_400_000;

    /// <summary>Threshold in decades, 2 to 7, at which a healthy series emits about so many rows a day.</summary>
    /// <param name="rowsPerSeriesDay">The budget; 0, less or NaN: the highest threshold.</param>
    /// <param name="stepMs">Length of a step in milliseconds, at least 1.</param>
    public static float Decades(double rowsPerSeriesDay, long stepMs)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(stepMs, 1);
        if (!(rowsPerSeriesDay > 0))
        {
            return DecadesMax;
        }

        // Often * x^2 + seldom * x = rows, where x = 10^(-Slope * T); this form of the root loses no digits for few rows.
        double rows = Math.Min(1, rowsPerSeriesDay * stepMs / DayMs), seldom = Seldom * Math.Pow(stepMs / MinuteMs, StepExponent);
        double x = 2 * rows / (seldom + Math.Sqrt((seldom * seldom) + (4 * Often * rows)));
        return (float)Math.Clamp(-Math.Log10(x) / Slope, DecadesMin, DecadesMax);
    }
}
