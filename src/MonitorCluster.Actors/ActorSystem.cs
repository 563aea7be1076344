using System.Globalization;
using System.Numerics;
using Microsoft.Extensions.Logging;

namespace MonitorCluster.Actors;

/// <summary>A tree of actors with one clock, one set of dispatchers and one event stream. Safe for any thread.</summary>
/// <remarks>
/// Actors of the program live under /user, those of the runtime under /system. A failure that reaches /user without being settled ends the system:
/// <see cref="WhenTerminated"/> completes and <see cref="Failure"/> says why.
/// </remarks>
public sealed partial class ActorSystem
{
    internal const string UserName = "user";
    internal const string SystemName = "system";

    private readonly TaskCompletionSource _terminated = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ILogger _log;
    private readonly ActorPath _temp;
    private readonly DeadLetterActorRef _deadLetters;
    private readonly ActorCell _root;
    private readonly ActorCell _user;
    private readonly ActorCell _system;
    private readonly Lazy<CoordinatedShutdown> _shutdown;
    private long _tempNumber;
    private Exception? _failure;

    private ActorSystem(string name, ActorSystemSetup setup)
    {
        Name = name;
        TimeProvider = setup.TimeProvider;
        Dispatchers = setup.Dispatchers;
        MailboxLimit = setup.MailboxLimit;
        _log = setup.LoggerFactory.CreateLogger("MonitorCluster.Actors");
        var root = ActorPath.Root(name);
        _temp = root.Child("temp");
        _deadLetters = new DeadLetterActorRef(this, root.Child("deadLetters"));
        _shutdown = new Lazy<CoordinatedShutdown>(() => new CoordinatedShutdown(this, _log));

        _root = new ActorCell(this, Props.Create(() => new RootActor(this)), null, root);
        Metrics.ActorStarted();
        Props guardian = Props.Create(() => new GuardianActor()).WithSupervisorStrategy(setup.GuardianStrategy);
        _system = ((LocalActorRef)_root.ActorOf(guardian, SystemName)).Cell;
        _user = ((LocalActorRef)_root.ActorOf(guardian, UserName)).Cell;
        _root.Start();
    }

    /// <summary>The system's name, the first part of every path.</summary>
    public string Name { get; }

    /// <summary>The clock that timers, asks and back-offs use.</summary>
    public TimeProvider TimeProvider { get; }

    /// <summary>Publishes events by type.</summary>
    public EventStream EventStream { get; } = new();

    /// <summary>What the system counts.</summary>
    public ActorSystemMetrics Metrics { get; } = new();

    /// <summary>How many messages wait in the fullest mailbox now. Cost: a walk over all actors.</summary>
    public long MailboxDepthMax
    {
        get
        {
            long depthMax = 0;
            foreach (ActorCell cell in Cells())
            {
                depthMax = Math.Max(depthMax, cell.Mailbox.Depth);
            }

            return depthMax;
        }
    }

    /// <summary>Where messages end that reach nobody; each is published on <see cref="EventStream"/> as a <see cref="DeadLetter"/>.</summary>
    public IActorRef DeadLetters => _deadLetters;

    /// <summary>Completes, never with an error, when all actors have ended.</summary>
    public Task WhenTerminated => _terminated.Task;

    /// <summary>The failure that ended the system; null when it lives or was ended by <see cref="TerminateAsync"/>.</summary>
    public Exception? Failure => Volatile.Read(ref _failure);

    internal IDispatcherProvider Dispatchers { get; }

    internal int MailboxLimit { get; }

    internal ILogger Log => _log;

    internal CoordinatedShutdown Shutdown => _shutdown.Value;

    /// <summary>Starts a system.</summary>
    /// <param name="name">Its name; the rules of actor names apply.</param>
    /// <param name="setup">Its clock, dispatchers, limits and log.</param>
    /// <returns>A running system.</returns>
    /// <exception cref="InvalidActorNameException">The name is malformed.</exception>
    public static ActorSystem Create(string name, ActorSystemSetup setup)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(setup);
        ArgumentOutOfRangeException.ThrowIfLessThan(setup.MailboxLimit, 1);
        if (ActorPath.WhyInvalid(name) is { } why)
        {
            throw new InvalidActorNameException(why);
        }

        return new ActorSystem(name, setup);
    }

    /// <summary>Starts an actor under /user.</summary>
    /// <param name="props">Its recipe.</param>
    /// <param name="name">Unique among the living top-level actors; null for an automatic name ($a, $b, ...).</param>
    /// <returns>The actor, which may be told at once.</returns>
    /// <exception cref="InvalidActorNameException">The name is malformed or taken.</exception>
    /// <exception cref="InvalidOperationException">The system is ending.</exception>
    public IActorRef ActorOf(Props props, string? name = null) => _user.ActorOf(props, name);

    /// <summary>Starts an actor under /system: those end after all of /user.</summary>
    /// <param name="props">Its recipe.</param>
    /// <param name="name">Unique among the living system actors; null for an automatic name.</param>
    /// <returns>The actor, which may be told at once.</returns>
    public IActorRef SystemActorOf(Props props, string? name = null) => _system.ActorOf(props, name);

    /// <summary>Stops an actor after the message it is handling.</summary>
    /// <param name="actor">Any actor; an ended one is ignored.</param>
#pragma warning disable CA1822 // Akka.NET's shape: one stops an actor through its system
    public void Stop(IActorRef actor) => (actor as InternalActorRef)?.SendSystem(new TerminateMessage());
#pragma warning restore CA1822

    /// <summary>Ends all actors: first /user, children before parents, then /system.</summary>
    /// <returns><see cref="WhenTerminated"/>.</returns>
    public Task TerminateAsync()
    {
        _root.Mailbox.PostUnlimited(RootActor.End, null);
        return WhenTerminated;
    }

    /// <summary>All living actors as they are now, each parent before its children. Cost: one small object per actor.</summary>
    /// <returns>A picture; the actors go on meanwhile.</returns>
    public IReadOnlyList<ActorInfo> GetActors() => [.. Cells().Select(static cell => cell.GetInfo())];

    private IEnumerable<ActorCell> Cells()
    {
        var open = new Stack<ActorCell>([_root]);
        while (open.TryPop(out ActorCell? cell))
        {
            yield return cell;
            LocalActorRef[] children = cell.ChildRefs();
            for (int i = children.Length - 1; i >= 0; i--)
            {
                open.Push(children[i].Cell);
            }
        }
    }

    internal ActorPath NextTempPath() =>
        _temp.Child("$" + Interlocked.Increment(ref _tempNumber).ToString(CultureInfo.InvariantCulture));

    internal void ToDeadLetters(object message, IActorRef? sender, IActorRef recipient)
    {
        Metrics.DeadLetter();
        LogDeadLetter(message.GetType(), sender?.Path, recipient.Path);
        if (message is not DeadLetter) // whoever listens to dead letters and cannot take one gets no letter about that
        {
            EventStream.Publish(new DeadLetter(message, sender ?? _deadLetters, recipient));
        }
    }

    internal void ToUnhandled(UnhandledMessage message)
    {
        Metrics.UnhandledMessage();
        LogUnhandled(message.Message.GetType(), message.Sender.Path, message.Recipient.Path);
        EventStream.Publish(message);
    }

    internal void Overflowed(IActorRef recipient, int limit)
    {
        long total = Metrics.Overflow();
        if (BitOperations.IsPow2(total))
        {
            LogOverflow(recipient.Path, limit, total);
        }
    }

    internal void RootFailed(Exception cause)
    {
        if (Interlocked.CompareExchange(ref _failure, cause, null) is null)
        {
            LogSystemFailed(cause, Name);
        }
    }

    internal void RootEnded() => _terminated.TrySetResult();

    [LoggerMessage(EventId = 1010, Level = LogLevel.Debug, Message = "Dead letter: {Message} from {Sender} to {Recipient}")]
    private partial void LogDeadLetter(Type message, ActorPath? sender, ActorPath recipient);

    [LoggerMessage(EventId = 1011, Level = LogLevel.Debug, Message = "Unhandled: {Message} from {Sender} to {Recipient}")]
    private partial void LogUnhandled(Type message, ActorPath sender, ActorPath recipient);

    [LoggerMessage(EventId = 1012, Level = LogLevel.Warning,
        Message = "The mailbox of {Recipient} is full ({Limit} messages); {Total} messages refused by full mailboxes so far")]
    private partial void LogOverflow(ActorPath recipient, int limit, long total);

    [LoggerMessage(EventId = 1013, Level = LogLevel.Critical, Message = "Actor system {Name} ends: a failure was escalated to its guardian")]
    private partial void LogSystemFailed(Exception cause, string name);
}
