namespace MonitorCluster.Actors;

/// <summary>A place in an actor tree: <c>actors://system/user/shards/7</c>.</summary>
/// <remarks>Immutable. Two paths are equal when system and names are.</remarks>
public sealed class ActorPath : IEquatable<ActorPath>
{
    private const string NameSigns = "-_.*$+:@&=,!~';()%";
    private readonly string _system;
    private readonly string _local;

    private ActorPath(string system, ActorPath? parent, string name)
    {
        _system = system;
        Parent = parent;
        Name = name;
        _local = parent is null ? "/" : parent.Parent is null ? "/" + name : parent._local + "/" + name;
    }

    /// <summary>The last name; empty for the root.</summary>
    public string Name { get; }

    /// <summary>The path of the supervisor; null for the root.</summary>
    public ActorPath? Parent { get; }

    /// <summary>The path without the system: <c>/user/shards/7</c>.</summary>
    /// <returns>A path that starts with a slash.</returns>
    public string ToStringWithoutAddress() => _local;

    /// <inheritdoc/>
    public override string ToString() => "actors://" + _system + _local;

    /// <inheritdoc/>
    public bool Equals(ActorPath? other) => other is not null && other._local == _local && other._system == _system;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as ActorPath);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_system, _local);

    internal static ActorPath Root(string system) => new(system, null, "");

    internal ActorPath Child(string name) => new(_system, this, name);

    /// <summary>Says why a name cannot be used; null when it can. Names with a leading $ are the runtime's own.</summary>
    internal static string? WhyInvalid(string name)
    {
        if (name.Length is 0 or > 255)
        {
            return $"An actor's name has 1 to 255 characters; '{name}' has {name.Length}";
        }

        if (name[0] == '$')
        {
            return $"An actor's name must not start with $, which marks automatic names: '{name}'";
        }

        foreach (char c in name)
        {
            if (!char.IsAsciiLetterOrDigit(c) && !NameSigns.Contains(c, StringComparison.Ordinal))
            {
                return $"An actor's name has ASCII letters, digits and {NameSigns} only; '{name}' has '{c}'";
            }
        }

        return null;
    }
}
