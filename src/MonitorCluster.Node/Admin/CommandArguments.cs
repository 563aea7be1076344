using System.Globalization;
using MonitorCluster.Node.Configuration;

namespace MonitorCluster.Node.Admin;

/// <summary>What a line said: values by the name of the argument. Immutable.</summary>
internal sealed class CommandArguments(CommandDefinition command, IReadOnlyDictionary<string, string> given)
{
    /// <summary>Whether the line had the argument.</summary>
    public bool Has(string name) => given.ContainsKey(name);

    /// <summary>The value given, or the argument's default, or null.</summary>
    public string? Value(string name) => given.GetValueOrDefault(name) ?? (command.ArgumentsByName[name].DefaultValues is [string first, ..] ? first : null);

    /// <summary>The value of an argument that is mandatory or has a default.</summary>
    public string Required(string name) => Value(name) ?? throw new CommandUsageException($"{Show(name)} is missing");

    /// <summary>A whole number within bounds.</summary>
    /// <exception cref="CommandUsageException">It is none, or out of bounds.</exception>
    public long Number(string name, long min, long max)
    {
        string text = Required(name);
        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) && number >= min && number <= max
            ? number
            : throw new CommandUsageException($"{Show(name)}: \"{text}\" is no whole number from {min} to {max}");
    }

    /// <summary>A duration over 0.</summary>
    /// <exception cref="CommandUsageException">It is none.</exception>
    public TimeSpan Span(string name)
    {
        string text = Required(name);
        if (!Duration.TryParse(text, out TimeSpan span, out string reason))
        {
            throw new CommandUsageException($"{Show(name)}: {reason}");
        }

        return span > TimeSpan.Zero ? span : throw new CommandUsageException($"{Show(name)}: \"{text}\" must be longer than 0");
    }

    private string Show(string name) => command.ArgumentsByName[name].Usage;
}
