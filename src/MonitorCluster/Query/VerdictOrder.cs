using MonitorCluster.Alert;

namespace MonitorCluster.Query;

/// <summary>The order in which verdicts are shown, and kept when there are too many: what a person should look at first.</summary>
/// <remarks>Unusual, learning, usual, unjudged; in each the largest score first, then by labels.</remarks>
internal sealed class VerdictOrder : IComparer<SeriesVerdict>
{
    public static readonly VerdictOrder Instance = new();

    public int Compare(SeriesVerdict? x, SeriesVerdict? y)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(y);
        int phase = Rank(x.Phase).CompareTo(Rank(y.Phase));
        int score = phase != 0 ? phase : y.Score.CompareTo(x.Score);
        return score != 0 ? score : x.Labels.CompareTo(y.Labels);
    }

    private static int Rank(SeriesPhase phase) => phase switch
    {
        SeriesPhase.Unusual => 0,
        SeriesPhase.Learning => 1,
        SeriesPhase.Usual => 2,
        _ => 3,
    };
}
