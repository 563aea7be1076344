namespace MonitorCluster.Actors;

/// <summary>/user and /system: parents without a behaviour of their own; their strategy comes with their recipe.</summary>
internal sealed class GuardianActor : ActorBase
{
    protected override bool Receive(object message) => false;

    // A guardian that fails does so only because a child's failure was escalated: there is nothing to restart.
    protected override void PreRestart(Exception reason, object? message) => throw new InvalidOperationException("A guardian is never restarted", reason);
}

/// <summary>
/// The root: starts /system before /user and ends them in the reverse order. A guardian that fails ends the whole system.
/// </summary>
internal sealed class RootActor : ActorBase
{
    /// <summary>Tells the root to end the system.</summary>
    public static readonly object End = new();

    private readonly ActorSystem _system;

    public RootActor(ActorSystem system) => _system = system;

    protected override bool Receive(object message)
    {
        switch (message)
        {
            case Terminated { ActorRef: var ended } when ended.Path.Name == ActorSystem.UserName:
                Context.Stop(Context.Child(ActorSystem.SystemName));
                return true;
            case Terminated:
                Context.Stop(Self);
                return true;
            default:
                if (ReferenceEquals(message, End))
                {
                    Context.Stop(Context.Child(ActorSystem.UserName));
                    return true;
                }

                return false;
        }
    }

    protected override void PreStart()
    {
        Context.Watch(Context.Child(ActorSystem.SystemName));
        Context.Watch(Context.Child(ActorSystem.UserName));
    }

    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(cause =>
    {
        _system.RootFailed(cause);
        return Directive.Stop;
    });
}
