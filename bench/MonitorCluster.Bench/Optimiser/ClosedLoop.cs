namespace MonitorCluster.Bench.Optimiser;

/// <summary>A day of a cluster under one policy.</summary>
internal static class ClosedLoop
{
    public static readonly string[] Policies = ["planner", "two choices", "by count"];

    public static (LoopMetrics Metrics, SimulatedCluster Cluster, LoopPolicy Policy) Run(Scenario scenario, int seed, string policyName)
    {
        SimulatedCluster cluster = new(scenario, seed);
        LoopPolicy policy = policyName switch
        {
            "planner" => new PlannerPolicy(cluster),
            "two choices" => new TwoChoicesPolicy(cluster, seed),
            _ => new CountPolicy(cluster),
        };
        LoopMetrics metrics = new(scenario);
        int windows = (int)(scenario.Hours * 3_600 / SimulatedCluster.WindowSeconds);
        for (int window = 0; window < windows; window++)
        {
            double now = (double)window * SimulatedCluster.WindowSeconds;
            cluster.Advance(window);
            metrics.Observe(cluster, now);
            policy.Decide(now);
            for (int second = 0; second < SimulatedCluster.WindowSeconds; second++)
            {
                policy.Step(now + second);
            }
        }

        metrics.Count(cluster);
        return (metrics, cluster, policy);
    }
}
