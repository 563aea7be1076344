namespace MonitorCluster.Act;

/// <summary>The one place where a way to act on watched services is added. What it may do is a closed list: there is no free command, and no shell.</summary>
/// <remarks>
/// <see cref="Propose"/> is called by the policy's mailbox alone and learns from every look; what it has learnt is asked from there, too. The others do the
/// talking, from anywhere, and keep nothing. When and whether something is done, and that it is written down before, is not their matter
/// (<see cref="PolicyState"/>). <see cref="ActuationSetup.Make"/> chooses one for a policy.
/// </remarks>
internal interface IActuator
{
    /// <summary>Everything that it could act on, as it is now.</summary>
    /// <exception cref="ActuatorException">The service does not answer, or answers something else.</exception>
    Task<IReadOnlyList<TargetReading>> ObserveAsync(CancellationToken cancellationToken);

    /// <summary>Takes one look at the metrics and says what should be done next, or why nothing is.</summary>
    Proposal Propose(ActuationLook look);

    /// <summary>Sets a target's value. That there was no complaint does not say that it was done: read it back.</summary>
    /// <exception cref="ActuatorException">It was refused, or nobody knows whether it was done.</exception>
    Task ApplyAsync(string target, int value, CancellationToken cancellationToken);

    /// <summary>One target as it is now.</summary>
    /// <exception cref="ActuatorException">The service does not answer, or answers something else.</exception>
    Task<TargetReading> ReadBackAsync(string target, CancellationToken cancellationToken);

    /// <summary>Gives a target the value of its own configuration.</summary>
    /// <exception cref="ActuatorException">It was refused, or nobody knows whether it was done.</exception>
    Task RevertAsync(string target, CancellationToken cancellationToken);

    /// <summary>What the policy is for, lower is better: the mean over the last looks; null while there are too few.</summary>
    double? Goal { get; }

    /// <summary>The mean share of failed requests over the last looks; null while there are too few.</summary>
    double? Errors { get; }

    /// <summary>Whether the reason for which a target has another value than its own stands, and has for enough looks.</summary>
    bool HasReason(TargetReading target);

    /// <summary>The latency of a target in the last look, in seconds; null when there was no fresh value.</summary>
    double? LatencyOf(string name);
}

/// <summary>One target as it is.</summary>
/// <param name="Target">Its name in the outbox.</param>
/// <param name="Name">Its short name, as in the metrics.</param>
/// <param name="Value">Its value.</param>
/// <param name="InitialValue">The value that its own configuration has.</param>
/// <param name="IsUp">Whether it takes requests.</param>
/// <param name="MayTouch">Whether the policy may act on it; the others count for comparison and capacity.</param>
internal sealed record TargetReading(string Target, string Name, int Value, int InitialValue, bool IsUp, bool MayTouch);

/// <summary>The service could not be talked to, or refused.</summary>
internal sealed class ActuatorException : Exception
{
    public ActuatorException(string message)
        : base(message)
    {
    }

    public ActuatorException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
