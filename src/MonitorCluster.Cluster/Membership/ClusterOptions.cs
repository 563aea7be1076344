using System.ComponentModel.DataAnnotations;

namespace MonitorCluster.Cluster.Membership;

/// <summary>Which cluster a node belongs to, and what all its nodes must agree on.</summary>
public sealed class ClusterOptions : IValidatableObject
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Cluster";

    /// <summary>The cluster's name; a store belongs to one cluster.</summary>
    /// <value>Default <c>default</c>; 1 to 64 letters, digits, '.', '_' or '-'.</value>
    [Required]
    [RegularExpression("^[A-Za-z0-9._-]{1,64}$", ErrorMessage = "Cluster:Id must be 1 to 64 letters, digits, '.', '_' or '-'.")]
    public string Id { get; set; } = "default";

    /// <summary>Addresses (host:port, separated by commas) of nodes that let others join.</summary>
    /// <value>Default empty: this node starts the cluster by itself.</value>
    public string Seeds { get; set; } = string.Empty;

    /// <summary>The secret that joining nodes must know.</summary>
    /// <value>Default empty: none is needed while all listeners are on loopback.</value>
    public string JoinToken { get; set; } = string.Empty;

    /// <summary>A file that holds the secret, instead of <see cref="JoinToken"/>.</summary>
    /// <value>Default empty.</value>
    public string JoinTokenFile { get; set; } = string.Empty;

    /// <summary>Into how many shards the series are divided. Fixed when the store is created.</summary>
    /// <value>Default 1,024 (10 a node at 100 nodes; an empty shard costs a map entry); 1 to 65,536.</value>
    [Range(1, 65_536)]
    public int ShardCount { get; set; } = 1_024;

    /// <summary>Over how many shards the metrics of one host are spread. Fixed when the store is created.</summary>
    /// <value>Default 1: a host's series stay together; up to 65,536 for fleets with a few giant hosts.</value>
    [Range(1, 65_536)]
    public int MetricGroups { get; set; } = 1;

    /// <summary>The seeds one by one, in order.</summary>
    public IReadOnlyList<string> SeedAddresses => Seeds.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (JoinToken.Length > 0 && JoinTokenFile.Length > 0)
        {
            yield return new ValidationResult("Cluster:JoinToken and Cluster:JoinTokenFile are both set; set one of them.", [nameof(JoinToken)]);
        }

        foreach (string seed in SeedAddresses.Where(seed => !HostPort.IsValid(seed)))
        {
            yield return new ValidationResult($"Cluster:Seeds names '{seed}', which is not host:port.", [nameof(Seeds)]);
        }
    }
}
