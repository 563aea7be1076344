using Microsoft.Extensions.Options;

namespace MonitorCluster.Cluster.Membership;

/// <summary>Checks <see cref="ClusterOptions"/> before the node starts.</summary>
[OptionsValidator]
public sealed partial class ClusterOptionsValidator : IValidateOptions<ClusterOptions>;
