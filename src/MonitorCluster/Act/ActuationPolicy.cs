using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Act;

/// <summary>What may be done to the servers of one HAProxy backend, by which metrics, within which bounds. Immutable.</summary>
/// <remarks>Written as a file of <see cref="ActOptions.PolicyDirectory"/>; docs/formats/actuation-policy.md explains every key.</remarks>
internal sealed record ActuationPolicy
{
    /// <summary>Unique among the policies.</summary>
    public required string Name { get; init; }

    /// <summary>The file, for people.</summary>
    public string File { get; init; } = string.Empty;

    /// <summary>Changes with the file: a policy that was turned off by itself goes on when its file was changed.</summary>
    public string Revision { get; init; } = string.Empty;

    /// <summary>Whether everything is decided and noted, and nothing is done.</summary>
    public bool IsDryRun { get; init; } = true;

    /// <summary>Whether all that is left to do is to take back what it did: its file is gone.</summary>
    public bool IsRetired { get; init; }

    /// <summary>Where HAProxy's runtime API listens.</summary>
    public required HaproxyEndpoint Endpoint { get; init; }

    /// <summary>The backend.</summary>
    public required string Backend { get; init; }

    /// <summary>Its servers that may be touched; empty for all.</summary>
    public IReadOnlyList<string> Servers { get; init; } = [];

    /// <summary>One value for each server: how long it takes.</summary>
    public PromQlQuery? Latency { get; init; }

    /// <summary>The share of requests that fail, 0 to 1.</summary>
    public PromQlQuery? Errors { get; init; }

    /// <summary>What the policy is for, lower is better; null for the servers' latency, each counted by its weight.</summary>
    public PromQlQuery? Goal { get; init; }

    /// <summary>While it yields anything but 0, nothing new is done: a deploy, a maintenance. Null for never.</summary>
    public PromQlQuery? HoldWhile { get; init; }

    /// <summary>The label of <see cref="Latency"/> that names the server as HAProxy does.</summary>
    public string ServerLabel { get; init; } = "server";

    /// <summary>How often the metrics have new values.</summary>
    public TimeSpan ScrapeInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The least weight of a server, in percent of its initial one.</summary>
    public int PercentMin { get; init; } = 10;

    /// <summary>The largest weight of a server, in percent of its initial one.</summary>
    public int PercentMax { get; init; } = 100;

    /// <summary>The least sum of weights of the servers that are up, in percent of the sum of their initial ones.</summary>
    public int CapacityPercentMin { get; init; } = 60;

    /// <summary>How much less a weight becomes in one step, at most; one that rises may rise by the inverse.</summary>
    public int StepPercent { get; init; } = 20;

    /// <summary>Changes smaller than this are not made.</summary>
    public int DeadBandPercent { get; init; } = 10;

    /// <summary>How often the metrics are looked at.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How many windows in a row must say the same.</summary>
    public int WindowsAgree { get; init; } = 5;

    /// <summary>The time between two steps of the policy, at least.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The time constant by which latencies are smoothed.</summary>
    public TimeSpan Smoothing { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long after a step it is judged whether things are worse.</summary>
    public TimeSpan VerifyAfter { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>After which time a server gets its initial weight again unless the action is renewed.</summary>
    public TimeSpan TimeToLive { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long after a step no step in the other direction is made on the same server, and after a revert none at all.</summary>
    public TimeSpan CoolDown { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Steps within 24 hours, at most.</summary>
    public int DailyBudget { get; init; } = 50;

    /// <summary>By how much the goal may be worse after a step before the step is taken back.</summary>
    public int GoalRisePercent { get; init; } = 5;

    /// <summary>By how many percentage points the share of failed requests may rise before a step is taken back.</summary>
    public double ErrorRisePercent { get; init; } = 1;

    /// <summary>The name of one of its servers in the outbox.</summary>
    public string TargetOf(string server) => $"{Endpoint.Text} {Backend}/{server}";

    /// <summary>The server that a target in the outbox names; null when it is none of this policy's backend.</summary>
    public string? ServerOf(string target)
    {
        string prefix = TargetOf(string.Empty);
        return target.StartsWith(prefix, StringComparison.Ordinal) && HaproxyNames.IsValid(target[prefix.Length..]) ? target[prefix.Length..] : null;
    }
}
