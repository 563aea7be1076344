namespace MonitorCluster.TimeSeries.Detectors;

/// <summary>What every <see cref="SeriesDetector"/> of a node shares. Immutable, safe for any thread.</summary>
public sealed record DetectorSettings
{
    /// <summary>Length of a detection step in milliseconds, at least 1; steps are aligned to multiples of it.</summary>
    public long StepMs { get; init; } = 10_000;

    /// <summary>How long after its end a step waits for samples before a tick closes it, in milliseconds.</summary>
    public long LatenessMs { get; init; } = 2_000;

    /// <summary>Score in decades at which a step is a signal: counted, and never told alone.</summary>
    public float SignalDecades { get; init; } = 2.35f;

    /// <summary>Score in decades at which a series may open an incident by itself, when it lasts.</summary>
    public float WarningDecades { get; init; } = 3.5f;

    /// <summary>The model's constants.</summary>
    public AnomalySettings Model { get; init; } = new();

    /// <summary>Steps in a row inside the band that end an excursion, 1 to 255.</summary>
    public int RecoverSteps { get; init; } = 15;

    /// <summary>Steps outside the band that make an excursion lasting: worth an incident although nothing else is unusual.</summary>
    public int LastingSteps { get; init; } = 10;

    /// <summary>Steps after which the level of an excursion that did not end is taken as the normal one.</summary>
    public int RelearnSteps { get; init; } = 667;

    /// <summary>Steps after which an old value weighs 1/e in the share of steps that changed.</summary>
    public int MemorySteps { get; init; } = 300;

    /// <summary>Identical steps after which a series that used to change may be called stuck.</summary>
    public int StuckSteps { get; init; } = 30;

    /// <summary>Milliseconds of which signals of one host, or of one metric, are taken together.</summary>
    public long GroupMs { get; init; } = 300_000;

    /// <summary>-log10 of the probability that so many signals come together by chance, at which they are an incident.</summary>
    public double GroupDecades { get; init; } = 4;
}
