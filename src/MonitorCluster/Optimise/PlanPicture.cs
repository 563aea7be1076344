namespace MonitorCluster.Optimise;

/// <summary>How load lies on the nodes at one moment: measured, or predicted. Immutable.</summary>
/// <param name="Imbalance">The hottest node's load by the mean; 1 is even.</param>
/// <param name="HottestCpu">The largest share of a node's processors that is in use, 0 to 1.</param>
/// <param name="MailboxDelay">The longest time of any node that 99 % of its shards' messages wait less than, seconds; null when it is not known.</param>
/// <param name="TotalCpu">Cores in use by all nodes.</param>
/// <param name="Nodes">Each node, by name.</param>
internal sealed record PlanPicture(double Imbalance, double HottestCpu, double? MailboxDelay, double TotalCpu, IReadOnlyList<PlanNode> Nodes);

/// <summary>The load of one node.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Load">Load relative to what it can bear: 1 is 70 % of its processors or 80 % of its memory, whichever it is nearer to.</param>
/// <param name="Cpu">Cores in use.</param>
/// <param name="Memory">Bytes in use.</param>
/// <param name="Shards">Shards that it owns.</param>
/// <param name="SamplesPerSecond">Samples that they take a second; null where it is not known.</param>
internal sealed record PlanNode(string Name, double Load, double Cpu, double Memory, int Shards, double? SamplesPerSecond);
