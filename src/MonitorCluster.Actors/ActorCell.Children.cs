namespace MonitorCluster.Actors;

internal sealed partial class ActorCell
{
    private const string Digits = "abcdefghijklmnopqrstuvwxyz0123456789";

    private readonly Lock _childrenGate = new();

    // Guarded by _childrenGate: the system starts actors under its guardians, and people look at the tree, from other threads.
    private readonly Dictionary<string, ChildStats> _children = [];
    private long _childrenNamed;
    private bool _acceptsChildren = true;

    public IActorRef ActorOf(Props props, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(props);
        if (name is not null && ActorPath.WhyInvalid(name) is { } why)
        {
            throw new InvalidActorNameException(why);
        }

        ActorCell child;
        lock (_childrenGate)
        {
            if (!_acceptsChildren)
            {
                throw new InvalidOperationException($"{SelfRef.Path} is ending and starts no more children");
            }

            name ??= NextName();
            if (_children.ContainsKey(name))
            {
                throw new InvalidActorNameException($"{SelfRef.Path} already has a child '{name}'");
            }

            child = new ActorCell(ActorSystem, props, this, SelfRef.Path.Child(name));
            _children.Add(name, new ChildStats(child.SelfRef));
        }

        ActorSystem.Metrics.ActorStarted();
        child.Start();
        return child.SelfRef;
    }

    public IActorRef Child(string name)
    {
        lock (_childrenGate)
        {
            return _children.TryGetValue(name, out ChildStats? stats) ? stats.Child : ActorRefs.Nobody;
        }
    }

    public IReadOnlyList<IActorRef> GetChildren() => ChildRefs();

    public void Stop(IActorRef actor)
    {
        if (actor is InternalActorRef child && FindChild(child) is { } stats)
        {
            stats.IsStopping = true;
        }

        ActorSystem.Stop(actor);
    }

    /// <summary>The children as they are now. Safe for any thread.</summary>
    public LocalActorRef[] ChildRefs()
    {
        lock (_childrenGate)
        {
            return [.. _children.Values.Select(stats => stats.Child)];
        }
    }

    private bool HasStoppingChildren()
    {
        lock (_childrenGate)
        {
            return _children.Values.Any(static stats => stats.IsStopping);
        }
    }

    private void StopChildren()
    {
        foreach (LocalActorRef child in ChildRefs())
        {
            Stop(child);
        }
    }

    private ChildStats? FindChild(InternalActorRef child)
    {
        lock (_childrenGate)
        {
            return _children.TryGetValue(child.Path.Name, out ChildStats? stats) && ReferenceEquals(stats.Child, child) ? stats : null;
        }
    }

    private void RemoveChild(ChildStats stats)
    {
        stats.Backoff?.Dispose();
        lock (_childrenGate)
        {
            _children.Remove(stats.Child.Path.Name);
        }
    }

    private void TellChildren(Func<SystemMessage> message)
    {
        foreach (LocalActorRef child in ChildRefs())
        {
            child.SendSystem(message());
        }
    }

    private string NextName()
    {
        Span<char> name = stackalloc char[16];
        int at = name.Length;
        for (long left = _childrenNamed++; ; left = (left / Digits.Length) - 1)
        {
            name[--at] = Digits[(int)(left % Digits.Length)];
            if (left < Digits.Length)
            {
                break;
            }
        }

        name[--at] = '$';
        return name[at..].ToString();
    }
}
