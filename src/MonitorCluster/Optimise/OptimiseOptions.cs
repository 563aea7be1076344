using System.ComponentModel.DataAnnotations;

namespace MonitorCluster.Optimise;

/// <summary>Settings of the optimiser, section <c>Optimise</c>.</summary>
public sealed class OptimiseOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Optimise";

    /// <summary>Whether load is measured and balanced at all. Shards of members that leave or die are moved even when not.</summary>
    /// <value>Default true.</value>
    public bool Enabled { get; set; } = true;

    /// <summary>Whether plans are made, shown and logged, but never applied by themselves. An operator's <c>apply</c> is.</summary>
    /// <value>Default false.</value>
    public bool DryRun { get; set; }

    /// <summary>How often load is looked at.</summary>
    /// <value>Default 10 s; 1 s to 1 min. The trigger counts looks, so a shorter one plans sooner, on noisier figures.</value>
    [Range(typeof(TimeSpan), "00:00:01", "00:01:00")]
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long after its last move a plan is judged; after a third of it when it helped and the cluster is badly spread yet.</summary>
    /// <value>Default 60 s; 1 s to 10 min.</value>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan VerifyAfter { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>What plans are made of. <c>Balance</c> is the one to use; <c>Misjudge</c> takes the hottest node for the coldest, to see plans fail and be
    /// rolled back.</summary>
    /// <value>Default <see cref="OptimisePolicy.Balance"/>.</value>
    public OptimisePolicy Policy { get; set; }
}

/// <summary>What plans are made of.</summary>
public enum OptimisePolicy
{
    /// <summary>The loads as they were measured.</summary>
    Balance,

    /// <summary>For tests: the loads turned round, so that every prediction is wrong.</summary>
    Misjudge,
}
