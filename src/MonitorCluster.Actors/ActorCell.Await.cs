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
        try
        {
            Task task = handler();
            if (task.IsCompleted)
            {
                task.GetAwaiter().GetResult();
                return;
            }

            _isAwaiting = true;
            UpdateSuspension();
            _ = ReportEndAsync(task); // it never fails
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(outer);
        }
    }

    // Awaits under the mailbox's context: even a task that completes elsewhere is reported from the mailbox, so that the deterministic
    // dispatcher stays on its thread.
    private async Task ReportEndAsync(Task task)
    {
        Exception? failure = null;
        try
        {
            await task;
        }
#pragma warning disable CA1031 // boundary: the supervisor decides on every failure of an actor
        catch (Exception e)
#pragma warning restore CA1031
        {
            failure = e;
        }

        SelfRef.SendSystem(new AwaitEndedMessage(failure));
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

    private void AwaitEnded(Exception? failure)
    {
        _isAwaiting = false;
        if (failure is not null)
        {
            Fail(failure);
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
