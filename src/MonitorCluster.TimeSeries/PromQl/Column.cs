using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.TimeSeries.PromQl;

/// <summary>One series of an intermediate result: a cell for each step of the query.</summary>
/// <remarks>
/// A cell without a value holds the stale marker. No operation can make those bits by accident: it is a signalling NaN, and arithmetic yields
/// quiet ones only; selectors leave stale samples out. So labels are handled once a series, not once a step, and cells need no bitmap.
/// </remarks>
internal sealed class Column(LabelSet labels, double[] cells)
{
    /// <summary>The cell of a step at which the series has no value.</summary>
    public static readonly double Absent = Sample.StaleMarker;

    public LabelSet Labels { get; } = labels;

    /// <summary>Owned by this column: an operation may overwrite its operand's.</summary>
    public double[] Cells { get; } = cells;

    /// <summary>Whether a cell has no value.</summary>
    public static bool IsAbsent(double cell) => Sample.IsStaleMarker(cell);

    /// <summary>Whether any cell has a value.</summary>
    public bool HasAny()
    {
        foreach (double cell in Cells)
        {
            if (!IsAbsent(cell))
            {
                return true;
            }
        }

        return false;
    }
}
