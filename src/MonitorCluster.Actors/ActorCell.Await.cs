namespace MonitorCluster.Actors;

internal sealed partial class ActorCell
{
    // A handler that awaits is one handler: what would end or replace the actor meanwhile waits for it, as it waits for a handler that computes.
    private readonly Queue<SystemMessage> _deferred = new();
    private MailboxSynchronizationContext? _continuations;
    private bool _isAwaiting;

    /// <summary>Runs an awaiting handler; its continuations come back through the mailbox, whatever the dispatcher.</summary>
    public void RunAsync(Func<Task> handler)
    {
        SynchronizationContext? outer = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(_continuations ??= new MailboxSynchronizationContext(SelfRef));
        Task task;
        try
        {
            task = handler();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(outer);
        }

        if (task.IsCompleted)
        {
            task.GetAwaiter().GetResult();
            return;
        }

        _isAwaiting = true;
        UpdateSuspension();
        _ = task.ContinueWith(
            static (ended, self) => ((LocalActorRef)self!).SendSystem(new AwaitEndedMessage(ended)), SelfRef, CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private void Continue(ContinuationMessage continuation)
    {
        SynchronizationContext? outer = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(_continuations);
        try
        {
            continuation.Run();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(outer);
        }
    }

    private void AwaitEnded(Task task)
    {
        _isAwaiting = false;
        if (!task.IsCompletedSuccessfully)
        {
            Fail(task.Exception?.InnerException ?? new TaskCanceledException(task));
        }

        _message = default;
        UpdateSuspension();
        while (!_isAwaiting && _deferred.TryDequeue(out SystemMessage? message))
        {
            InvokeSystem(message);
        }
    }

    /// <summary>Sends continuations to the actor as system messages.</summary>
    private sealed class MailboxSynchronizationContext(LocalActorRef actor) : SynchronizationContext
    {
        public override void Post(SendOrPostCallback d, object? state) => actor.SendSystem(new ContinuationMessage(d, state));

        public override void Send(SendOrPostCallback d, object? state) =>
            throw new NotSupportedException($"{actor.Path} runs on its mailbox; nobody can wait for it on this thread");

        public override SynchronizationContext CreateCopy() => this;
    }
}
