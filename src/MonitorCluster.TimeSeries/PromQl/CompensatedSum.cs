namespace MonitorCluster.TimeSeries.PromQl;

/// <summary>A sum that keeps the rounding error of each addition and gives it back at the end.</summary>
/// <remarks>Source: Neumaier, "Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen", ZAMM 54, 1974.</remarks>
internal struct CompensatedSum
{
    private double sum;
    private double error;

    /// <summary>The sum so far; infinite or NaN as the plain sum would be.</summary>
    public readonly double Value => double.IsFinite(sum) ? sum + error : sum;

    /// <summary>Whether it is infinite: an infinite value was added, or it overflowed.</summary>
    public readonly bool IsInfinite => double.IsInfinity(sum);

    /// <summary>Adds one value.</summary>
    public void Add(double value)
    {
        double total = sum + value;
        error = double.IsInfinity(total) ? 0 : error + (Math.Abs(sum) >= Math.Abs(value) ? (sum - total) + value : (value - total) + sum);
        sum = total;
    }

    /// <summary>Multiplies what was added so far.</summary>
    public void Scale(double factor)
    {
        sum *= factor;
        error *= factor;
    }

    /// <summary>Divides what was added so far.</summary>
    public void Divide(double divisor)
    {
        sum /= divisor;
        error /= divisor;
    }
}

/// <summary>A mean: the compensated sum over the count, or, when that sum would overflow, a mean corrected value by value.</summary>
internal struct CompensatedMean
{
    private CompensatedSum sum;
    private bool isIncremental;

    /// <summary>How many values were added.</summary>
    public int Count { get; private set; }

    /// <summary>The mean; call only after an addition.</summary>
    public readonly double Value
    {
        get
        {
            if (isIncremental)
            {
                return sum.Value;
            }

            CompensatedSum mean = sum;
            mean.Divide(Count);
            return mean.Value;
        }
    }

    /// <summary>Adds one value.</summary>
    public void Add(double value)
    {
        Count++;
        if (!isIncremental)
        {
            CompensatedSum next = sum;
            next.Add(value);
            if (Count == 1 || !next.IsInfinite)
            {
                sum = next;
                return;
            }

            isIncremental = true;
            sum.Divide(Count - 1);
        }

        sum.Scale((Count - 1) / (double)Count);
        sum.Add(value / Count);
    }
}
