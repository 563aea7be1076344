namespace MonitorCluster.Actors;

/// <summary>No answer came within the time given to <see cref="ActorRefs.Ask"/>.</summary>
/// <param name="message">Who did not answer what.</param>
public sealed class AskTimeoutException(string message) : TimeoutException(message);

/// <summary>An actor's constructor or its first start failed. By default its supervisor stops it.</summary>
/// <param name="message">Which actor.</param>
/// <param name="innerException">What it threw.</param>
public sealed class ActorInitializationException(string message, Exception? innerException) : Exception(message, innerException);

/// <summary>A watched actor ended and the watcher had no handler for <see cref="Terminated"/>. By default its supervisor stops the watcher.</summary>
/// <param name="message">Who watched whom.</param>
public sealed class DeathPactException(string message) : Exception(message);

/// <summary>An actor's name is malformed or taken by a living sibling.</summary>
/// <param name="message">Which name and why.</param>
public sealed class InvalidActorNameException(string message) : Exception(message);
