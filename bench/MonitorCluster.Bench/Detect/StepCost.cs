using System.Diagnostics;
using MonitorCluster.TimeSeries.Detectors;

namespace MonitorCluster.Bench.Detect;

/// <summary>CPU time of one step, with the states in the cache and with too many of them for it.</summary>
internal static class StepCost
{
    /// <summary>The order in which a shard's tick walks its series.</summary>
    public const int InTurn = 1;

    /// <summary>A prime, so that neighbours in time are not neighbours in memory and nothing is fetched ahead.</summary>
    public const int Scattered = 7_919;

    private const int WarmModels = 64;
    private const int WarmSteps = 15_000; // ten days: day, week and all histograms are in use

    /// <summary>Nanoseconds of CPU per step, each of <paramref name="seriesCount"/> states once per round, <paramref name="stride"/> apart.</summary>
    public static double Measure(int seriesCount, int stride, int rounds, AnomalySettings settings)
    {
        (AnomalyModel[] warm, float[][] values) = Warm(rounds, settings);
        var models = new AnomalyModel[seriesCount];
        for (int i = 0; i < models.Length; i++)
        {
            models[i] = warm[i % WarmModels];
        }

        float sum = 0;
        using Process process = Process.GetCurrentProcess();
        TimeSpan before = process.TotalProcessorTime;
        for (int round = 0; round < rounds; round++)
        {
            long endMs = HealthySuite.EndMs(WarmSteps + round);
            for (int i = 0, at = 0; i < models.Length; i++, at = (at + stride) % seriesCount)
            {
                sum += models[at].Score(endMs, values[at % WarmModels][round], settings).Decades;
            }
        }

        process.Refresh();
        double nanoseconds = (process.TotalProcessorTime - before).TotalNanoseconds;
        GC.KeepAlive(sum);
        return nanoseconds / ((double)rounds * seriesCount);
    }

    private static (AnomalyModel[] Models, float[][] Values) Warm(int rounds, AnomalySettings settings)
    {
        var models = new AnomalyModel[WarmModels];
        var values = new float[WarmModels][];
        for (int i = 0; i < WarmModels; i++)
        {
            var series = new SyntheticSeries(i);
            for (int minute = 0; minute < WarmSteps; minute++)
            {
                models[i].Score(HealthySuite.EndMs(minute), series.Next(minute), settings);
            }

            values[i] = [.. Enumerable.Range(WarmSteps, rounds).Select(series.Next)];
        }

        return (models, values);
    }
}
