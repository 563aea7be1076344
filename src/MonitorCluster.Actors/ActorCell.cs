using Microsoft.Extensions.Logging;

namespace MonitorCluster.Actors;

/// <summary>
/// What stays of an actor over its restarts: place in the tree, mailbox, children, watches. Its parts: Children, Faults (failure, restart, end), Watch, Await.
/// Everything here runs on the mailbox, except what says otherwise.
/// </summary>
internal sealed partial class ActorCell : IActorContext
{
    [ThreadStatic]
    private static ActorCell? s_current;

    [ThreadStatic]
    private static ActorCell? s_creating;

    private readonly Props _props;
    private readonly ActorCell? _parent;
    private readonly ILogger _log;
    private ActorBase? _actor;
    private TimerScheduler? _timers;
    private MessageStash? _stash;
    private Envelope _message;

    public ActorCell(ActorSystem system, Props props, ActorCell? parent, ActorPath path)
    {
        ActorSystem = system;
        _props = props;
        _parent = parent;
        _log = system.Log;
        SelfRef = new LocalActorRef(path, this);
        Mailbox = new Mailbox(this, system.Dispatchers.Lookup(props.Dispatcher), props.MailboxLimit ?? system.MailboxLimit, props.RunMeter);
    }

    /// <summary>The actor running on this thread; null outside of actors.</summary>
    public static ActorCell? Current => s_current;

    /// <summary>The cell that is making an instance on this thread.</summary>
    public static ActorCell? Creating => s_creating;

    public ActorSystem ActorSystem { get; }

    public LocalActorRef SelfRef { get; }

    public Mailbox Mailbox { get; }

    public IActorRef Self => SelfRef;

    public IActorRef Sender => _message.Sender ?? ActorSystem.DeadLetters;

    public IActorRef? SenderOrNull => _message.Sender;

    public IActorRef Parent => _parent?.SelfRef ?? ActorRefs.Nobody;

    ActorSystem IActorContext.System => ActorSystem;

    public Envelope CurrentMessage => _message;

    /// <summary>How often the actor was restarted; the instance's number. Read by anybody.</summary>
    public int Incarnation { get; private set; }

    /// <summary>Marks the cell as running on this thread.</summary>
    /// <returns>What ran before; a dispatcher may run a mailbox inside of another.</returns>
    public static ActorCell? Enter(ActorCell cell)
    {
        ActorCell? outer = s_current;
        s_current = cell;
        return outer;
    }

    public static void Leave(ActorCell? outer) => s_current = outer;

    public void Start() => Mailbox.PostSystem(new CreateMessage());

    /// <summary>A picture of this actor. Safe for any thread.</summary>
    public ActorInfo GetInfo() =>
        new(SelfRef.Path, _props.Type.Name, _props.Dispatcher, Mailbox.Depth, Mailbox.Processed, Incarnation);

    public void Invoke(Envelope envelope)
    {
        _message = envelope;
        try
        {
            if (envelope.Message is IAutoReceived special)
            {
                AutoReceive(special);
            }
            else
            {
                _actor!.Handle(envelope.Message);
            }
        }
#pragma warning disable CA1031 // boundary: the supervisor decides on every failure of an actor
        catch (Exception e)
#pragma warning restore CA1031
        {
            Fail(e);
        }

        if (!_isAwaiting)
        {
            _message = default;
        }
    }

    public void InvokeSystem(SystemMessage message)
    {
        if (_isTerminated)
        {
            DeadEnd.Answer(SelfRef, message);
            return;
        }

        if (_isAwaiting && message is not (ContinuationMessage or AwaitEndedMessage))
        {
            _deferred.Enqueue(message);
            return;
        }

        try
        {
            Dispatch(message);
        }
#pragma warning disable CA1031 // boundary: the supervisor decides on every failure of an actor
        catch (Exception e)
#pragma warning restore CA1031
        {
            Fail(e);
        }
    }

    private void Dispatch(SystemMessage message)
    {
        switch (message)
        {
            case CreateMessage:
                Create();
                break;
            case FailedMessage failed:
                ChildFailed(failed);
                break;
            case TerminateMessage:
                Terminate();
                break;
            case SuspendMessage:
                SuspendForParent();
                break;
            case ResumeMessage resume:
                Resume(resume.OfOwnFailure);
                break;
            case RecreateMessage recreate:
                Recreate(recreate);
                break;
            case WatchMessage watch:
                _watchers.Add(watch.Watcher);
                break;
            case UnwatchMessage unwatch:
                _watchers.Remove(unwatch.Watcher);
                break;
            case DeathNotice notice:
                Died(notice.Actor);
                break;
            case ContinuationMessage continuation:
                Continue(continuation);
                break;
            case AwaitEndedMessage ended:
                AwaitEnded(ended.Failure);
                break;
            default:
                throw new InvalidOperationException($"Unknown system message {message.GetType().Name}");
        }
    }

    private void AutoReceive(IAutoReceived message)
    {
        switch (message)
        {
            case TimerTick tick when _timers?.Accept(tick) == true:
                _message = new Envelope(tick.Message, Self);
                _actor!.Handle(tick.Message);
                break;
            case Terminated terminated when _endedUntold.Remove(terminated.ActorRef):
                _actor!.Handle(terminated);
                break;
            case PoisonPill:
                Terminate();
                break;
        }
    }

    private void Create()
    {
        try
        {
            NewInstance();
            _actor!.CallPreStart();
        }
        catch (Exception e)
        {
            throw new ActorInitializationException($"{SelfRef.Path} could not start: {e.Message}", e);
        }
    }

    private void NewInstance()
    {
        _actor = null;
        ActorCell? outer = s_creating;
        s_creating = this;
        try
        {
            ActorBase actor = _props.Factory() ?? throw new InvalidOperationException($"The factory of {SelfRef.Path} made null");
            _actor = ReferenceEquals(actor.Cell, this) ? actor
                : throw new InvalidOperationException($"The factory of {SelfRef.Path} gave the instance of {actor.Cell.SelfRef.Path}");
        }
        finally
        {
            s_creating = outer;
        }

        if (_actor is IWithTimers withTimers)
        {
            withTimers.Timers = _timers = new TimerScheduler(this);
        }

        if (_actor is IWithStash withStash)
        {
            withStash.Stash = _stash ??= new MessageStash(this);
        }
    }
}
