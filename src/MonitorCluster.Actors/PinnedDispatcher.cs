namespace MonitorCluster.Actors;

/// <summary>Runs one mailbox on a background thread of its own, which starts with the first message and ends with the actor.</summary>
internal sealed class PinnedDispatcher : MessageDispatcher
{
    private readonly object _gate = new(); // guards everything below; a Monitor, because the thread waits on it
    private Mailbox? _due;
    private bool _isStarted;
    private bool _isDetached;
    private bool _isEnded;

    internal override void Schedule(Mailbox mailbox)
    {
        lock (_gate)
        {
            if (!_isEnded)
            {
                _due = mailbox;
                if (!_isStarted)
                {
                    _isStarted = true;
                    new Thread(Loop) { IsBackground = true, Name = mailbox.Cell.SelfRef.Path.ToStringWithoutAddress() }.Start();
                }

                Monitor.Pulse(_gate);
                return;
            }
        }

        // Late messages to an ended actor only have to become dead letters; any thread can do that.
        ThreadPoolDispatcher.ToPool(mailbox);
    }

    internal override void Detach(Mailbox mailbox)
    {
        lock (_gate)
        {
            _isDetached = true;
            Monitor.Pulse(_gate);
        }
    }

    private void Loop()
    {
        while (TakeDue() is { } mailbox)
        {
            mailbox.Run(Throughput);
        }
    }

    private Mailbox? TakeDue()
    {
        lock (_gate)
        {
            while (_due is null && !_isDetached)
            {
                Monitor.Wait(_gate);
            }

            Mailbox? mailbox = _due;
            _due = null;
            _isEnded = mailbox is null;
            return mailbox;
        }
    }
}
