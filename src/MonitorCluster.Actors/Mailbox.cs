using System.Collections.Concurrent;

namespace MonitorCluster.Actors;

/// <summary>One user message on its way.</summary>
internal readonly record struct Envelope(object Message, IActorRef? Sender);

/// <summary>
/// The two queues of one actor and the right to run it. Any number of threads post; whoever moves the status from idle to scheduled hands the mailbox to its
/// dispatcher, which runs it on one thread at a time.
/// </summary>
/// <remarks>
/// The lost wake-up (design: performance, section 1). A run ends with: status = idle; full fence; look at both queues again. A post does:
/// change a queue with an interlocked operation; look at the status. So either the post sees idle and schedules, or the ending run sees the
/// message. Looking at a field that producers change with a plain store would not do: the store could still wait in the producer's store
/// buffer while it reads the old status.
/// </remarks>
internal sealed class Mailbox(ActorCell cell, MessageDispatcher dispatcher, int limit, RunMeter? meter = null) : IThreadPoolWorkItem
{
    private const int Idle = 0;
    private const int Scheduled = 1;

    private readonly ConcurrentQueue<Envelope> _user = new();
    private SystemMessage? _system; // newest first; taken as a whole
    private long _posted; // changed by producers
    private int _status;
    private long _scheduledAt; // with a meter: written by whoever schedules, before the dispatcher hears of it

    // Below: changed by the run alone; read by anybody.
    private LinkedList<Envelope>? _front; // unstashed messages: they go before the queue
    private long _taken;
    private long _processed;
    private long _startedAt; // with a meter: this run
    private long _waiting; // and what waited then
    private volatile bool _isSuspended;
    private volatile bool _isClosed;

    public MessageDispatcher Dispatcher => dispatcher;

    public ActorCell Cell => cell;

    public int Limit => limit;

    /// <summary>User messages that wait. Exact when nothing runs.</summary>
    public long Depth => Math.Max(0, Interlocked.Read(ref _posted) - Volatile.Read(ref _taken));

    public long Processed => Volatile.Read(ref _processed);

    /// <summary>Holds user messages back. Set by the run alone.</summary>
    public bool IsSuspended
    {
        get => _isSuspended;
        set => _isSuspended = value;
    }

    private bool HasWork => Volatile.Read(ref _system) is not null || ((!_isSuspended || _isClosed) && (_front is { Count: > 0 } || !_user.IsEmpty));

    public void Post(object message, IActorRef? sender)
    {
        ArgumentNullException.ThrowIfNull(message);
        if (_isClosed)
        {
            cell.ActorSystem.ToDeadLetters(message, sender, cell.SelfRef);
        }
        else if (Volatile.Read(ref _posted) - Volatile.Read(ref _taken) >= limit)
        {
            // Producers may pass together and overshoot by their number: the limit protects memory, it is no exact figure.
            Overflow(new Envelope(message, sender));
        }
        else
        {
            PostUnlimited(message, sender);
        }
    }

    /// <summary>For what is bounded otherwise: a tick per timer, a notice per watch.</summary>
    public void PostUnlimited(object message, IActorRef? sender)
    {
        Interlocked.Increment(ref _posted);
        _user.Enqueue(new Envelope(message, sender));
        if (!_isSuspended || _isClosed)
        {
            ScheduleIfIdle();
        }
    }

    public void PostSystem(SystemMessage message)
    {
        SystemMessage? head = Volatile.Read(ref _system);
        while (true)
        {
            message.Next = head;
            SystemMessage? seen = Interlocked.CompareExchange(ref _system, message, head);
            if (ReferenceEquals(seen, head))
            {
                break;
            }

            head = seen;
        }

        ScheduleIfIdle();
    }

    public void Overflow(Envelope envelope)
    {
        cell.ActorSystem.Overflowed(cell.SelfRef, limit);
        cell.ActorSystem.ToDeadLetters(envelope.Message, envelope.Sender, cell.SelfRef);
    }

    /// <summary>Puts unstashed messages before all others, the first of the list first. Only from the run.</summary>
    public void PutBack(List<Envelope> envelopes)
    {
        if (envelopes.Count == 0)
        {
            return;
        }

        _front ??= new LinkedList<Envelope>();
        for (int i = envelopes.Count - 1; i >= 0; i--)
        {
            _front.AddFirst(envelopes[i]);
        }

        Interlocked.Add(ref _posted, envelopes.Count);
    }

    /// <summary>From now on everything posted becomes a dead letter. Only from the run.</summary>
    public void Close() => _isClosed = true;

    void IThreadPoolWorkItem.Execute() => Run(dispatcher.Throughput);

    /// <summary>Handles all system messages and up to so many user messages. Only a dispatcher calls it, for a mailbox it was told to schedule.</summary>
    public void Run(int throughput)
    {
        if (meter is not null)
        {
            (_startedAt, _waiting) = (meter.Now, Depth);
        }

        ActorCell? outer = ActorCell.Enter(cell);
        int processed = 0;
        RunSystem();
        while (processed < throughput && !_isSuspended && !_isClosed && TryTake(out Envelope envelope))
        {
            cell.Invoke(envelope);
            processed++;
            if (Volatile.Read(ref _system) is not null)
            {
                RunSystem();
            }
        }

        if (_isClosed)
        {
            Drain();
        }

        ActorCell.Leave(outer);
        Volatile.Write(ref _processed, _processed + processed);
        cell.ActorSystem.Metrics.AddProcessed(processed);
        if (meter is not null)
        {
            _scheduledAt = meter.Add(_scheduledAt, _startedAt, _waiting, processed); // should work be left, it waits from here on
        }

        if (HasWork)
        {
            dispatcher.Schedule(this);
            return;
        }

        Volatile.Write(ref _status, Idle);
        Interlocked.MemoryBarrier();
        if (HasWork)
        {
            ScheduleIfIdle();
        }
    }

    private void ScheduleIfIdle()
    {
        if (Volatile.Read(ref _status) == Idle && Interlocked.CompareExchange(ref _status, Scheduled, Idle) == Idle)
        {
            if (meter is not null)
            {
                _scheduledAt = meter.Now;
            }

            dispatcher.Schedule(this);
        }
    }

    private void RunSystem()
    {
        while (Interlocked.Exchange(ref _system, null) is { } newest)
        {
            SystemMessage? message = Reverse(newest);
            while (message is not null)
            {
                SystemMessage? next = message.Next;
                message.Next = null;
                cell.InvokeSystem(message);
                message = next;
            }
        }
    }

    private static SystemMessage? Reverse(SystemMessage newest)
    {
        SystemMessage? oldest = null;
        SystemMessage? current = newest;
        while (current is not null)
        {
            SystemMessage? next = current.Next;
            current.Next = oldest;
            oldest = current;
            current = next;
        }

        return oldest;
    }

    private bool TryTake(out Envelope envelope)
    {
        if (_front is { First: { } first })
        {
            envelope = first.Value;
            _front.RemoveFirst();
        }
        else if (!_user.TryDequeue(out envelope))
        {
            return false;
        }

        Volatile.Write(ref _taken, _taken + 1);
        return true;
    }

    private void Drain()
    {
        while (TryTake(out Envelope envelope))
        {
            if (envelope.Message is not IAutoReceived)
            {
                cell.ActorSystem.ToDeadLetters(envelope.Message, envelope.Sender, cell.SelfRef);
            }
        }
    }
}
