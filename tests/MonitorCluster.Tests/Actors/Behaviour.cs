namespace MonitorCluster.Tests.Actors;

/// <summary>An actor whose handlers and life come from the test.</summary>
internal sealed class Behaviour : ReceiveActor, IWithTimers, IWithStash
{
    private readonly Action<Behaviour> _preStart;
    private readonly Action<Behaviour> _postStop;

    public Behaviour(Action<Behaviour> declare, Action<Behaviour>? preStart = null, Action<Behaviour>? postStop = null)
    {
        _preStart = preStart ?? (_ => { });
        _postStop = postStop ?? (_ => { });
        declare(this);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public IStash Stash { get; set; } = null!;

    public IActorRef Me => Self;

    public IActorRef From => Sender;

    public IActorContext Here => Context;

    public static Props Props(Action<Behaviour> declare, Action<Behaviour>? preStart = null, Action<Behaviour>? postStop = null) =>
        MonitorCluster.Actors.Props.Create(() => new Behaviour(declare, preStart, postStop));

    public void On<T>(Action<T> handler) => Receive(handler);

    public void OnAsync<T>(Func<T, Task> handler) => ReceiveAsync(handler);

    public void OnAny(Action<object> handler) => ReceiveAny(handler);

    public void Turn(Action configure) => Become(configure);

    protected override void PreStart() => _preStart(this);

    protected override void PostStop() => _postStop(this);
}
