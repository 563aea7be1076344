using System.ComponentModel.DataAnnotations;
using MonitorCluster.TimeSeries.Detectors;

namespace MonitorCluster.Detect;

/// <summary>Settings of anomaly detection, section <c>Detect</c>.</summary>
public sealed class DetectOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Detect";

    /// <summary>Whether series are scored at all. Stale hosts are found even when not.</summary>
    /// <value>Default true.</value>
    public bool Enabled { get; set; } = true;

    /// <summary>Length of a detection step: samples are collapsed to one value per step, aligned to multiples of it.</summary>
    /// <value>Default 10 s; 1 s to 1 h. Learning, memory and recovery are counted in steps, so a shorter step finds and forgets sooner.</value>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan Step { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long after its end a step waits for its last samples before time alone closes it.</summary>
    /// <value>Default 2 s; 0 to 1 min.</value>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")]
    public TimeSpan Lateness { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Time after a shard was opened in which nobody is judged silent: senders need a moment to come back.</summary>
    /// <value>Default 15 s; 0 to 10 min.</value>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan SilenceGrace { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Steps before a series of known meaning is scored; others take four times as many. The first third is not learnt from.</summary>
    /// <value>Default 30; 10 to 10,000.</value>
    [Range(10, 10_000)]
    public int LearningSteps { get; set; } = 30;

    /// <summary>Score, in robust standard deviations, that three of five steps must reach for an alert.</summary>
    /// <value>Default 8; 3 to 1,000.</value>
    [Range(3.0, 1_000.0)]
    public double OpenScore { get; set; } = 8;

    /// <summary>Score below which a firing alert recovers; must be below <see cref="OpenScore"/>.</summary>
    /// <value>Default 4; 0.5 to 1,000.</value>
    [Range(0.5, 1_000.0)]
    public double CloseScore { get; set; } = 4;

    /// <summary>Steps in a row below <see cref="CloseScore"/> that end an alert.</summary>
    /// <value>Default 12; 1 to 250.</value>
    [Range(1, 250)]
    public int RecoverSteps { get; set; } = 12;

    /// <summary>Steps of firing after which the new level counts as the expected one.</summary>
    /// <value>Default 360 (one hour of 10 s steps); 20 to 100,000.</value>
    [Range(20, 100_000)]
    public int RelearnSteps { get; set; } = 360;

    /// <summary>Steps after which an old value weighs 1/e in the expected level.</summary>
    /// <value>Default 300 (50 min of 10 s steps); 50 to 100,000.</value>
    [Range(50, 100_000)]
    public int MemorySteps { get; set; } = 300;

    /// <summary>Identical steps after which a series that used to change may be called stuck.</summary>
    /// <value>Default 30; 10 to 100,000.</value>
    [Range(10, 100_000)]
    public int StuckSteps { get; set; } = 30;

    /// <summary>Most alerts a shard holds open; beyond it they are counted and one alert says so.</summary>
    /// <value>Default 1,000; 10 to 100,000.</value>
    [Range(10, 100_000)]
    public int OpenAlertsPerShard { get; set; } = 1_000;

    /// <summary>What these options get wrong together: one line per fault, empty when they fit.</summary>
    public IReadOnlyList<string> Faults() => CloseScore < OpenScore
        ? []
        : [$"Detect:CloseScore ({CloseScore}) must be below Detect:OpenScore ({OpenScore}): the distance is the hysteresis"];

    /// <summary>The options as the detectors take them.</summary>
    public DetectorSettings ToSettings() => new()
    {
        StepMs = (long)Step.TotalMilliseconds,
        LatenessMs = (long)Lateness.TotalMilliseconds,
        LearningSteps = LearningSteps,
        OpenScore = (float)OpenScore,
        CloseScore = (float)CloseScore,
        RecoverSteps = RecoverSteps,
        RelearnSteps = RelearnSteps,
        MemorySteps = MemorySteps,
        StuckSteps = StuckSteps,
    };
}
