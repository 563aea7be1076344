using MonitorCluster.Stream;

namespace MonitorCluster.SimulationTests.World;

/// <summary>
/// What stands between a collector and an owner, and makes the owner look as if it broke a rule: what a collector cannot tell from an owner that
/// breaks the rule is as good as one. The numbers outlive the owner's process, as marks do.
/// </summary>
internal sealed class BrokenOwner(Mutation mutation)
{
    private readonly SectionNumbers numbers = new();
    private readonly Dictionary<(int ShardId, Guid CollectorId, long Session), BatchSection> lastSections = [];

    /// <summary>Whether sections and answers have other numbers than the program gave them.</summary>
    public bool IsRenumbering => mutation is Mutation.Renumbered or Mutation.NoSequenceCheck or Mutation.GapsAccepted;

    /// <summary>Whether anything is changed on the way.</summary>
    public bool IsThere => IsRenumbering || mutation is Mutation.AckBeforeCommit or Mutation.ReleasedOwnerAccepts;

    /// <summary>What arrives of a message of Protocol.cs.</summary>
    public IEnumerable<object> Pass(object message)
    {
        switch (message)
        {
            case BatchSection section when IsRenumbering:
                return [numbers.Translate(section, mutation)];
            case ShardOpened opened when IsRenumbering:
                return [numbers.Translate(opened)];
            case BatchesReceived received when IsRenumbering:
                return [numbers.Translate(received)];
            case BatchesDurable durable when IsRenumbering:
                return [numbers.Translate(durable)];
            case BatchRefused refused when IsRenumbering:
                return [numbers.Translate(refused)];
            case BatchesReceived received when mutation == Mutation.AckBeforeCommit:
                return [received, new BatchesDurable(received.ShardId, received.CollectorId, received.LastSeq)];
            case BatchSection section when mutation == Mutation.ReleasedOwnerAccepts:
                lastSections[(section.ShardId, section.CollectorId, section.Session)] = section;
                return [section];
            case NotOwner refused when mutation == Mutation.ReleasedOwnerAccepts
                && lastSections.TryGetValue((refused.ShardId, refused.CollectorId, refused.Session), out BatchSection? last):
                return [new BatchesDurable(last.ShardId, last.CollectorId, last.Seq), refused];
            default:
                return [message];
        }
    }
}
