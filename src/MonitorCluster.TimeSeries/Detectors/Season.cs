namespace MonitorCluster.TimeSeries.Detectors;

/// <summary>What the season said of one step.</summary>
/// <param name="IsKnown">Whether a day has passed and this hour has been seen: the residual means something.</param>
/// <param name="Expected">The season's value, where known.</param>
/// <param name="Unit">One robust standard deviation of seasonal residuals, over 0 where known.</param>
/// <param name="Residual">Distance from the season's value in units, signed; 0 where not known.</param>
internal readonly record struct SeasonReading(bool IsKnown, float Expected, float Unit, float Residual);

/// <summary>The daily and the weekly cycle of a series.</summary>
/// <remarks>
/// The day is believed from its second visit on; the week from the ninth day on and only while its running error is clearly smaller than the
/// day's, so that a series without a week is not judged by noise. Blittable; one writer.
/// </remarks>
internal struct Season
{
    private const long DayMs = 86_400_000;
    private const long WeekMs = 7 * DayMs;
    private const long WeekBelievedMs = 8 * DayMs;
    private const float WeekMustBeBetter = 0.9f;
    private const float WeekGainShare = 0.5f; // two-hour slots have twice the steps of an hour
    private const int UnclippedResiduals = 30; // as in SlowLevel
    private const int CountMax = 60_000;

    private DaySlots day;
    private WeekSlots week;
    private RobustScale scale;
    private float dayError; // running mean of clipped |value - day's value|
    private float weekError;
    private ushort residuals;
    private ushort dayErrors;
    private ushort weekErrors;

    /// <summary>Residuals scored so far, at most 60,000.</summary>
    public readonly int Residuals => residuals;

    /// <summary>Scores a value against the season, then learns it.</summary>
    /// <param name="timeMs">The step's end by the wall clock, milliseconds since 1970.</param>
    /// <param name="value">The step's value.</param>
    /// <param name="ageMs">Time since the series' first step.</param>
    /// <param name="stepsPerDay">Pace of the series.</param>
    /// <param name="unit">The slow level's unit, over 0: clips residuals and measures the week's offsets.</param>
    /// <param name="floor">Smallest scale.</param>
    /// <param name="slowGain">The slow level's gain at this step.</param>
    /// <param name="settings">The constants.</param>
    public SeasonReading Step(long timeMs, float value, long ageMs, float stepsPerDay, float unit, float floor, float slowGain, AnomalySettings settings)
    {
        SlotPosition dayAt = SlotPosition.Of(timeMs, DayMs, DaySlots.Count), weekAt = SlotPosition.Of(timeMs, WeekMs, WeekSlots.Count);
        bool hasDay = day.TryGet(dayAt, out float dayValue), hasWeek = week.TryGet(weekAt, out float offset);
        dayValue = hasDay ? dayValue : value;
        float weekValue = dayValue + (offset * unit);
        bool isKnown = hasDay && ageMs >= DayMs;
        bool byWeek = hasWeek && ageMs >= WeekBelievedMs && weekError < WeekMustBeBetter * dayError;
        SeasonReading reading = isKnown ? Score(value, byWeek ? weekValue : dayValue, floor, settings) : default;

        float bound = settings.Clip * unit, slotGain = settings.SlotGain / Math.Max(1, stepsPerDay / DaySlots.Count);
        float dayResidual = Math.Clamp(value - dayValue, -bound, bound);
        if (hasDay)
        {
            LearnError(ref dayError, ref dayErrors, dayResidual, slowGain);
        }

        if (hasWeek)
        {
            LearnError(ref weekError, ref weekErrors, Math.Clamp(value - weekValue, -bound, bound), slowGain);
        }

        day.Learn(dayAt, value, dayResidual, slotGain);
        week.Learn(weekAt, dayResidual / unit, offset, WeekGainShare * slotGain);
        return reading;
    }

    /// <summary>Moves the whole day by the same amount: another level has been accepted as normal.</summary>
    public void Shift(float by) => day.Shift(by);

    private SeasonReading Score(float value, float expected, float floor, AnomalySettings settings)
    {
        residuals = (ushort)Math.Min(residuals + 1, CountMax);
        float unit = scale.Sigma + floor, residual = value - expected;
        float clipped = residuals < UnclippedResiduals ? Math.Abs(residual) : Math.Min(Math.Abs(residual), settings.Clip * unit);
        scale.Learn(clipped, Math.Max(settings.SlowGain, 1f / residuals));
        return new SeasonReading(true, expected, unit, residual / unit);
    }

    private static void LearnError(ref float error, ref ushort count, float residual, float slowGain)
    {
        count = (ushort)Math.Min(count + 1, CountMax);
        error += Math.Max(slowGain, 1f / count) * (Math.Abs(residual) - error);
    }
}
