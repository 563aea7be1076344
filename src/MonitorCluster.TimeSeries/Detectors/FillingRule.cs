using System.Runtime.InteropServices;

namespace MonitorCluster.TimeSeries.Detectors;

/// <summary>Foretells when something free (bytes, inodes) is used up. At most 200 bytes.</summary>
/// <remarks>
/// Every step looks back over spans from eight points to six hours, the shortest first. Filling = in one of them, three steps in a row:
/// (1) at least 80 % of the pairs of points fall, and nowhere in it the value rises by 2.5 % from its low;
/// (2) the value over the <see cref="TheilSen"/> slope, which is the time left, is under 24 h;
/// (3) and under 19 spans, which is to say that a twentieth of what was there has gone within the span: ten hours are not foretold from twenty seconds;
/// (4) and under half a span where the series came back from such a low in the last two days and the low was no danger: rotated logs, cleaned caches.
/// Full = at most 0.5 % of the largest value seen: filling with no time left. Ends after ten steps in a row in which the span that told it rises,
/// stands, or leaves more than twice the limit, and the value is over 1 % of the largest.
/// Steps not newer than the newest and values that are no numbers change nothing. Blittable; one writer.
/// Cost: a constant or growing series compares its 26 points; a falling one fits up to 19 lines.
/// </remarks>
[StructLayout(LayoutKind.Sequential)]
public struct FillingRule
{
    private const float LeftSecondsMax = 24 * 3_600;
    private const float SpansMax = 19; // the most that a span may foretell
    private const float SpansAfterRebound = 0.5f;
    private const float FallingShareMin = 0.8f;
    private const int PointsMin = 8; // fewer are in falling order by chance too often
    private const float NearestShare = 1f / 32; // of a span: what is nearer says more of the noise than of its slope
    private const float Hysteresis = 2;
    private const int TellSteps = 3;
    private const int EndSteps = 10;
    private const float FullShare = 0.005f;
    private const float ReboundShare = 0.025f; // rises less than this above its low it has not come back from it
    private const float DangerShare = 0.1f; // of the largest value: who came back from less was lucky
    private const float ReboundMargin = 0.125f; // of the fall: so much above the low it came back from is still nothing new
    private const uint ReboundSecondsMax = 2 * 86_400; // one turn of a daily rotation and some
    private ThinnedPoints points;
    private long newestMs;
    private float largest;
    private float low; // since the last rebound
    private float reboundLow; // 0 = none
    private uint reboundSeconds; // when, in seconds since 1970
    private uint riseSeconds; // when it last came back from any low
    private float spanSeconds; // the span that told it
    private float secondsLeft;
    private byte tellSteps;
    private byte endSteps;
    private byte filling;

    /// <summary>Whether it is filling up, or full.</summary>
    public readonly bool IsFilling => filling != 0;

    /// <summary>Time until nothing is left in seconds as of the last step, 0 when full; infinite when it is not filling.</summary>
    public readonly float SecondsLeft => IsFilling ? secondsLeft : float.PositiveInfinity;

    /// <summary>Takes one closed step.</summary>
    /// <param name="endMs">End of the step, milliseconds since 1970.</param>
    /// <param name="value">Mean of what is free in the step, at least 0.</param>
    /// <param name="stepMs">Length of the step in milliseconds.</param>
    /// <returns>True when <see cref="IsFilling"/> changed.</returns>
    public bool Step(long endMs, float value, long stepMs)
    {
        _ = stepMs; // the points have times of their own; the other rules want it, and callers treat them alike
        if (endMs <= newestMs || !float.IsFinite(value))
        {
            return false;
        }

        value = Math.Max(0, value);
        points.Add(endMs, endMs - newestMs, value);
        newestMs = endMs;
        NoteLow(value);
        bool told = value <= largest * FullShare ? TellFull() : Tell(value);
        return IsFilling ? End(told, value) : Begin(told);
    }

    private void NoteLow(float value)
    {
        if (value > largest)
        {
            (largest, low) = (value, largest == 0 ? value : low);
        }

        uint seconds = (uint)(newestMs / 1_000);
        if (reboundLow > 0 && seconds - reboundSeconds > ReboundSecondsMax)
        {
            reboundLow = 0;
        }

        if (value <= low)
        {
            low = value;
        }
        else if (value > low * (1 + ReboundShare))
        {
            if (low >= largest * DangerShare && (reboundLow == 0 || low <= reboundLow * (1 + ReboundShare)))
            {
                (reboundLow, reboundSeconds) = (low, seconds);
            }

            (low, riseSeconds) = (value, seconds);
        }
    }

    private bool Begin(bool told)
    {
        tellSteps = (byte)(told ? tellSteps + 1 : 0);
        if (tellSteps < TellSteps)
        {
            return false;
        }

        (filling, tellSteps, endSteps) = (1, 0, 0);
        return true;
    }

    private bool End(bool told, float value)
    {
        bool calm = !told && value > largest * FullShare * Hysteresis && IsCalm(value);
        endSteps = (byte)(calm ? endSteps + 1 : 0);
        if (endSteps < EndSteps)
        {
            return false;
        }

        (filling, endSteps) = (0, 0);
        return true;
    }

    // Any span will show whether a full one is emptied, the shortest does first.
    private bool TellFull()
    {
        (spanSeconds, secondsLeft) = (0, 0);
        return largest > 0;
    }

    private bool Tell(float value)
    {
        uint seconds = (uint)(newestMs / 1_000);
        for (int oldest = points.Count - PointsMin; oldest >= 0; oldest--)
        {
            float fall = points.Value(oldest) - value;
            float span = points.AgeSeconds(oldest);
            if (fall * SpansMax < value || seconds - riseSeconds < span)
            {
                continue; // the line may be right for the near end only: (3) holds for what has gone within the span, too
            }

            float limit = Math.Min(LeftSecondsMax, span * (CameBackFrom(value + (fall * ReboundMargin)) ? SpansAfterRebound : SpansMax));
            (float slope, float fallingShare) = Line(oldest);
            if (fallingShare >= FallingShareMin && value < -slope * limit)
            {
                (spanSeconds, secondsLeft) = (span, value / -slope);
                return true;
            }
        }

        return false;
    }

    private readonly bool CameBackFrom(float value) => reboundLow > 0 && reboundLow <= value;

    // Whether the span that told it would no longer tell it at twice the limit. Too few points after a gap say nothing.
    private bool IsCalm(float value)
    {
        int oldest = points.Count - PointsMin;
        if (oldest < 0)
        {
            return false;
        }

        while (oldest > 0 && points.AgeSeconds(oldest) < spanSeconds)
        {
            oldest--;
        }

        float limit = Hysteresis * Math.Min(LeftSecondsMax, points.AgeSeconds(oldest) * SpansMax);
        (float slope, _) = Line(oldest);
        if (value > -slope * limit)
        {
            return true;
        }

        secondsLeft = value / -slope;
        return false;
    }

    private readonly (float Slope, float FallingShare) Line(int oldest)
    {
        Span<float> ages = stackalloc float[TheilSen.PointsMax], values = stackalloc float[TheilSen.PointsMax];
        (int taken, int newest) = (0, points.Count - 1);
        float nearest = points.AgeSeconds(oldest) * NearestShare;
        for (int i = oldest; i < newest && taken < TheilSen.PointsMax - 1 && points.AgeSeconds(i) >= nearest; i++)
        {
            (ages[taken], values[taken++]) = (points.AgeSeconds(i), points.Value(i));
        }

        (ages[taken], values[taken++]) = (0, points.Value(newest));
        return TheilSen.Of(ages[..taken], values[..taken]);
    }
}
