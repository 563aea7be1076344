namespace MonitorCluster.TimeSeries.Detectors;

/// <summary>How large each channel of a step is; all at least 0.</summary>
/// <param name="Innovation">|error of the fast forecast| in its scales.</param>
/// <param name="Season">|distance from the season| in its scales; 0 while the season is not known.</param>
/// <param name="Level">|mean distance from the slow level| over the window, 0 to the clip.</param>
/// <param name="Variance">Restlessness beside the long run.</param>
/// <param name="SeasonLevel">|mean distance from the season| over the window, 0 to the clip.</param>
/// <param name="Novelty">Overshoot beyond the range seen, as a share of it.</param>
internal readonly record struct ChannelSizes(float Innovation, float Season, float Level, float Variance, float SeasonLevel, float Novelty);

/// <summary>The histogram bins of a step's channels, looked up once for scoring and counting.</summary>
internal readonly struct ChannelBins(in ChannelSizes sizes)
{
    /// <summary>Bin of the innovation.</summary>
    public int Innovation { get; } = TailHistogram.BinOf(sizes.Innovation);

    /// <summary>Bin of the seasonal residual.</summary>
    public int Season { get; } = TailHistogram.BinOf(sizes.Season);

    /// <summary>Bin of the level's window mean.</summary>
    public int Level { get; } = TailHistogram.BinOf(sizes.Level);

    /// <summary>Bin of the variance ratio.</summary>
    public int Variance { get; } = TailHistogram.BinOf(sizes.Variance);

    /// <summary>Bin of the season's window mean.</summary>
    public int SeasonLevel { get; } = TailHistogram.BinOf(sizes.SeasonLevel);
}

/// <summary>Cube root of a sum of cubes, and which term was the largest.</summary>
internal struct CubicNorm
{
    private float cubes;

    /// <summary>The largest term.</summary>
    public float Largest { readonly get; private set; }

    /// <summary>Whose term that was.</summary>
    public AnomalyChannel Channel { readonly get; private set; }

    /// <summary>The norm.</summary>
    public readonly float Value => cubes > 0 ? MathF.Cbrt(cubes) : 0;

    /// <summary>Adds a term, at least 0.</summary>
    public void Add(float term, AnomalyChannel channel)
    {
        cubes += term * term * term;
        if (term > Largest)
        {
            (Largest, Channel) = (term, channel);
        }
    }
}
