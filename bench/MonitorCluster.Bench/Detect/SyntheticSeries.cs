namespace MonitorCluster.Bench.Detect;

/// <summary>A healthy metric as machines have them, from a seed: one value per step, without end.</summary>
/// <remarks>
/// The noise goes by steps, whatever their length; waves, jobs and weekends by the clock.
/// Six kinds by turns of the seed: correlated noise on a day's wave; skewed latencies; rare spikes; a nightly job of half an hour; quiet
/// weekends; small counts. Half of the correlated and all but the spiking and counting kinds know the hour. None of it is an anomaly.
/// </remarks>
internal sealed class SyntheticSeries(int seed, int stepSeconds = 60)
{
    /// <summary>Number of kinds.</summary>
    public const int KindCount = 6;

    private const int DaySeconds = 86_400;
    private const float Correlation = 0.7f;
    private readonly Random chance = new(seed);
    private readonly float level = 20 + (seed % 7 * 15);
    private readonly float wave = seed / KindCount % 2 * 8; // amplitude in standard deviations
    private readonly float phase = seed * 0.37f;
    private float noise;

    /// <summary>Which of the kinds.</summary>
    public int Kind => seed % KindCount;

    /// <summary>Whether the noise of a seed's kind is one sigma and steady: not the skewed, nor the counts.</summary>
    public static bool IsSteady(int seed) => seed % KindCount is not (1 or 5);

    /// <summary>One standard deviation of the noise.</summary>
    public static float Sigma => 1;

    /// <summary>The value at a step, counted from a Monday; steps are asked for in order.</summary>
    public float Next(int step)
    {
        noise = (Correlation * noise) + (MathF.Sqrt(1 - (Correlation * Correlation)) * Gauss());
        long second = (long)step * stepSeconds;
        int ofDay = (int)(second % DaySeconds), day = (int)(second / DaySeconds % 7);
        float daily = wave * MathF.Sin((MathF.Tau * ofDay / DaySeconds) + phase);
        return Kind switch
        {
            0 => level + daily + noise,
            1 => level * MathF.Exp(0.3f * noise) * (1 + (0.05f * daily)),
            2 => level + noise + (chance.Next(300) == 0 ? 6 + (10 * chance.NextSingle()) : 0),
            3 => level + daily + noise + (ofDay is >= 7_200 and < 9_000 ? 12 : 0),
            4 => level + ((day < 5 ? 1 : 0.4f) * (8 + daily)) + noise,
            _ => Poisson(3),
        };
    }

    private float Gauss() => MathF.Sqrt(-2 * MathF.Log(1 - chance.NextSingle())) * MathF.Cos(MathF.Tau * chance.NextSingle());

    private int Poisson(float mean)
    {
        int count = -1;
        for (float product = 1; product > MathF.Exp(-mean); count++)
        {
            product *= chance.NextSingle();
        }

        return count;
    }
}
