namespace MonitorCluster.Cluster.Sharding.Balance;

/// <summary>A load smoothed twice: fast to notice, slow to plan by.</summary>
/// <remarks>
/// Two exponential means of windows of 10 s, with half-lives of 30 s and 5 min. Windows that come one after the other on the same side, all off the slow mean by
/// more than two fifths, are a new level and no noise: both means start again from them. Without that the slow mean would take ten minutes to see a load that
/// has tripled. While a mean is young it is the plain mean of what there is. Cost: O(1), 32 bytes.
/// </remarks>
public struct LoadAverage
{
    private const double HotRate = 0.2062994740159; // 1 - 2^(-10/30)
    private const double PlanRate = 0.0228406318240; // 1 - 2^(-10/300)
    private const double JumpRatio = 1.4; // measurements scatter by a quarter: design, section 4.5
    private const int JumpWindows = 3; // bursts last 40 s in the mean

    private double hot;
    private double plan;
    private double jumped;
    private int windows;
    private int jumpWindows;

    /// <summary>The fast mean; 0 before the first window.</summary>
    public readonly double Hot => hot;

    /// <summary>The slow mean; 0 before the first window.</summary>
    public readonly double Plan => plan;

    /// <summary>Takes the load of one more window of 10 s.</summary>
    /// <param name="load">In any unit; not negative. What is not finite is ignored.</param>
    public void Observe(double load)
    {
        if (!double.IsFinite(load))
        {
            return;
        }

        windows++;
        hot += Math.Max(HotRate, 1.0 / windows) * (load - hot);
        int side = windows == 1 ? 0 : load > plan * JumpRatio ? 1 : load < plan / JumpRatio ? -1 : 0;
        plan += Math.Max(PlanRate, 1.0 / windows) * (load - plan);
        bool isFurther = side != 0 && Math.Sign(jumpWindows) == side;
        jumpWindows = isFurther ? jumpWindows + side : side;
        jumped = isFurther ? jumped + load : load;
        if (Math.Abs(jumpWindows) >= JumpWindows)
        {
            hot = plan = jumped / JumpWindows;
            windows = JumpWindows;
            jumpWindows = 0;
        }
    }
}
