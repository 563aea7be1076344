using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Cluster.Transport;

namespace MonitorCluster.Stream;

/// <summary>An agent's picture of the cluster without its mailbox: whom to ask next, and what the answers make of it.</summary>
/// <remarks>
/// One writer: the agent's mailbox. Asked are the seeds in turn, and, when none of them answers, the members it has heard of: an agent that once knew the
/// cluster finds it again while a single member lives.
/// </remarks>
internal sealed class AgentState(IReadOnlyList<string> seeds, ClusterShape own)
{
    private readonly IReadOnlyList<string> seeds = seeds.Count > 0 ? seeds : throw new ArgumentException("an agent needs seeds", nameof(seeds));
    private readonly SortedDictionary<int, ShardOwner> shards = [];
    private IReadOnlyList<MemberRow> members = [];
    private Guid clusterUuid;
    private int failuresInRow;
    private readonly List<string> refusals = []; // in a row
    private int next;

    /// <summary>The version of the picture; 0 before the first answer.</summary>
    public long Version { get; private set; }

    /// <summary>How many tries in a row have failed.</summary>
    public int FailuresInRow => failuresInRow;

    /// <summary>Whether all who could be asked have failed since the last answer.</summary>
    public bool HasTriedAll => failuresInRow >= Candidates.Count;

    /// <summary>Whom to ask now.</summary>
    public string Address => Candidates[next % Candidates.Count];

    private List<string> Candidates => [.. seeds.Concat(members.Where(m => m.Status == MemberStatus.Active).Select(m => m.Address)).Distinct()];

    /// <summary>An answer came.</summary>
    /// <returns>What to publish: a view, the end of the agent, or null when nothing is new.</returns>
    public object? OnAnswer(PeerIdentity peer, ReadOnlyMemory<byte> body)
    {
        if (!RouteCodec.TryDecodeAnswer(body, out RouteAnswer? answer))
        {
            return OnFailed(PeerFailure.Protocol, "its answer is none");
        }

        failuresInRow = 0;
        refusals.Clear();
        string[] differences = [.. Differences(answer.Shape)];
        if (differences.Length > 0)
        {
            return new MembershipRefused(differences);
        }

        if (clusterUuid != Guid.Empty && peer.ClusterUuid != Guid.Empty && peer.ClusterUuid != clusterUuid)
        {
            return new MembershipEvicted(0); // another store, whose epochs begin again: so must what this process knows of them
        }

        clusterUuid = peer.ClusterUuid != Guid.Empty ? peer.ClusterUuid : clusterUuid;
        return Apply(answer);
    }

    /// <summary>No answer came: the next one is asked.</summary>
    /// <returns>What to publish, or null.</returns>
    public object? OnFailed(PeerFailure failure, string reason)
    {
        string address = Address;
        failuresInRow++;
        next++;

        if (Version != 0 || failure is not (PeerFailure.WrongToken or PeerFailure.WrongCluster))
        {
            refusals.Clear();
            return null;
        }

        // One is a wrong seed, or one that is being set up anew. All of them, before the agent was ever let in, are a wrong setting.
        refusals.Add($"{address} refuses this agent: {reason}");
        return refusals.Count >= Candidates.Count ? new MembershipRefused([.. refusals]) : null;
    }

    /// <summary>Somebody knows more than the one who answers: the next one is asked.</summary>
    public void Turn() => next++;

    private ClusterViewChanged? Apply(RouteAnswer answer)
    {
        if (answer.Version <= Version || answer.FromVersion > Version)
        {
            return null; // a member that is behind, or an answer that was overtaken
        }

        foreach (ShardOwner shard in answer.Shards)
        {
            if (!shards.TryGetValue(shard.ShardId, out ShardOwner known) || shard.Epoch >= known.Epoch)
            {
                shards[shard.ShardId] = shard;
            }
        }

        members = answer.Members;
        Version = answer.Version;
        return new ClusterViewChanged(Version, members, [.. shards.Values]);
    }

    private IEnumerable<string> Differences(ClusterShape theirs)
    {
        if (theirs.ShardCount != own.ShardCount)
        {
            yield return $"Cluster:ShardCount is {own.ShardCount} here and {theirs.ShardCount} in the cluster";
        }

        if (theirs.MetricGroups != own.MetricGroups)
        {
            yield return $"Cluster:MetricGroups is {own.MetricGroups} here and {theirs.MetricGroups} in the cluster";
        }

        if (theirs.HashId != own.HashId)
        {
            yield return $"series are placed by {own.HashId} here and by {theirs.HashId} in the cluster: the programs' versions do not fit";
        }
    }
}
