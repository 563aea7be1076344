namespace MonitorCluster.Bench.Detect;

/// <summary>What a profile of the benchmark charges.</summary>
/// <param name="Name">The key in the result line.</param>
/// <param name="FalseRow">Cost of a row detected outside all windows, at most.</param>
/// <param name="Miss">Cost of a window without a detection.</param>
internal sealed record NabProfile(string Name, double FalseRow, double Miss)
{
    /// <summary>The three profiles of the benchmark.</summary>
    public static readonly NabProfile[] All = [new("standard", 0.11, 1), new("low_fp", 0.22, 1), new("low_fn", 0.11, 2)];
}

/// <summary>What was detected at a threshold.</summary>
/// <param name="WindowsHit">Windows with at least one detected row after the probation.</param>
/// <param name="FalseRows">Detected rows outside all windows.</param>
internal readonly record struct NabCounts(int WindowsHit, int FalseRows);

/// <summary>The benchmark's score of a detector over a set of files.</summary>
/// <remarks>
/// A window counts once, by its earliest (most valuable) detected row; every false row costs. Normalised: 0 = nothing detected, 100 = every
/// window at its first row and no false row. Only scores over 0 can be detections.
/// </remarks>
internal sealed class NabScorer(IReadOnlyList<NabFile> files)
{
    /// <summary>Number of windows in all files.</summary>
    public int WindowCount { get; } = files.Sum(f => f.WindowCount);

    /// <summary>The threshold with the best score, and that score.</summary>
    /// <param name="scores">One array per file, one score per row.</param>
    /// <param name="profile">The profile.</param>
    public (double Threshold, double Score) Best(float[][] scores, NabProfile profile)
    {
        var rows = new List<(float Score, double Worth, int Window)>();
        int firstWindow = 0;
        for (int f = 0; f < files.Count; f++)
        {
            NabFile file = files[f];
            for (int row = 0; row < file.Values.Length; row++)
            {
                if (scores[f][row] > 0 && file.WindowOf[row] != NabFile.Probation)
                {
                    int window = file.WindowOf[row] == NabFile.NoWindow ? NabFile.NoWindow : firstWindow + file.WindowOf[row];
                    rows.Add((scores[f][row], file.Worth[row], window));
                }
            }

            firstWindow += file.WindowCount;
        }

        // From the highest score down: with each row the threshold falls, and the sum changes by what that row adds.
        rows.Sort((a, b) => b.Score.CompareTo(a.Score));
        double[] windows = Missed(WindowCount, profile);
        double sum = windows.Sum(), best = sum, threshold = double.PositiveInfinity;
        for (int i = 0; i < rows.Count; i++)
        {
            sum += Gain(windows, rows[i].Window, rows[i].Worth, profile);
            if (sum > best && (i + 1 == rows.Count || rows[i + 1].Score < rows[i].Score))
            {
                (best, threshold) = (sum, rows[i].Score);
            }
        }

        return (threshold, Normalise(best, profile));
    }

    /// <summary>The score with a given threshold.</summary>
    public double At(float[][] scores, double threshold, NabProfile profile)
    {
        double sum = 0;
        for (int f = 0; f < files.Count; f++)
        {
            double[] windows = Missed(files[f].WindowCount, profile);
            sum += windows.Sum();
            foreach (int row in Detected(f, scores, threshold))
            {
                sum += Gain(windows, files[f].WindowOf[row], files[f].Worth[row], profile);
            }
        }

        return Normalise(sum, profile);
    }

    /// <summary>Windows hit and false rows with a given threshold.</summary>
    public NabCounts Count(float[][] scores, double threshold)
    {
        int hit = 0, falseRows = 0;
        for (int f = 0; f < files.Count; f++)
        {
            int[] windows = [.. Detected(f, scores, threshold).Select(row => files[f].WindowOf[row])];
            falseRows += windows.Count(w => w == NabFile.NoWindow);
            hit += windows.Where(w => w >= 0).Distinct().Count();
        }

        return new NabCounts(hit, falseRows);
    }

    private IEnumerable<int> Detected(int file, float[][] scores, double threshold) =>
        Enumerable.Range(0, files[file].Values.Length)
            .Where(row => scores[file][row] > 0 && scores[file][row] >= threshold && files[file].WindowOf[row] != NabFile.Probation);

    private static double[] Missed(int windows, NabProfile profile)
    {
        var missed = new double[windows];
        Array.Fill(missed, -profile.Miss);
        return missed;
    }

    // What a detected row adds to the sum; a window's value rises to its best row's.
    private static double Gain(double[] windows, int window, double worth, NabProfile profile)
    {
        if (window == NabFile.NoWindow)
        {
            return profile.FalseRow * worth;
        }

        double gain = Math.Max(0, worth - windows[window]);
        windows[window] += gain;
        return gain;
    }

    private double Normalise(double sum, NabProfile profile)
    {
        double nothing = -profile.Miss * WindowCount;
        return 100 * (sum - nothing) / (WindowCount - nothing);
    }
}
