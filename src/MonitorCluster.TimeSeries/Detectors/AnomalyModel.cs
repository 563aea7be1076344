using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace MonitorCluster.TimeSeries.Detectors;

/// <summary>The anomaly detector of one series: closed steps in, calibrated decades of surprise and incidents out. At most 1,024 bytes.</summary>
/// <remarks>
/// A pure function of the steps in their order: no clock, no chance, no look-ahead, no allocation. Blittable: its bytes are its snapshot, and a
/// copy goes on bit for bit as the original. O(1) per step. One writer: the shard's mailbox. A step's way:
/// <list type="number">
/// <item>Residuals: distance from the slow level, from a fast forecast (innovation), from the hour of the day and of the week.</item>
/// <item>Channels: |innovation|, |seasonal residual|, window means of both residuals, variance ratio, and the overshoot beyond the range seen.</item>
/// <item>Calibration: each channel's own tail histogram turns its size into decades, before the step itself is counted.</item>
/// <item>Combination: the cubic norm of the weighted decades, nearly their largest, with a little for agreement; persistence over four steps.</item>
/// <item>Hold: one emitted score per incident; and the incident itself, which opens and closes.</item>
/// </list>
/// What the parts rest on is said beside them; how they were chosen is in docs/decisions/0012-detector.md.
/// </remarks>
[StructLayout(LayoutKind.Sequential)]
public struct AnomalyModel
{
    private const float ValueMax = 1e30f; // squares of sums stay finite in single precision
    private const long SeasonScoredMs = 2 * 86_400_000L; // the first day makes the slots, the second their scale
    private const float NoveltyMin = 0.02f; // of the range: less is the usual slow growth of any range
    private const float NoveltyFull = 0.2f;
    private const float NoveltyYoung = 1.8f; // so much more at first: every other series outgrows the range of thirty steps by a fifth
    private const int CountedFromStep = 10;
    private const int SeasonCountedFrom = 30;
    private const int SeasonLevelCountedFrom = 60; // the window must hold residuals, not the zeros before them
    private const int ScreenEverySteps = 64;
    private const int ScreenEachUntilStep = 200;
    private const float GapFactor = 0.5f; // half of what looks new is the time that was not seen

    private StepClock clock;
    private SlowLevel slow;
    private Innovation innovation;
    private Season season;
    private WindowMean levelWindow;
    private WindowMean seasonWindow;
    private VarianceRatio variance;
    private RangeNovelty range;
    private TailHistogram innovationTail;
    private TailHistogram seasonTail;
    private TailHistogram levelTail;
    private TailHistogram varianceTail;
    private TailHistogram seasonLevelTail;
    private Persistence persistence;
    private HoldFilter hold;
    private IncidentTracker incident;

    /// <summary>Steps seen; scored after <see cref="AnomalySettings.FirstScoredStep"/>, in full after <see cref="AnomalySettings.WarmUpSteps"/>.</summary>
    public readonly int StepsSeen => clock.Steps;

    /// <summary>Whether an incident is open.</summary>
    public readonly bool HasIncident => incident.IsOpen;

    /// <summary>Steps that are still to be seen before the first one that is scored; 0 from then on.</summary>
    public readonly int StepsUntilScored(AnomalySettings settings) => Math.Max(0, settings.FirstScoredStep - clock.Steps);

    /// <summary>Steps that are still to be seen before the first one that is judged without a young series' reserve; 0 from then on.</summary>
    public readonly int StepsUntilMature(AnomalySettings settings) => Math.Max(0, settings.WarmUpSteps - clock.Steps);

    /// <summary>Scores one closed step by what came before it, then learns it.</summary>
    /// <param name="endMs">The step's end, milliseconds since 1970. Not newer than the newest: nothing happens.</param>
    /// <param name="value">The step's value; NaN and infinities are no values and change nothing.</param>
    /// <param name="settings">The constants, the same in every call.</param>
    /// <returns>The outcome; all 0 for the first step and for what is no step.</returns>
    public AnomalyOutcome Score(long endMs, float value, AnomalySettings settings)
    {
        if (!float.IsFinite(value))
        {
            return default;
        }

        value = Math.Clamp(value, -ValueMax, ValueMax);
        if (clock.Steps == 0)
        {
            Start(endMs, value, settings);
            return default;
        }

        return clock.Advance(endMs) ? ScoreStep(endMs, value, settings) : default;
    }

    /// <summary>Scores one closed step like <see cref="Score"/> and learns nothing of it: while muted, or during what is known to be a fault.</summary>
    /// <remarks>
    /// Goes on: the clock's stamps and pace, persistence, hold and the incident. The step does not count as seen, and does not make an incident's
    /// level one that may be accepted: it was not learned. The forecast stays too, so a lasting change is as unusual at the end as at the start.
    /// </remarks>
    /// <returns>What <see cref="Score"/> would have returned; all 0 for a series of which nothing is known.</returns>
    public AnomalyOutcome ScoreFrozen(long endMs, float value, AnomalySettings settings)
    {
        if (clock.Steps == 0)
        {
            return default;
        }

        AnomalyModel scored = this;
        AnomalyOutcome outcome = scored.Score(endMs, value, settings);
        (clock, persistence, hold, incident) = (scored.clock.WithSteps(clock.Steps), scored.persistence, scored.hold, scored.incident);
        incident.ForgetCalm();
        return outcome;
    }

    /// <summary>The mean of the last few values that were learnt from.</summary>
    public readonly float Forecast => innovation.Forecast;

    /// <summary>Takes a level as normal, as an operator may ask for: level and season move there; scales and histograms stay.</summary>
    /// <param name="expected">What was expected of the last step.</param>
    /// <param name="level">Where the series is now.</param>
    public void AcceptLevel(float expected, float level)
    {
        float shift = level - expected;
        innovation.Start(level);
        slow.Accept(slow.Level + shift);
        season.Shift(shift);
        levelWindow.Clear();
        seasonWindow.Clear();
    }

    private void Start(long endMs, float value, AnomalySettings settings)
    {
        clock.Start(endMs, settings.StepMs);
        slow.Start(value);
        innovation.Start(value);
        range.Start(value);
    }

    private AnomalyOutcome ScoreStep(long endMs, float value, AnomalySettings settings)
    {
        if (clock.IsAfterGap)
        {
            innovation.Start(value);
        }

        int steps = clock.Steps;
        float gain = Math.Max(settings.SlowGain, 1f / steps), clip = settings.Clip;
        float floor = slow.Floor(settings.FloorRelative), unit = slow.Unit(floor), level = slow.Level;
        float distance = value - level;
        slow.Learn(distance, unit, clip, gain, steps);
        float jump = Math.Abs(innovation.Step(value, floor, 2 * clip, steps, settings));
        SeasonReading seasonal = season.Step(settings.Clock.ToLocal(endMs), value, clock.AgeMs, clock.StepsPerDay, unit, floor, gain, settings);
        levelWindow.Add(distance / (unit * clip), settings.WindowSteps);
        seasonWindow.Add(season.Residuals > SeasonCountedFrom ? seasonal.Residual / clip : 0, settings.WindowSteps);

        var sizes = new ChannelSizes(
            jump,
            Math.Abs(seasonal.Residual),
            clip * Math.Abs(levelWindow.Mean(settings.WindowSteps)),
            variance.Step(Math.Min(jump, 2 * clip), gain),
            clip * Math.Abs(seasonWindow.Mean(settings.WindowSteps)),
            range.Step(value));
        var bins = new ChannelBins(sizes);
        bool isScored = steps > settings.FirstScoredStep;
        var channel = AnomalyChannel.None;
        float own = isScored ? Combine(sizes, bins, seasonal.IsKnown && clock.AgeMs >= SeasonScoredMs, settings, out channel) : 0;
        Count(bins, seasonal.IsKnown, steps, settings);
        (float expected, float spread) = seasonal.IsKnown ? (seasonal.Expected, seasonal.Unit) : (level, unit);
        if (!isScored)
        {
            return new AnomalyOutcome(0, 0, channel, IncidentChange.None, expected, spread);
        }

        float decades = persistence.Step(own, settings.LonelyPenalty);
        IncidentChange change = incident.Step(decades, sizes.Variance, settings, out bool acceptLevel);
        if (acceptLevel)
        {
            AcceptLevel(expected, innovation.Forecast);
        }

        return new AnomalyOutcome(decades, hold.Step(decades, settings), channel, change, expected, spread);
    }

    // The cubic norm: two equal channels give 1.26 times one of them; the plain maximum and the sum both did worse.
    private readonly float Combine(in ChannelSizes sizes, in ChannelBins bins, bool isSeasonScored, AnomalySettings settings, out AnomalyChannel channel)
    {
        float bonusMax = settings.TailBonusDecades;
        var norm = default(CubicNorm);
        if (innovationTail.IsLarge(bins.Innovation))
        {
            norm.Add(settings.InnovationWeight * innovationTail.Surprise(sizes.Innovation, bins.Innovation, bonusMax), AnomalyChannel.Innovation);
        }

        if (levelTail.IsLarge(bins.Level))
        {
            norm.Add(settings.LevelWeight * levelTail.Surprise(sizes.Level, bins.Level, bonusMax), AnomalyChannel.Level);
        }

        if (varianceTail.IsLarge(bins.Variance))
        {
            norm.Add(settings.VarianceWeight * varianceTail.Surprise(sizes.Variance, bins.Variance, bonusMax), AnomalyChannel.Variance);
        }

        if (isSeasonScored && seasonTail.IsLarge(bins.Season))
        {
            norm.Add(settings.SeasonWeight * seasonTail.Surprise(sizes.Season, bins.Season, bonusMax), AnomalyChannel.Season);
        }

        if (isSeasonScored && seasonLevelTail.IsLarge(bins.SeasonLevel))
        {
            norm.Add(settings.SeasonLevelWeight * seasonLevelTail.Surprise(sizes.SeasonLevel, bins.SeasonLevel, bonusMax), AnomalyChannel.SeasonLevel);
        }

        float youth = Youth(settings), full = NoveltyFull + (youth * NoveltyYoung);
        float novelty = sizes.Novelty > NoveltyMin ? settings.NoveltyDecades * Math.Min(1, sizes.Novelty / full) : 0;
        channel = novelty > norm.Largest ? AnomalyChannel.Range : norm.Channel;
        return Math.Max(0, norm.Value + novelty - (youth * settings.YouthDecades)) * (clock.IsAfterGap ? GapFactor : 1);
    }

    // 1 at the first scored step, 0 once mature: little has been seen of what is usual, so surprises count for less.
    private readonly float Youth(AnomalySettings settings) => clock.Steps >= settings.WarmUpSteps
        ? 0
        : (settings.WarmUpSteps - clock.Steps) / (float)(settings.WarmUpSteps - settings.FirstScoredStep);

    private void Count(in ChannelBins bins, bool isSeasonKnown, int steps, AnomalySettings settings)
    {
        if (steps <= CountedFromStep)
        {
            return;
        }

        innovationTail.Add(bins.Innovation, settings.TailMemory);
        levelTail.Add(bins.Level, settings.TailMemory);
        varianceTail.Add(bins.Variance, settings.TailMemory);
        if (isSeasonKnown && season.Residuals > SeasonCountedFrom)
        {
            seasonTail.Add(bins.Season, settings.TailMemory);
        }

        if (isSeasonKnown && season.Residuals > SeasonLevelCountedFrom)
        {
            seasonLevelTail.Add(bins.SeasonLevel, settings.TailMemory);
        }

        if (steps % ScreenEverySteps == 0 || steps < ScreenEachUntilStep)
        {
            RefreshScreens();
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void RefreshScreens()
    {
        innovationTail.RefreshScreen();
        seasonTail.RefreshScreen();
        levelTail.RefreshScreen();
        varianceTail.RefreshScreen();
        seasonLevelTail.RefreshScreen();
    }
}
