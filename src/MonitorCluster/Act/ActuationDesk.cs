using System.Collections.Concurrent;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Query;

namespace MonitorCluster.Act;

/// <summary>What is asked about policies and actions, for the API and pbm. Safe for any thread.</summary>
/// <param name="reader">A store actor for reads.</param>
/// <param name="map">Who owns which shard.</param>
/// <param name="isOn">Whether this node has a folder of policies.</param>
internal sealed class ActuationDesk(IActorRef reader, RoutingMap map, bool isOn)
{
    /// <summary>The most actions that one question gives.</summary>
    public const int RecentMax = 1_000;

    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, PolicySnapshot> policies = new(StringComparer.Ordinal);

    /// <summary>Whether this node has a folder of policies (<see cref="ActOptions.PolicyDirectory"/>).</summary>
    public bool IsOn { get; } = isOn;

    /// <summary>What was counted on this node.</summary>
    public ActuationCounters Counters { get; } = new();

    /// <summary>This node's policies, ascending by name. How one stands knows only the node that acts for it: <see cref="PolicySnapshot.Owner"/>.</summary>
    public IReadOnlyList<PolicySnapshot> Policies()
    {
        ClusterRoutes routes = map.Current;
        return
        [
            .. policies.Values.OrderBy(p => p.Name, StringComparer.Ordinal)
                .Select(p => p with { Owner = routes.LivingMember(routes.Find(p.ShardId)?.Owner)?.NodeName }),
        ];
    }

    /// <summary>The newest actions of all policies, the newest first.</summary>
    /// <param name="max">At most so many, 1 to <see cref="RecentMax"/>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="StoreUnavailableException">The store failed, or did not answer in time.</exception>
    public async Task<IReadOnlyList<ActuationRow>> RecentAsync(int max, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(max, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(max, RecentMax);
        object answer;
        try
        {
            answer = await reader.Ask<object>(new StoreCommand("recent-actuations", s => s.RecentActuations(max)), AnswerTimeout, cancellationToken);
        }
        catch (AskTimeoutException e)
        {
            throw new StoreUnavailableException($"the actions were not read within {AnswerTimeout.TotalSeconds:0} s", e);
        }

        return answer switch
        {
            StoreReply reply => (IReadOnlyList<ActuationRow>)reply.Result!,
            StoreFailed failed => throw new StoreUnavailableException($"the actions could not be read: {failed.Error.Message}", failed.Error),
            _ => throw new InvalidOperationException($"the store answered with {answer.GetType()}"),
        };
    }

    /// <summary>Takes how a policy stands; its actor does. One that moved to another backend has its former one beside it.</summary>
    internal void Set(PolicySnapshot policy) => policies[$"{policy.Name} {policy.Endpoint} {policy.Backend}"] = policy;
}
