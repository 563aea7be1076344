namespace MonitorCluster.Actors;

internal sealed partial class ActorCell
{
    private readonly HashSet<InternalActorRef> _watchers = []; // who wants to know of our end
    private readonly HashSet<InternalActorRef> _watching = []; // whose end we want to know
    private readonly HashSet<IActorRef> _endedUntold = []; // whose end waits in our mailbox

    public IActorRef Watch(IActorRef actor)
    {
        if (actor is not InternalActorRef watched)
        {
            throw new ArgumentException("Only actors of an actor system can be watched", nameof(actor));
        }

        if (!ReferenceEquals(watched, SelfRef) && _watching.Add(watched))
        {
            watched.SendSystem(new WatchMessage(SelfRef));
        }

        return actor;
    }

    public void Unwatch(IActorRef actor)
    {
        _endedUntold.Remove(actor);
        if (actor is InternalActorRef watched && _watching.Remove(watched))
        {
            watched.SendSystem(new UnwatchMessage(SelfRef));
        }
    }

    private void Died(InternalActorRef actor)
    {
        if (_watching.Remove(actor) && _endedUntold.Add(actor))
        {
            Mailbox.PostUnlimited(new Terminated(actor), actor);
        }

        if (FindChild(actor) is { } stats)
        {
            RemoveChild(stats);
            ContinueWithoutChildren();
        }
    }
}
