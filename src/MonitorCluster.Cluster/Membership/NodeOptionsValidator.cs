using Microsoft.Extensions.Options;

namespace MonitorCluster.Cluster.Membership;

/// <summary>Checks <see cref="NodeOptions"/> before the node starts.</summary>
[OptionsValidator]
public sealed partial class NodeOptionsValidator : IValidateOptions<NodeOptions>;
