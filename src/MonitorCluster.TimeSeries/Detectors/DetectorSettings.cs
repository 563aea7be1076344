namespace MonitorCluster.TimeSeries.Detectors;

/// <summary>What every <see cref="SeriesDetector"/> of a node shares. Immutable, safe for any thread.</summary>
/// <remarks>
/// The defaults were chosen on 17 minutes of node_exporter at 1 s on a two-core build machine in use (507 series, 78 of them judged), with two
/// CPU bursts: at 1 s steps 21 alerts, each a CPU burst that happened; at 10 s steps 3, all from the one overload that lasted minutes.
/// </remarks>
public sealed record DetectorSettings
{
    /// <summary>Length of a detection step in milliseconds, at least 1; steps are aligned to multiples of it.</summary>
    public long StepMs { get; init; } = 10_000;

    /// <summary>How long after its end a step waits for samples before a tick closes it, in milliseconds.</summary>
    public long LatenessMs { get; init; } = 2_000;

    /// <summary>Steps a series is watched before it is scored. Series of unknown meaning take four times as many.</summary>
    public int LearningSteps { get; init; } = 30;

    /// <summary>Score at which a step counts as unusual, in robust standard deviations of the series.</summary>
    public float OpenScore { get; init; } = 8;

    /// <summary>Score below which a firing alert starts to recover; under <see cref="OpenScore"/>, which is the hysteresis.</summary>
    public float CloseScore { get; init; } = 4;

    /// <summary>Steps in a row below <see cref="CloseScore"/> after which a firing alert ends, 1 to 255.</summary>
    public int RecoverSteps { get; init; } = 12;

    /// <summary>Steps of firing after which the new level is taken as the expected one, so that a lasting shift ends.</summary>
    public int RelearnSteps { get; init; } = 360;

    /// <summary>Steps after which an old value weighs 1/e in level and scale.</summary>
    public int MemorySteps { get; init; } = 300;

    /// <summary>Identical steps after which a series that used to change may be called stuck.</summary>
    public int StuckSteps { get; init; } = 30;
}
