using System.Globalization;
using MonitorCluster.TimeSeries.Detectors;

namespace MonitorCluster.Bench.Detect;

/// <summary>A detector over all files: a fresh model per file, which sees stamps and values row by row and nothing else.</summary>
internal static class NabRun
{
    /// <summary>The emitted scores, one array per file, one score per row.</summary>
    public static float[][] Score(IReadOnlyList<NabFile> files, AnomalySettings settings)
    {
        var scores = new float[files.Count][];
        for (int f = 0; f < files.Count; f++)
        {
            var model = default(AnomalyModel);
            (long[] times, float[] values) = (files[f].TimesMs, files[f].Values);
            scores[f] = new float[values.Length];
            for (int row = 0; row < values.Length; row++)
            {
                scores[f][row] = model.Score(times[row], values[row], settings).Emitted;
            }
        }

        return scores;
    }

    /// <summary>Writes one result file per file, named as the benchmark names them: FOLDER/monitorcluster_FILE.csv.</summary>
    public static void Write(string folder, IReadOnlyList<NabFile> files, float[][] scores)
    {
        for (int f = 0; f < files.Count; f++)
        {
            NabFile file = files[f];
            string path = Path.Combine(folder, Path.GetDirectoryName(file.Name)!, "monitorcluster_" + Path.GetFileName(file.Name));
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllLines(path, Enumerable.Range(0, file.Values.Length)
                .Select(row => string.Create(CultureInfo.InvariantCulture, $"{file.Stamps[row]},{file.Values[row]},{scores[f][row]}"))
                .Prepend("timestamp,value,anomaly_score"));
        }
    }
}
