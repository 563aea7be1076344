using MonitorCluster.Stream;

namespace MonitorCluster.SimulationTests.OneNode;

/// <summary>The network between a collector and a region: keeps the order, but loses and repeats messages, and is cut at times.</summary>
/// <remarks>
/// Stands in the region's place by <see cref="UseRegion"/>. Some mutations live here: what a collector cannot tell from an owner that breaks the
/// rule is as good as one.
/// </remarks>
internal sealed class SimLink : ReceiveActor
{
    private readonly IActorRef region;
    private readonly SimWorld world;
    private IActorRef sender = ActorRefs.Nobody;

    /// <param name="region">The node's region.</param>
    /// <param name="world">Its faults, what to break, and the broken owner's numbers: they outlive its process, as marks do.</param>
    public SimLink(IActorRef region, SimWorld world)
    {
        (this.region, this.world) = (region, world);
        (Mutation mutation, SectionNumbers numbers) = (world.Mutation, world.Numbers);
        Up<HelloCollector>();
        Up<OpenShard>();
        Down<CollectorWelcome>();
        Down<NotOwner>();
        switch (mutation)
        {
            case Mutation.Renumbered or Mutation.NoSequenceCheck or Mutation.GapsAccepted:
                Up<BatchSection>(m => numbers.Translate(m, mutation));
                Down<ShardOpened>(numbers.Translate);
                Down<BatchesReceived>(numbers.Translate);
                Down<BatchesDurable>(numbers.Translate);
                Down<BatchRefused>(numbers.Translate);
                break;
            default:
                Up<BatchSection>();
                Down<ShardOpened>();
                Down<BatchesDurable>();
                Down<BatchRefused>();
                Down<BatchesReceived>(received => received, mutation == Mutation.AckBeforeCommit
                    ? received => new BatchesDurable(received.ShardId, received.CollectorId, received.LastSeq)
                    : null);
                break;
        }
    }

    private int Deliveries(object message)
    {
        int times = world.Faults.Deliveries();
        if (world.IsTraced)
        {
            world.Say($"link: {times} x {message}");
        }

        return times;
    }

    private void Up<T>(Func<T, T>? change = null)
        where T : class => Receive<T>(message =>
    {
        sender = Sender;
        for (int i = Deliveries(message); i > 0; i--)
        {
            region.Tell(change?.Invoke(message) ?? message, Self);
        }
    });

    private void Down<T>(Func<T, T>? change = null, Func<T, object>? more = null)
        where T : class => Receive<T>(message =>
    {
        T changed = change?.Invoke(message) ?? message;
        for (int i = Deliveries(message); i > 0; i--)
        {
            sender.Tell(changed, Self);
            if (more is not null)
            {
                sender.Tell(more(changed), Self);
            }
        }
    });
}
