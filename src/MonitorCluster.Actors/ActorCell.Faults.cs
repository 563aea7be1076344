using Microsoft.Extensions.Logging;

namespace MonitorCluster.Actors;

// Failure: 1. the actor suspends itself and its children and tells its supervisor; 2. the supervisor decides; 3. the answer comes as Resume,
// Recreate (perhaps after a back-off) or Terminate. A restart and an end first wait until the children they stopped are gone.
internal sealed partial class ActorCell
{
    private Exception? _failure; // our own, not yet answered
    private object? _failedMessage;
    private LocalActorRef? _escalatedFrom; // the child whose failure became ours: it waits for an answer, too
    private int _suspendedByParent;
    private Exception? _restartCause; // set while a restart waits for children to end
    private bool _isTerminating;
    private bool _isTerminated;

    private void UpdateSuspension() =>
        Mailbox.IsSuspended = _isAwaiting || _failure is not null || _suspendedByParent > 0 || _restartCause is not null || _isTerminating;

    // :: Step 1
    private void Fail(Exception cause)
    {
        if (_isTerminating || _isTerminated)
        {
            LogFailedWhileEnding(cause, SelfRef.Path);
            return;
        }

        if (_failure is not null)
        {
            LogFailedAgain(cause, SelfRef.Path);
            return;
        }

        _failure = cause;
        _failedMessage = _message.Message;
        UpdateSuspension();
        TellChildren(static () => new SuspendMessage());
        if (_parent is null)
        {
            ActorSystem.RootFailed(cause);
            Terminate();
        }
        else
        {
            _parent.SelfRef.SendSystem(new FailedMessage(SelfRef, cause, Incarnation));
        }
    }

    // :: Step 2
    private void ChildFailed(FailedMessage failed)
    {
        if (_isTerminating || FindChild(failed.Child) is not { } stats)
        {
            return;
        }

        _escalatedFrom = failed.Child; // also when the decider throws
        SupervisorStrategy strategy = _props.SupervisorStrategy ?? _actor?.GetSupervisorStrategy() ?? SupervisorStrategy.DefaultStrategy;
        Directive directive = strategy.Decide(failed.Cause);
        TimeSpan? delay = directive == Directive.Restart ? strategy.NextRestart(stats, ActorSystem.TimeProvider.GetUtcNow()) : null;
        if (directive == Directive.Restart && delay is null)
        {
            directive = Directive.Stop;
        }

        LogLevel level = directive is Directive.Resume or Directive.Restart ? LogLevel.Warning : LogLevel.Error;
        LogChildFailed(level, failed.Cause, failed.Child.Path, directive, delay ?? TimeSpan.Zero);
        if (directive == Directive.Escalate)
        {
            Fail(failed.Cause);
            return;
        }

        _escalatedFrom = null;
        switch (directive)
        {
            case Directive.Resume:
                failed.Child.SendSystem(new ResumeMessage(ofOwnFailure: true));
                break;
            case Directive.Restart:
                RestartChild(stats, failed, delay!.Value);
                break;
            default:
                stats.IsStopping = true;
                failed.Child.SendSystem(new TerminateMessage());
                break;
        }
    }

    private void RestartChild(ChildStats stats, FailedMessage failed, TimeSpan delay)
    {
        if (delay == TimeSpan.Zero)
        {
            failed.Child.SendSystem(new RecreateMessage(failed.Cause, failed.Incarnation));
            return;
        }

        stats.Backoff?.Dispose();
        stats.Backoff = ActorSystem.TimeProvider.CreateTimer(
            static state =>
            {
                var waiting = (FailedMessage)state!;
                waiting.Child.SendSystem(new RecreateMessage(waiting.Cause, waiting.Incarnation));
            },
            failed,
            delay,
            Timeout.InfiniteTimeSpan);
    }

    private void SuspendForParent()
    {
        _suspendedByParent++;
        UpdateSuspension();
        TellChildren(static () => new SuspendMessage());
    }

    // :: Step 3
    private void Resume(bool ofOwnFailure)
    {
        if (ofOwnFailure)
        {
            _failure = null;
            _escalatedFrom?.SendSystem(new ResumeMessage(ofOwnFailure: true));
            _escalatedFrom = null;
        }
        else
        {
            _suspendedByParent = Math.Max(0, _suspendedByParent - 1);
        }

        UpdateSuspension();
        TellChildren(static () => new ResumeMessage(ofOwnFailure: false));
    }

    // :: Step 3
    private void Recreate(RecreateMessage recreate)
    {
        if (_isTerminating || _restartCause is not null || (recreate.Incarnation is { } incarnation && incarnation != Incarnation))
        {
            return;
        }

        if (recreate.Incarnation is null)
        {
            _suspendedByParent = Math.Max(0, _suspendedByParent - 1);
        }

        _restartCause = recreate.Cause;
        UpdateSuspension();
        EndInstance(() =>
        {
            if (_actor is null)
            {
                StopChildren(); // of a constructor that failed: nobody else knows them
            }
            else
            {
                _actor.CallPreRestart(recreate.Cause, _failedMessage);
            }
        });
        ContinueWithoutChildren();
    }

    private void Terminate()
    {
        if (_isTerminating)
        {
            return;
        }

        _isTerminating = true;
        _restartCause = null;
        UpdateSuspension();
        lock (_childrenGate)
        {
            _acceptsChildren = false;
        }

        TellChildren(static () => new TerminateMessage());
        ContinueWithoutChildren();
    }

    private void ContinueWithoutChildren()
    {
        if (_isTerminating)
        {
            if (!_isTerminated && ChildRefs().Length == 0)
            {
                FinishTerminate();
            }
        }
        else if (_restartCause is { } cause && !HasStoppingChildren())
        {
            FinishRecreate(cause);
        }
    }

    private void FinishRecreate(Exception cause)
    {
        _failure = null;
        _failedMessage = null;
        _escalatedFrom = null;
        _restartCause = null;
        Incarnation++;
        LocalActorRef[] survivors = ChildRefs();
        ActorSystem.Metrics.ActorRestarted();
        try
        {
            NewInstance();
            _actor!.CallPostRestart(cause);
        }
#pragma warning disable CA1031 // boundary: the supervisor decides on every failure of an actor
        catch (Exception e)
#pragma warning restore CA1031
        {
            Fail(new ActorInitializationException($"{SelfRef.Path} could not start again: {e.Message}", e));
            return;
        }

        UpdateSuspension();
        foreach (LocalActorRef child in survivors)
        {
            child.SendSystem(new RecreateMessage(cause, null));
        }

        LogRestarted(SelfRef.Path, Incarnation);
    }

    private void FinishTerminate()
    {
        _isTerminated = true;
        EndInstance(() => _actor?.CallPostStop());
        _actor = null;
        Mailbox.Close();
        ActorSystem.EventStream.Unsubscribe(SelfRef);
        ActorSystem.Metrics.ActorEnded();
        foreach (InternalActorRef watched in _watching)
        {
            watched.SendSystem(new UnwatchMessage(SelfRef));
        }

        _watching.Clear();
        _parent?.SelfRef.SendSystem(new DeathNotice(SelfRef));
        foreach (InternalActorRef watcher in _watchers)
        {
            if (!ReferenceEquals(watcher, _parent?.SelfRef))
            {
                watcher.SendSystem(new DeathNotice(SelfRef));
            }
        }

        Mailbox.Dispatcher.Detach(Mailbox);
        if (_parent is null)
        {
            ActorSystem.RootEnded();
        }
    }

    /// <summary>Lets the instance say farewell, then takes its timers and stash.</summary>
    private void EndInstance(Action farewell)
    {
        try
        {
            farewell();
        }
#pragma warning disable CA1031 // boundary: a farewell that fails must not keep the actor from ending
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogFailedWhileEnding(e, SelfRef.Path);
        }

        _timers?.CancelAll();
        _timers = null;
        _stash?.UnstashAll();
    }

    [LoggerMessage(EventId = 1001, Message = "Actor {Path} failed: {Directive} after {Delay}")]
    private partial void LogChildFailed(LogLevel level, Exception cause, ActorPath path, Directive directive, TimeSpan delay);

    [LoggerMessage(EventId = 1002, Level = LogLevel.Warning, Message = "Actor {Path} failed again while it waited for its supervisor")]
    private partial void LogFailedAgain(Exception cause, ActorPath path);

    [LoggerMessage(EventId = 1003, Level = LogLevel.Error, Message = "Actor {Path} failed while it was ending")]
    private partial void LogFailedWhileEnding(Exception cause, ActorPath path);

    [LoggerMessage(EventId = 1004, Level = LogLevel.Debug, Message = "Actor {Path} restarted, incarnation {Incarnation}")]
    private partial void LogRestarted(ActorPath path, int incarnation);
}
