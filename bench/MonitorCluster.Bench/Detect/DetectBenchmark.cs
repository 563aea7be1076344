using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using MonitorCluster.TimeSeries.Detectors;

namespace MonitorCluster.Bench.Detect;

/// <summary>The anomaly detector on labelled files, on healthy metrics and with faults put in; and what a step costs.</summary>
internal static class DetectBenchmark
{
    private const double FixedThreshold = 2.5;
    private const float FaultThreshold = 3;

    // The benchmark's files have steps of five minutes; the other constants are those of every node.
    private static readonly AnomalySettings NabSettings = new() { StepMs = 300_000 };
    private static readonly AnomalySettings MinuteSettings = new();

    public static int Run(string[] words)
    {
        (DetectArguments? arguments, string fault) = DetectArguments.Parse(words);
        if (arguments is null)
        {
            Console.Error.WriteLine(fault);
            return 64;
        }

        List<NabFile> files;
        try
        {
            files = NabFile.Load(arguments.DataFolder, arguments.LabelsFile);
        }
        catch (Exception e) when (e is InvalidDataException or FormatException or JsonException or InvalidOperationException or IndexOutOfRangeException)
        {
            Console.Error.WriteLine($"The data or the labels are not in the benchmark's form: {e.Message}");
            return 65;
        }

        if (files.Sum(f => f.WindowCount) == 0)
        {
            Console.Error.WriteLine($"No .csv below {arguments.DataFolder} has a window in {arguments.LabelsFile}.");
            return 65;
        }

        var result = new StringBuilder("RESULT");
        RunLabelled(files, arguments, result);
        RunJitter(files, arguments.IsFull, result);
        RunHealthy(arguments.IsFull, result);
        if (arguments.IsFull)
        {
            RunBudget(result);
            RunYoung(result);
            RunHosts(result);
            RunFaults(result);
        }

        RunCost(arguments.IsFull, result);
        Console.WriteLine(result);
        return 0;
    }

    private static void RunLabelled(List<NabFile> files, DetectArguments arguments, StringBuilder result)
    {
        float[][] scores = NabRun.Score(files, NabSettings);
        var scorer = new NabScorer(files);
        Print($"{files.Count} files, {files.Sum(f => f.Values.Length)} rows, {scorer.WindowCount} windows");
        Print($"{Unsafe.SizeOf<AnomalyModel>()} bytes of state per series");
        Print($"{"profile",-10}{"score",8}{"threshold",11}{"windows hit",13}{"false rows",12}{"at " + Text(FixedThreshold, "0.0"),10}");
        double standardThreshold = 0;
        foreach (NabProfile profile in NabProfile.All)
        {
            (double threshold, double score) = scorer.Best(scores, profile);
            NabCounts counts = scorer.Count(scores, threshold);
            double atFixed = scorer.At(scores, FixedThreshold, profile);
            Print($"{profile.Name,-10}{Text(score),8}{Text(threshold, "0.000"),11}{counts.WindowsHit,13}{counts.FalseRows,12}{Text(atFixed),10}");
            result.Append(CultureInfo.InvariantCulture, $" {profile.Name}={score:0.00} fixed_{profile.Name}={atFixed:0.00}");
            standardThreshold = profile == NabProfile.All[0] ? threshold : standardThreshold;
        }

        NabCounts standard = scorer.Count(scores, standardThreshold), atFixedThreshold = scorer.Count(scores, FixedThreshold);
        int[] quiet = [.. Enumerable.Range(0, files.Count).Where(f => files[f].WindowCount == 0)];
        int quietRows = new NabScorer([.. quiet.Select(f => files[f])]).Count([.. quiet.Select(f => scores[f])], FixedThreshold).FalseRows;
        Print($"at the fixed threshold: {atFixedThreshold.WindowsHit} windows hit, {atFixedThreshold.FalseRows} false rows,");
        Print($"  {quietRows} of them in the {quiet.Length} files without a window");
        result.Append(CultureInfo.InvariantCulture, $" threshold={standardThreshold:0.000} windows={scorer.WindowCount} windows_hit={standard.WindowsHit}");
        result.Append(CultureInfo.InvariantCulture, $" false_rows={standard.FalseRows} fixed_windows_hit={atFixedThreshold.WindowsHit}");
        result.Append(CultureInfo.InvariantCulture, $" fixed_false_rows={atFixedThreshold.FalseRows} quiet_rows={quietRows}");
        result.Append(CultureInfo.InvariantCulture, $" state_bytes={Unsafe.SizeOf<AnomalyModel>()}");
        if (arguments.OutFolder is not null)
        {
            NabRun.Write(arguments.OutFolder, files, scores);
            Print($"result files written below {arguments.OutFolder}");
        }
    }

    private static void RunJitter(List<NabFile> files, bool isFull, StringBuilder result)
    {
        List<(string Name, double Mean)> runs = JitterRuns.OneAtATime(files, NabSettings);
        Print($"mean of the profiles with one constant moved, {runs.Count} runs:");
        foreach ((string name, double mean) in runs.OrderBy(r => r.Mean).Take(isFull ? runs.Count : 5))
        {
            Print($"  {name,-28}{Text(mean),6}");
        }

        Print($"  {"mean",-28}{Text(runs.Average(r => r.Mean)),6}");
        result.Append(CultureInfo.InvariantCulture, $" jitter_mean={runs.Average(r => r.Mean):0.00} jitter_min={runs.Min(r => r.Mean):0.00}");
        if (isFull)
        {
            List<double> together = JitterRuns.AllAtOnce(files, NabSettings, runs: 60);
            Print($"  {"all constants at once, mean",-28}{Text(together.Average()),6}   lowest {Text(together.Min())}");
            result.Append(CultureInfo.InvariantCulture, $" jitter_all_mean={together.Average():0.00} jitter_all_min={together.Min():0.00}");
        }
    }

    private static void RunHealthy(bool isFull, StringBuilder result)
    {
        (int series, int days) = isFull ? (300, 28) : (60, 14);
        (double[] rows, double incidents) = HealthySuite.Run(series, days, HealthySuite.Thresholds, MinuteSettings);
        Print($"healthy metrics, {series} series x {days} days at 60 s: false rows per series-day");
        for (int t = 0; t < rows.Length; t++)
        {
            Print($"  T = {Text(HealthySuite.Thresholds[t], "0.00"),-6}{Text(rows[t], "0.0000"),8}");
            result.Append(CultureInfo.InvariantCulture, $" healthy_{HealthySuite.Thresholds[t] * 100:0}={rows[t]:0.0000}");
        }

        Print($"  incidents opened at {Text(MinuteSettings.OpenDecades)}: {Text(incidents, "0.0000")} per series-day");
        result.Append(CultureInfo.InvariantCulture, $" healthy_incidents={incidents:0.0000}");
    }

    private static void RunBudget(StringBuilder result)
    {
        double[] asked = [1, 0.3, 0.1, 0.03, 0.01];
        Print($"alert budget: rows per series-day asked for -> threshold -> measured");
        foreach ((int stepSeconds, int series, int days) in new[] { (10, 150, 14), (60, 300, 28), (300, 300, 28) })
        {
            float[] thresholds = Array.ConvertAll(asked, rows => AlertBudget.Decades(rows, stepSeconds * 1_000));
            (double[] rows, _) = HealthySuite.Run(series, days, thresholds, new AnomalySettings { StepMs = stepSeconds * 1_000 });
            for (int i = 0; i < asked.Length; i++)
            {
                Print($"  {stepSeconds,3} s{asked[i],8:0.00} -> {Text(thresholds[i], "0.00")} -> {Text(rows[i], "0.0000")}");
                result.Append(CultureInfo.InvariantCulture, $" budget_{stepSeconds}s_{asked[i]:0.00}={rows[i]:0.0000}");
            }
        }
    }

    private static void RunHosts(StringBuilder result)
    {
        const int JobKind = 3, WeekendKind = 4; // these move a sixth of a host's metrics at one moment: each night, each weekend
        Print($"healthy hosts of {HostSuite.SeriesPerHost} metrics without known effects: notifications per host-day; from the third day on");
        foreach ((string name, int stepSeconds, int hosts, int days, Predicate<int> kinds) in new (string, int, int, int, Predicate<int>)[]
        {
            ("plain", 60, 10, 14, kind => kind is not (JobKind or WeekendKind)),
            ("jobs", 60, 10, 14, kind => kind != WeekendKind),
            ("weekends", 60, 10, 14, kind => kind != JobKind),
            ("plain", 10, 6, 5, kind => kind is not (JobKind or WeekendKind)),
        })
        {
            (double all, double later) = HostSuite.Run(hosts, days, stepSeconds, kinds);
            Print($"  {name,-10}{stepSeconds,3} s{Text(all, "0.000"),8}{Text(later, "0.000"),8}");
            result.Append(CultureInfo.InvariantCulture, $" host_{name}_{stepSeconds}s={all:0.0000} host_{name}_{stepSeconds}s_later={later:0.0000}");
        }
    }

    private static void RunYoung(StringBuilder result)
    {
        float[] thresholds = [2.35f, 3.5f];
        foreach (int stepSeconds in new[] { 10, 60 })
        {
            var settings = new AnomalySettings { StepMs = stepSeconds * 1_000 };
            (double[] young, double[] next, double[] later) = YoungSuite.FalseRows(2_400, thresholds, settings);
            Print($"young, 2,400 series at {stepSeconds} s: false rows per series in {YoungSuite.Steps} steps: the first, the next, any of the next 3,000");
            for (int t = 0; t < thresholds.Length; t++)
            {
                Print($"  T = {Text(thresholds[t], "0.00")}{Text(young[t], "0.000"),8}{Text(next[t], "0.000"),8}{Text(later[t], "0.000"),8}");
                result.Append(CultureInfo.InvariantCulture, $" young_{stepSeconds}s_{thresholds[t] * 100:0}={young[t]:0.0000}");
            }

            Print($"  lasting jumps in 200 series: found within {YoungSuite.WatchedSteps} steps, median delay, by the step at which they begin");
            foreach ((float sigmas, float threshold) in thresholds.SelectMany(_ => new[] { 10f, 30 }, (t, s) => (s, t)))
            {
                (double Share, int Steps)[] found = Array.ConvertAll(YoungSuite.JumpSteps, j => YoungSuite.Jumps(200, j, sigmas, threshold, settings));
                string cells = string.Join("  ", found.Select((f, i) => $"@{YoungSuite.JumpSteps[i]} {Text(100 * f.Share, "0")} % {f.Steps}"));
                Print($"  {sigmas} sigma, T = {Text(threshold, "0.00")}: {cells}");
                result.Append(CultureInfo.InvariantCulture, $" young_jump_{stepSeconds}s_{sigmas}_{threshold * 100:0}={found.Min(f => f.Share):0.00}");
            }
        }
    }

    private static void RunFaults(StringBuilder result)
    {
        const int Series = 100;
        Print($"faults in {Series} series of each kind at 60 s, T = {Text(FaultThreshold)}: found, median delay in steps; 'none' are false alarms");
        var kinds = FaultSuite.Kinds.Select(k => (k.Name, Faults: FaultSuite.Run(k.Kind, Series, FaultThreshold, MinuteSettings))).ToList();
        Print($"  {"",-16}{string.Concat(kinds.Select(k => $"{k.Name,14}"))}");
        for (int i = 0; i < kinds[0].Faults.Count; i++)
        {
            string name = kinds[0].Faults[i].Name;
            Print($"  {name,-16}{string.Concat(kinds.Select(k => $"{Text(100 * k.Faults[i].Share, "0"),6} % {k.Faults[i].MedianSteps,5}"))}");
            foreach ((string kind, List<(string, double Share, int MedianSteps)> faults) in kinds)
            {
                result.Append(CultureInfo.InvariantCulture, $" found_{kind}_{name}={faults[i].Share:0.00} delay_{kind}_{name}={faults[i].MedianSteps}");
            }
        }

        foreach (float sigmas in new[] { 3f, 6, 20 })
        {
            (int exact, int opened) = FaultSuite.LastingShift(Series, sigmas, MinuteSettings);
            Print($"  lasting shift of {sigmas} sigma, 7 days: {exact} of {Series} noise series open once and close once; {opened} opened");
            result.Append(CultureInfo.InvariantCulture, $" lasting_{sigmas}={exact}");
        }

        foreach (string happening in StampSuite.Events)
        {
            int rows = StampSuite.Rows(happening, Series, MinuteSettings.OpenDecades, MinuteSettings);
            Print($"  {happening}: {rows} rows at T = {Text(MinuteSettings.OpenDecades)} in {Series} noise series and 4 hours");
            result.Append(CultureInfo.InvariantCulture, $" rows_{happening}={rows}");
        }
    }

    private static void RunCost(bool isFull, StringBuilder result)
    {
        double hot = StepCost.Measure(64, StepCost.InTurn, isFull ? 100_000 : 20_000, MinuteSettings);
        double cold = StepCost.Measure(100_000, StepCost.InTurn, isFull ? 60 : 10, MinuteSettings);
        double scattered = StepCost.Measure(100_000, StepCost.Scattered, isFull ? 60 : 10, MinuteSettings);
        Print($"CPU ns per step: {Text(hot, "0")} with 64 series; with 100,000 {Text(cold, "0")} in turn (budget 500), {Text(scattered, "0")} scattered");
        result.Append(CultureInfo.InvariantCulture, $" step_ns_hot={hot:0} step_ns_cold={cold:0} step_ns_scattered={scattered:0}");
    }

    private static void Print(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));

    private static string Text(double value, string format = "0.0") => value.ToString(format, CultureInfo.InvariantCulture);
}
