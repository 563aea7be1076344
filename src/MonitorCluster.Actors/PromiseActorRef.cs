namespace MonitorCluster.Actors;

/// <summary>The one-shot reference behind <see cref="ActorRefs.Ask"/>: its first message completes a task, later ones are dead letters.</summary>
internal sealed class PromiseActorRef<T>(ActorSystem system, IActorRef asked, object question) : InternalActorRef(system.NextTempPath())
{
    // Continuations must not run inside the answering actor: under a mailbox they go to its scheduler, elsewhere to the pool.
    private readonly TaskCompletionSource<T> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ITimer? _timer;
    private CancellationTokenRegistration _cancellation;

    public override ActorSystem System => system;

    public Task<T> Task => _answer.Task;

    public void Start(TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (timeout != Timeout.InfiniteTimeSpan)
        {
            _timer = system.TimeProvider.CreateTimer(
                static state => ((PromiseActorRef<T>)state!).TimedOut(), this, timeout, Timeout.InfiniteTimeSpan);
        }

        if (cancellationToken.CanBeCanceled)
        {
            _cancellation = cancellationToken.UnsafeRegister(static (state, token) => ((PromiseActorRef<T>)state!).Cancelled(token), this);
        }

        if (_answer.Task.IsCompleted)
        {
            Release(); // what completed it may have come before the fields were set
        }
    }

    public override void Tell(object message, IActorRef? sender)
    {
        bool first = message switch
        {
            T answer => _answer.TrySetResult(answer),
            StatusFailure failure => _answer.TrySetException(failure.Cause),
            _ => _answer.TrySetException(new InvalidCastException(
                $"{asked.Path} answered {question.GetType().Name} with {message.GetType().Name}, not {typeof(T).Name}")),
        };
        if (first)
        {
            Release();
        }
        else
        {
            system.ToDeadLetters(message, sender, this);
        }
    }

    public override void SendSystem(SystemMessage message) => DeadEnd.Answer(this, message);

    private void TimedOut()
    {
        _answer.TrySetException(new AskTimeoutException($"{asked.Path} did not answer {question.GetType().Name} in time"));
        Release();
    }

    private void Cancelled(CancellationToken token)
    {
        _answer.TrySetCanceled(token);
        Release();
    }

    // At once and on the completing thread, not as a continuation: under virtual time a timer that is still set would move the clock.
    private void Release()
    {
        _timer?.Dispose();
        _cancellation.Dispose();
    }
}
