namespace MonitorCluster.Actors;

/// <summary>An actor whose handlers are declared by message type; the first declared that fits gets the message.</summary>
public abstract class ReceiveActor : ActorBase
{
    private List<Handler> _handlers = [];
    private bool _declaring = true;

    /// <summary>Declares a handler. Only in the constructor or inside of <see cref="Become"/>.</summary>
    /// <typeparam name="T">The message's type, a base type or an interface.</typeparam>
    /// <param name="handler">Runs on the mailbox.</param>
    protected void Receive<T>(Action<T> handler) => Declare(new Handler<T>(handler));

    /// <summary>Declares a handler for everything not handled so far.</summary>
    /// <param name="handler">Runs on the mailbox.</param>
    protected void ReceiveAny(Action<object> handler) => Declare(new Handler<object>(handler));

    /// <summary>Declares a handler that awaits. Until its task ends the actor handles no other message; a stop waits for it, too.</summary>
    /// <remarks>Its continuations run on the actor's mailbox: do not use <c>ConfigureAwait(false)</c> in it.</remarks>
    /// <typeparam name="T">The message's type, a base type or an interface.</typeparam>
    /// <param name="handler">Starts on the mailbox.</param>
    protected void ReceiveAsync<T>(Func<T, Task> handler) => Declare(new AsyncHandler<T>(Cell, handler));

    /// <summary>Replaces all handlers from the next message on.</summary>
    /// <param name="configure">Declares the new handlers.</param>
    protected void Become(Action configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        List<Handler> before = _handlers;
        _handlers = [];
        _declaring = true;
        try
        {
            configure();
        }
        catch
        {
            _handlers = before;
            throw;
        }

        _declaring = false;
    }

    /// <inheritdoc/>
    protected sealed override bool Receive(object message)
    {
        _declaring = false;
        foreach (Handler handler in _handlers)
        {
            if (handler.TryHandle(message))
            {
                return true;
            }
        }

        return false;
    }

    private void Declare(Handler handler)
    {
        if (!_declaring)
        {
            throw new InvalidOperationException($"{GetType().Name} declares a handler outside of its constructor and of Become");
        }

        _handlers.Add(handler);
    }

    private abstract class Handler
    {
        public abstract bool TryHandle(object message);
    }

    private sealed class Handler<T>(Action<T> action) : Handler
    {
        public override bool TryHandle(object message)
        {
            if (message is not T typed)
            {
                return false;
            }

            action(typed);
            return true;
        }
    }

    private sealed class AsyncHandler<T>(ActorCell cell, Func<T, Task> action) : Handler
    {
        public override bool TryHandle(object message)
        {
            if (message is not T typed)
            {
                return false;
            }

            cell.RunAsync(() => action(typed));
            return true;
        }
    }
}
