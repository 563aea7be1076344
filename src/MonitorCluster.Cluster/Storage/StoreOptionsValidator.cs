using Microsoft.Extensions.Options;

namespace MonitorCluster.Cluster.Storage;

/// <summary>Checks <see cref="StoreOptions"/> before the node starts.</summary>
[OptionsValidator]
public sealed partial class StoreOptionsValidator : IValidateOptions<StoreOptions>;
