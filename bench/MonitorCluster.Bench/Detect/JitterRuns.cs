using MonitorCluster.TimeSeries.Detectors;

namespace MonitorCluster.Bench.Detect;

/// <summary>The benchmark again with one constant moved at a time: what other data would be like. Settings are chosen by the mean of these.</summary>
internal static class JitterRuns
{
    private static readonly float[] Factors = [0.7f, 1.4f];

    // The window cannot grow beyond what the state holds, so it is only shortened.
    private static readonly (string Name, Func<AnomalySettings, float, AnomalySettings> Moved)[] Constants =
    [
        ("warm-up", (s, by) => s with { WarmUpSteps = Steps(s.WarmUpSteps, by) }),
        ("slow gain", (s, by) => s with { SlowGain = s.SlowGain * by }),
        ("clip", (s, by) => s with { Clip = s.Clip * by }),
        ("innovation gain", (s, by) => s with { InnovationGain = s.InnovationGain * by }),
        ("innovation scale gain", (s, by) => s with { InnovationScaleGain = s.InnovationScaleGain * by }),
        ("floor", (s, by) => s with { FloorRelative = s.FloorRelative * by }),
        ("slot gain", (s, by) => s with { SlotGain = s.SlotGain * by }),
        ("window", (s, by) => s with { WindowSteps = Math.Min(s.WindowSteps, Steps(s.WindowSteps, by)) }),
        ("tail memory", (s, by) => s with { TailMemory = Steps(s.TailMemory, by) }),
        ("tail bonus", (s, by) => s with { TailBonusDecades = s.TailBonusDecades * by }),
        ("weight innovation", (s, by) => s with { InnovationWeight = s.InnovationWeight * by }),
        ("weight season", (s, by) => s with { SeasonWeight = s.SeasonWeight * by }),
        ("weight level", (s, by) => s with { LevelWeight = s.LevelWeight * by }),
        ("weight variance", (s, by) => s with { VarianceWeight = s.VarianceWeight * by }),
        ("weight season level", (s, by) => s with { SeasonLevelWeight = s.SeasonLevelWeight * by }),
        ("novelty", (s, by) => s with { NoveltyDecades = s.NoveltyDecades * by }),
        ("lonely penalty", (s, by) => s with { LonelyPenalty = s.LonelyPenalty * by }),
        ("hold", (s, by) => s with { HoldSteps = Steps(s.HoldSteps, by) }),
        ("escalation", (s, by) => s with { EscalationRatio = 1 + ((s.EscalationRatio - 1) * by) }),
    ];

    /// <summary>One constant at a time by 0.7 and by 1.4.</summary>
    /// <returns>Name and mean of the three profiles, each at its best threshold.</returns>
    public static List<(string Name, double Mean)> OneAtATime(IReadOnlyList<NabFile> files, AnomalySettings settings) =>
        [.. Constants.SelectMany(_ => Factors, (constant, factor) => (constant, factor))
            .Select(run => (Name: FormattableString.Invariant($"{run.constant.Name} x{run.factor}"), Moved: run.constant.Moved(settings, run.factor)))
            .Where(run => run.Moved != settings)
            .Select(run => (run.Name, MeanOfProfiles(files, run.Moved)))];

    /// <summary>All constants at once, each by a factor between 0.7 and 1.4 from a fixed seed.</summary>
    public static List<double> AllAtOnce(IReadOnlyList<NabFile> files, AnomalySettings settings, int runs)
    {
        var chance = new Random(12);
        return [.. Enumerable.Range(0, runs).Select(_ => MeanOfProfiles(
            files, Constants.Aggregate(settings, (s, constant) => constant.Moved(s, 0.7f * MathF.Pow(2, chance.NextSingle())))))];
    }

    /// <summary>Mean of the three profiles, each at its best threshold.</summary>
    public static double MeanOfProfiles(IReadOnlyList<NabFile> files, AnomalySettings settings)
    {
        float[][] scores = NabRun.Score(files, settings);
        var scorer = new NabScorer(files);
        return NabProfile.All.Average(p => scorer.Best(scores, p).Score);
    }

    private static int Steps(int steps, float by) => (int)MathF.Round(steps * by);
}
