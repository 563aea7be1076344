using MonitorCluster.Stream;

namespace MonitorCluster.SimulationTests.OneNode;

/// <summary>What is between a collector and the region of its own node: keeps the order, but may lose, repeat and change messages.</summary>
/// <remarks>Stands in the region's place by <see cref="UseRegion"/>.</remarks>
internal sealed class SimLink : ReceiveActor
{
    private IActorRef sender = ActorRefs.Nobody;

    /// <param name="region">The node's region.</param>
    /// <param name="owner">What is broken.</param>
    /// <param name="deliveries">How often a message arrives.</param>
    public SimLink(IActorRef region, BrokenOwner owner, Func<object, int> deliveries)
    {
        ReceiveAny(message =>
        {
            bool isUp = message is HelloCollector or OpenShard or BatchSection;
            sender = isUp ? Sender : sender;
            for (int i = deliveries(message); i > 0; i--)
            {
                foreach (object arrived in owner.Pass(message))
                {
                    (isUp ? region : sender).Tell(arrived, Self);
                }
            }
        });
    }
}
