using Microsoft.Extensions.Options;

namespace MonitorCluster.Collect;

/// <summary>Checks <see cref="CollectOptions"/> before the node starts.</summary>
[OptionsValidator]
public sealed partial class CollectOptionsValidator : IValidateOptions<CollectOptions>;
