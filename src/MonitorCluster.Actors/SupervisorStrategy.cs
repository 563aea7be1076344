namespace MonitorCluster.Actors;

/// <summary>What a supervisor does about a failed child.</summary>
public enum Directive
{
    /// <summary>Goes on with the same instance; only the message is lost.</summary>
    Resume,

    /// <summary>Goes on with a new instance and the same mailbox; only the message is lost.</summary>
    Restart,

    /// <summary>Ends the child for good.</summary>
    Stop,

    /// <summary>Makes the failure the supervisor's own.</summary>
    Escalate,
}

/// <summary>How a supervisor treats failures of its children. Immutable; safe for any thread.</summary>
public abstract class SupervisorStrategy
{
    private protected SupervisorStrategy()
    {
    }

    /// <summary>Restarts at once and without limit; stops children that could not start or broke a death pact.</summary>
    public static SupervisorStrategy DefaultStrategy { get; } = new OneForOneStrategy();

    /// <summary>Stops whatever fails.</summary>
    public static SupervisorStrategy StoppingStrategy { get; } = new OneForOneStrategy(_ => Directive.Stop);

    /// <summary>Decides on one failure.</summary>
    /// <param name="cause">What the child threw.</param>
    /// <returns>What to do about it.</returns>
    public abstract Directive Decide(Exception cause);

    /// <summary>Counts one more failure and says how long to wait before the restart; null when the child has used up its restarts.</summary>
    internal abstract TimeSpan? NextRestart(ChildStats stats, DateTimeOffset now);
}
