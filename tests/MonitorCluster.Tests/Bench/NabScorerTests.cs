using MonitorCluster.Bench.Detect;

namespace MonitorCluster.Tests.Bench;

/// <summary>The benchmark's scorer against numbers worked out by hand from the published rules.</summary>
/// <remarks>
/// One file of 20 rows a minute apart, a window of four rows from 10 to 13; 15 % = 3 rows are not scored. By hand:
/// sigma(-1) = 2/(1+e^-5) - 1 = 0.986614. Rows 10 to 13 are worth sigma(-4/4), sigma(-3/4), sigma(-2/4), sigma(-1/4) over that:
/// 1, 0.966989, 0.859793, 0.562124. Row 14 is one after the end: sigma(1/3) = -0.682262; row 16: sigma(3/3) = -0.986614. Rows before: -1.
/// </remarks>
public class NabScorerTests
{
    private static readonly NabProfile Standard = NabProfile.All[0], LowFalsePositives = NabProfile.All[1], LowMisses = NabProfile.All[2];
    private readonly NabFile file = FileOf(20, (10, 13));

    [Theory]
    [InlineData(10, 1)]
    [InlineData(11, 0.966989)]
    [InlineData(12, 0.859793)]
    [InlineData(13, 0.562124)]
    [InlineData(14, -0.682262)]
    [InlineData(16, -0.986614)]
    [InlineData(5, -1)]
    public void Worth_Row_IsTheSigmoidOfItsPosition(int row, double worth) => Assert.Equal(worth, file.Worth[row], 5);

    [Fact]
    public void At_WindowHitTwiceAndTwoFalseRows_CountsTheEarliestAndBoth()
    {
        float[][] scores = Scores((11, 3), (12, 4), (5, 3), (14, 3), (2, 9));

        // 0.966989 - 0.11 * 1 - 0.11 * 0.682262 = 0.781940; normalised 100 * (0.781940 + 1) / 2; row 2 is not scored.
        Assert.Equal(89.0970, new NabScorer([file]).At(scores, 3, Standard), 3);
        Assert.Equal(new NabCounts(1, 2), new NabScorer([file]).Count(scores, 3));

        // 0.966989 - 0.22 * 1.682262 = 0.596891; a miss costs 2 of 3 in the profile against misses: (0.781940 + 2) / 3.
        Assert.Equal(79.8446, new NabScorer([file]).At(scores, 3, LowFalsePositives), 3);
        Assert.Equal(92.7313, new NabScorer([file]).At(scores, 3, LowMisses), 3);
    }

    [Fact]
    public void Best_HigherThresholdLosesLess_IsChosen()
    {
        float[][] scores = Scores((11, 3), (12, 4), (5, 3), (14, 3));
        float[][] early = Scores((11, 3), (12, 4), (14, 3));

        (double threshold, double score) = new NabScorer([file]).Best(scores, Standard);
        (double earlyThreshold, double earlyScore) = new NabScorer([file]).Best(early, Standard);

        // At 4: 0.859793 alone, 92.9896. At 3 the file above gives less (89.0970); without the row at 5 it gives 0.891940 = 94.5970.
        Assert.Equal(4, threshold);
        Assert.Equal(92.9896, score, 3);
        Assert.Equal(3, earlyThreshold);
        Assert.Equal(94.5970, earlyScore, 3);
    }

    [Fact]
    public void Best_OnlyFalseRows_IsToDetectNothing()
    {
        (double threshold, double score) = new NabScorer([file]).Best(Scores((5, 3), (7, 8)), Standard);

        Assert.Equal(double.PositiveInfinity, threshold);
        Assert.Equal(0, score, 6);
    }

    [Fact]
    public void At_TwoFiles_SumsOverAllWindows()
    {
        NabFile calm = FileOf(20), second = FileOf(40, (10, 13), (30, 33));
        float[][] scores = [Scores((10, 5))[0], new float[20], [.. Enumerable.Repeat(0f, 30), 5, .. new float[9]]];

        // Two of three windows at their first rows: (2 - 1 + 3) / 6.
        Assert.Equal(66.6667, new NabScorer([file, calm, second]).At(scores, 1, Standard), 3);
        Assert.Equal(66.6667, new NabScorer([file, calm, second]).Best(scores, Standard).Score, 3);
    }

    [Fact]
    public void Windows_BetweenRowsAndOutOfOrder_CoverTheRowsInside()
    {
        string[] stamps = [.. Enumerable.Range(0, 20).Select(i => $"2026-01-01 00:{i:00}:00")];

        var between = new NabFile("f", stamps, new float[20], [("2026-01-01 00:14:30", "2026-01-01 00:16:30"), ("2026-01-01 00:05:00", "2026-01-01 00:05:30")]);

        Assert.Equal([5, 15, 16], Enumerable.Range(0, 20).Where(row => between.WindowOf[row] >= 0));
        Assert.Equal((0, 1), (between.WindowOf[5], between.WindowOf[15]));
        Assert.Throws<InvalidDataException>(() => new NabFile("f", stamps, new float[20], [("2026-01-01 00:14:10", "2026-01-01 00:14:30")]));
    }

    [Fact]
    public void Load_OtherFilesAndUnlabelledOnes_AreSkipped()
    {
        string folder = Directory.CreateTempSubdirectory("nab").FullName;
        try
        {
            Directory.CreateDirectory(Path.Combine(folder, "real"));
            string rows = "timestamp,value\n2026-01-01 00:00:00,1\n2026-01-01 00:01:00,2.5\n";
            File.WriteAllText(Path.Combine(folder, "real", "a.csv"), rows);
            File.WriteAllText(Path.Combine(folder, "real", "unlabelled.csv"), rows);
            File.WriteAllText(Path.Combine(folder, "real", "a.txt"), "not rows");
            string labels = Path.Combine(folder, "labels.json");
            File.WriteAllText(labels, """{"real/a.csv": [["2026-01-01 00:01:00.000000", "2026-01-01 00:01:00.000000"]], "real/absent.csv": []}""");

            NabFile loaded = Assert.Single(NabFile.Load(folder, labels));
            NabFile alone = Assert.Single(NabFile.Load(Path.Combine(folder, "real") + "/", labels));

            Assert.Equal(("real/a.csv", "real/a.csv"), (loaded.Name, alone.Name));
            Assert.Equal([1, 2.5f], loaded.Values);
            Assert.Equal([NabFile.NoWindow, 0], loaded.WindowOf);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static NabFile FileOf(int rows, params (int First, int Last)[] windows)
    {
        string[] stamps = [.. Enumerable.Range(0, rows).Select(i => $"2026-01-01 00:{i:00}:00")];
        return new NabFile("f", stamps, new float[rows], [.. windows.Select(w => (stamps[w.First], stamps[w.Last]))]);
    }

    private static float[][] Scores(params (int Row, float Score)[] detected)
    {
        var scores = new float[20];
        foreach ((int row, float score) in detected)
        {
            scores[row] = score;
        }

        return [scores];
    }
}
