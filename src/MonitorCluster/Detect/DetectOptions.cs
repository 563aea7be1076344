using System.ComponentModel.DataAnnotations;
using MonitorCluster.TimeSeries.Detectors;

namespace MonitorCluster.Detect;

/// <summary>Settings of anomaly detection, section <c>Detect</c>.</summary>
public sealed class DetectOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Detect";

    private const double DayMs = 86_400_000;
    private const long GroupMsMax = 300_000;
    private const long GroupMsMin = 60_000;
    private const int GroupSteps = 30;
    private const int WarmUpSteps = 150;

    /// <summary>Whether series are scored at all. Stale hosts are found even when not.</summary>
    /// <value>Default true.</value>
    public bool Enabled { get; set; } = true;

    /// <summary>Length of a detection step: samples are collapsed to one value per step, aligned to multiples of it.</summary>
    /// <value>Default 10 s; 1 s to 5 min. Learning and memory are counted in steps, so a shorter step finds and forgets sooner.</value>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan Step { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long after its end a step waits for its last samples before time alone closes it.</summary>
    /// <value>Default 2 s; 0 to 1 min.</value>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")]
    public TimeSpan Lateness { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Time after a shard was opened in which nobody is judged silent: senders need a moment to come back.</summary>
    /// <value>Default 15 s; 0 to 10 min.</value>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan SilenceGrace { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Signals that a healthy series may have a day. Signals are counted and grouped; nobody is told of a single one.</summary>
    /// <value>Default 0.75; 0.01 to 100. Fewer are a higher threshold.</value>
    [Range(0.01, 100.0)]
    public double SignalsPerSeriesDay { get; set; } = 0.75;

    /// <summary>Steps a day of a healthy series that may be unusual enough to be worth an incident alone, should they last.</summary>
    /// <value>Default 0.02; 0.0001 to 10; not more than <see cref="SignalsPerSeriesDay"/>.</value>
    [Range(0.0001, 10.0)]
    public double WarningsPerSeriesDay { get; set; } = 0.02;

    /// <summary>The zone by whose clock days and weeks have their hours: nightly jobs, office hours.</summary>
    /// <value>Default <c>UTC</c>; a name of the IANA time zone database, such as <c>Europe/Vienna</c>.</value>
    public string TimeZone { get; set; } = "UTC";

    /// <summary>Steps of a series that are watched before the first one is scored; until the 150th it needs more surprise than later.</summary>
    /// <value>Default 30; 10 to 10,000.</value>
    [Range(10, 10_000)]
    public int LearningSteps { get; set; } = 30;

    /// <summary>Steps in a row back in the expected band after which something unusual is over.</summary>
    /// <value>Default 15; 1 to 250.</value>
    [Range(1, 250)]
    public int RecoverSteps { get; set; } = 15;

    /// <summary>Identical steps after which a series that used to change may be called stuck.</summary>
    /// <value>Default 30; 10 to 100,000.</value>
    [Range(10, 100_000)]
    public int StuckSteps { get; set; } = 30;

    /// <summary>Most alerts a shard holds open; beyond it they are counted and one alert says so.</summary>
    /// <value>Default 1,000; 10 to 100,000.</value>
    [Range(10, 100_000)]
    public int OpenAlertsPerShard { get; set; } = 1_000;

    /// <summary>What these options get wrong together: one line per fault, empty when they fit.</summary>
    public IReadOnlyList<string> Faults()
    {
        var faults = new List<string>();
        if (WarningsPerSeriesDay > SignalsPerSeriesDay)
        {
            faults.Add(
                $"Detect:WarningsPerSeriesDay ({WarningsPerSeriesDay}) must not be above Detect:SignalsPerSeriesDay ({SignalsPerSeriesDay}): "
                + "every warning is a signal, too");
        }

        if (!TimeZoneInfo.TryFindSystemTimeZoneById(TimeZone, out _))
        {
            faults.Add($"Detect:TimeZone '{TimeZone}' is not known on this machine: use a name such as Europe/Vienna, and install the zones (tzdata)");
        }

        return faults;
    }

    /// <summary>The options as the detectors take them.</summary>
    public DetectorSettings ToSettings()
    {
        long stepMs = (long)Step.TotalMilliseconds;
        float warning = AlertBudget.Decades(WarningsPerSeriesDay, stepMs);
        return new DetectorSettings
        {
            StepMs = stepMs,
            LatenessMs = (long)Lateness.TotalMilliseconds,
            SignalDecades = AlertBudget.Decades(SignalsPerSeriesDay, stepMs),
            WarningDecades = warning,
            RecoverSteps = RecoverSteps,
            StuckSteps = StuckSteps,
            GroupMs = Math.Clamp(GroupSteps * stepMs, GroupMsMin, GroupMsMax),
            Model = new AnomalySettings
            {
                StepMs = stepMs,
                Clock = new WallClock(TimeZoneInfo.FindSystemTimeZoneById(TimeZone)),
                FirstScoredStep = LearningSteps,
                WarmUpSteps = Math.Max(WarmUpSteps, LearningSteps),
                OpenDecades = warning,
            },
        };
    }

    /// <summary>The share of healthy series that have a signal within one group window.</summary>
    public double BudgetShare() => SignalsPerSeriesDay * ToSettings().GroupMs / DayMs;
}
