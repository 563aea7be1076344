using MonitorCluster.Soak.Processes;

namespace MonitorCluster.Soak.Rounds;

/// <summary>One kind of fault: whom it strikes, how, and what may come of it.</summary>
internal abstract class Round
{
    /// <summary>Its name on the command line.</summary>
    public abstract string Name { get; }

    /// <summary>The longest gap that is promised.</summary>
    public virtual double GapMaxSeconds => double.PositiveInfinity;

    /// <summary>The median gap that is promised.</summary>
    public virtual double GapMedianSeconds => double.PositiveInfinity;

    /// <summary>Whether a struck node may be declared dead and start again.</summary>
    public virtual bool MayEvict => false;

    /// <summary>Whether it is about PostgreSQL, so that another store makes no sense.</summary>
    public virtual bool NeedsPostgres => false;

    /// <summary>Whether it cuts the network.</summary>
    public virtual bool NeedsCuts => false;

    /// <summary>Whether every node must have shards when a round begins, and not only when the first one does.</summary>
    public virtual bool NeedsSpread => true;

    /// <summary>What the cluster must be like.</summary>
    public virtual ClusterPlan Plan(ClusterPlan plan) => plan;

    /// <summary>Chooses whom to strike.</summary>
    public virtual ClusterNode[] Choose(RoundContext context) => context.ChooseOwners(1);

    /// <summary>Hosts whose shards the fault does not touch.</summary>
    public virtual IReadOnlyList<string> Untouched(RoundContext context, ClusterNode[] victims) => context.HostsOf(context.Cluster.Nodes.Except(victims));

    /// <summary>Strikes, measures, and takes the fault back; the cluster need not be whole then.</summary>
    public abstract Task<Strike> StrikeAsync(RoundContext context, ClusterNode[] victims);

    /// <summary>Called once before the first round.</summary>
    public virtual Task BeginAsync(ClusterProcess cluster) => Task.CompletedTask;

    /// <summary>Called once after the last round, when the cluster is whole.</summary>
    /// <returns>What is wrong.</returns>
    public virtual Task<IReadOnlyList<string>> EndAsync(ClusterProcess cluster) => Task.FromResult<IReadOnlyList<string>>([]);

    /// <summary>More keys of the last line.</summary>
    public virtual IEnumerable<(string Key, double Value)> Figures => [];
}

/// <summary>What came of a strike.</summary>
internal sealed record Strike
{
    /// <summary>From the strike to samples of the struck shards being accepted and served again, in seconds; null when nothing was to be measured.</summary>
    public double? GapSeconds { get; init; }

    /// <summary>What is wrong besides.</summary>
    public IReadOnlyList<string> Faults { get; init; } = [];

    /// <summary>What else is worth a word on the round's line.</summary>
    public string Note { get; init; } = string.Empty;
}
