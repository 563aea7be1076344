namespace MonitorCluster.Actors;

/// <summary>Publishes events to whoever subscribed to their type, a base type or an interface of it. Safe for any thread.</summary>
/// <remarks>An actor's subscriptions end with it. Publishing to nobody costs one look-up.</remarks>
public sealed class EventStream
{
    private readonly Lock _gate = new();
    private readonly List<(Type Type, IActorRef Subscriber)> _subscriptions = []; // guarded by _gate; a list keeps the order of subscribing

    // Subscribers by the event's own type, in the order they subscribed. Replaced as a whole under _gate, read without.
    private volatile Dictionary<Type, IActorRef[]> _routes = [];

    /// <summary>Subscribes to a type of events.</summary>
    /// <param name="subscriber">Gets the events.</param>
    /// <param name="channel">The events' type, a base type or an interface.</param>
    /// <returns>False when it had subscribed already.</returns>
    public bool Subscribe(IActorRef subscriber, Type channel)
    {
        ArgumentNullException.ThrowIfNull(subscriber);
        ArgumentNullException.ThrowIfNull(channel);
        lock (_gate)
        {
            if (_subscriptions.Contains((channel, subscriber)))
            {
                return false;
            }

            _subscriptions.Add((channel, subscriber));
            _routes = [];
            return true;
        }
    }

    /// <summary>Takes one subscription back.</summary>
    /// <param name="subscriber">Who had subscribed.</param>
    /// <param name="channel">To what.</param>
    /// <returns>False when there was none.</returns>
    public bool Unsubscribe(IActorRef subscriber, Type channel)
    {
        lock (_gate)
        {
            bool removed = _subscriptions.Remove((channel, subscriber));
            _routes = [];
            return removed;
        }
    }

    /// <summary>Takes all subscriptions of an actor back.</summary>
    /// <param name="subscriber">Who had subscribed.</param>
    public void Unsubscribe(IActorRef subscriber)
    {
        lock (_gate)
        {
            if (_subscriptions.RemoveAll(subscription => ReferenceEquals(subscription.Subscriber, subscriber)) > 0)
            {
                _routes = [];
            }
        }
    }

    /// <summary>Tells an event to all its subscribers, each once.</summary>
    /// <param name="event">Any immutable object.</param>
    public void Publish(object @event)
    {
        ArgumentNullException.ThrowIfNull(@event);
        if (!_routes.TryGetValue(@event.GetType(), out IActorRef[]? subscribers))
        {
            subscribers = AddRoute(@event.GetType());
        }

        foreach (IActorRef subscriber in subscribers)
        {
            subscriber.Tell(@event, ActorCell.Current?.SelfRef);
        }
    }

    private IActorRef[] AddRoute(Type type)
    {
        lock (_gate)
        {
            IActorRef[] subscribers =
                [.. _subscriptions.Where(s => s.Type.IsAssignableFrom(type)).Select(s => s.Subscriber).Distinct()];
            _routes = new Dictionary<Type, IActorRef[]>(_routes) { [type] = subscribers };
            return subscribers;
        }
    }
}
