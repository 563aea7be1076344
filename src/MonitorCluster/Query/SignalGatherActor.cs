using MonitorCluster.Alert;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Query;

/// <summary>Asks every shard of the cluster for its signals, for an actor that must not wait: one question at a time, each answered in time.</summary>
/// <remarks>Shards that nobody serves now are left out, and the answer says that it is a part.</remarks>
internal sealed class SignalGatherActor : ReceiveActor
{
    // Less than a look: what comes later would be an answer to the last one.
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly ShardGather gather;

    public SignalGatherActor(ShardGather gather)
    {
        this.gather = gather;
        ReceiveAsync<AskFleetSignals>(AnswerAsync);
    }

    private async Task AnswerAsync(AskFleetSignals question)
    {
        IActorRef asker = Sender;
        var parts = new List<MetricSignals>();
        var scope = new QueryScope(AnswerTimeout, takesPart: true) { Patience = Patience };
        try
        {
            await gather.AskAsync(
                null, AnswerTimeout, () => new QueryLeg { Kind = QueryLegKind.Signals }, (_, answer) => parts.AddRange(answer.Signals), scope,
                CancellationToken.None);
            asker.Tell(new FleetSignals(question.Look, MetricSignals.Sum(parts, int.MaxValue), scope.IsPart));
        }
        catch (Exception e) when (e is QueryException or StoreUnavailableException or OperationCanceledException)
        {
            asker.Tell(new FleetSignals(question.Look, [], IsPart: true, e.Message));
        }
    }
}
