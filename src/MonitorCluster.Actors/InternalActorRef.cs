namespace MonitorCluster.Actors;

/// <summary>What the runtime needs of its own references: the second queue, for messages of the runtime itself.</summary>
internal abstract class InternalActorRef(ActorPath path) : IActorRef
{
    public ActorPath Path { get; } = path;

    /// <summary>The system the reference belongs to; null for <see cref="ActorRefs.Nobody"/>.</summary>
    public abstract ActorSystem? System { get; }

    public abstract void Tell(object message, IActorRef? sender);

    public abstract void SendSystem(SystemMessage message);

    public override string ToString() => Path.ToString();
}

/// <summary>Tells its mailbox.</summary>
internal sealed class LocalActorRef(ActorPath path, ActorCell cell) : InternalActorRef(path)
{
    public ActorCell Cell { get; } = cell;

    public override ActorSystem System => Cell.ActorSystem;

    public override void Tell(object message, IActorRef? sender) => Cell.Mailbox.Post(message, sender);

    public override void SendSystem(SystemMessage message) => Cell.Mailbox.PostSystem(message);
}

/// <summary>Swallows everything.</summary>
internal sealed class NobodyRef() : InternalActorRef(ActorPath.Root("nobody").Child("nobody"))
{
    public override ActorSystem? System => null;

    public override void Tell(object message, IActorRef? sender)
    {
    }

    public override void SendSystem(SystemMessage message) => DeadEnd.Answer(this, message);
}

/// <summary>Where messages end that reach nobody: counted, published, and logged when somebody listens at Debug.</summary>
internal sealed class DeadLetterActorRef(ActorSystem system, ActorPath path) : InternalActorRef(path)
{
    public override ActorSystem System => system;

    public override void Tell(object message, IActorRef? sender) =>
        system.ToDeadLetters(message, sender, this);

    public override void SendSystem(SystemMessage message) => DeadEnd.Answer(this, message);
}

/// <summary>How something that never lived, or lives no more, treats the runtime's own messages.</summary>
internal static class DeadEnd
{
    public static void Answer(InternalActorRef dead, SystemMessage message)
    {
        if (message is WatchMessage watch)
        {
            watch.Watcher.SendSystem(new DeathNotice(dead));
        }
    }
}
