namespace MonitorCluster.TimeSeries.Detectors;

/// <summary>The constants of an <see cref="AnomalyModel"/>, shared by all series of a node. Immutable, safe for any thread.</summary>
/// <remarks>
/// Lengths are in detection steps at every step length; only the slots of the day and of the week are wall-clock. The defaults were chosen on
/// a development split of the Numenta Anomaly Benchmark by the mean over runs with one constant moved by 0.7 and 1.4, not by the best single
/// run (docs/decisions/0012-detector.md); no constant knows of a file's smallest or largest value or of its length.
/// </remarks>
public sealed record AnomalySettings
{
    /// <summary>By which clock a day has its hours.</summary>
    public WallClock Clock { get; init; } = WallClock.Utc;

    /// <summary>Expected distance of two steps in milliseconds, a first guess that the series corrects; at least 1.</summary>
    public long StepMs { get; init; } = 60_000;

    /// <summary>Steps that are watched before the first score; what is scored from here on is judged with reserve.</summary>
    public int FirstScoredStep { get; init; } = 30;

    /// <summary>Steps after which a series is judged as any other; at least <see cref="FirstScoredStep"/>.</summary>
    public int WarmUpSteps { get; init; } = 150;

    /// <summary>Decades that the first score loses; less with every step until <see cref="WarmUpSteps"/>, when nothing is lost.</summary>
    public float YouthDecades { get; init; } = 0.5f;

    /// <summary>Share of a step in the slow level, its scale and the long-run variance: memory of about 667 steps.</summary>
    public float SlowGain { get; init; } = 0.0015f;

    /// <summary>Distance in scales at which a residual is clipped before anything learns from it; innovations at twice that.</summary>
    public float Clip { get; init; } = 4;

    /// <summary>Share of a step in the fast forecast whose error is the innovation.</summary>
    public float InnovationGain { get; init; } = 0.5f;

    /// <summary>Share of a step in the scale of innovations: memory of 125 steps, so that a busier half day is not one long surprise.</summary>
    public float InnovationScaleGain { get; init; } = 1f / 125;

    /// <summary>Smallest scale, as a share of the level: below it a change is rounding, not news.</summary>
    public float FloorRelative { get; init; } = 1e-3f;

    /// <summary>Share of a visit (a day's, a week's) in a slot of the season.</summary>
    public float SlotGain { get; init; } = 0.3f;

    /// <summary>Steps of a window mean, 2 to 48.</summary>
    public int WindowSteps { get; init; } = WindowMean.StepsMax;

    /// <summary>Entries at which a tail histogram is halved, so that old steps fade; at most 60,000.</summary>
    public int TailMemory { get; init; } = 30_000;

    /// <summary>Most decades that the extrapolated tail adds for a value beyond all that were counted.</summary>
    public float TailBonusDecades { get; init; } = 3;

    /// <summary>Weight of the surprise in the innovation.</summary>
    public float InnovationWeight { get; init; } = 0.8f;

    /// <summary>Weight of the surprise in the seasonal residual.</summary>
    public float SeasonWeight { get; init; } = 0.5f;

    /// <summary>Weight of the surprise in the window mean of distances from the slow level.</summary>
    public float LevelWeight { get; init; } = 0.9f;

    /// <summary>Weight of the surprise in the variance ratio.</summary>
    public float VarianceWeight { get; init; } = 1;

    /// <summary>Weight of the surprise in the window mean of seasonal residuals.</summary>
    public float SeasonLevelWeight { get; init; } = 0.9f;

    /// <summary>Decades for a value far outside everything seen, reached at an overshoot of a fifth of the range.</summary>
    public float NoveltyDecades { get; init; } = 2;

    /// <summary>Decades that a step loses when no other of the last four steps supports it.</summary>
    public float LonelyPenalty { get; init; } = 0.5f;

    /// <summary>Steps after an emitted score in which only a clearly higher one is emitted: one row per incident.</summary>
    public int HoldSteps { get; init; } = 100;

    /// <summary>How many times the emitted score a later one must be to count as an escalation, over 1.</summary>
    public float EscalationRatio { get; init; } = 1.2f;

    /// <summary>Score in decades at which an incident opens. A threshold is an alert budget: rows per series-day fall tenfold per decade.</summary>
    public float OpenDecades { get; init; } = 3.5f;

    /// <summary>How far below <see cref="OpenDecades"/> the score must fall for an incident to recover; the hysteresis.</summary>
    public float CloseMargin { get; init; } = 1;

    /// <summary>Steps in a row of a low score that close an incident, 1 to 255.</summary>
    public int RecoverSteps { get; init; } = 15;

    /// <summary>Steps in a row of usual variance after which an open incident's level is accepted as the new normal, at most 60,000.</summary>
    public int AcceptSteps { get; init; } = 200;
}
