using System.Globalization;
using MonitorCluster.TimeSeries.PromQl;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace MonitorCluster.Act;

/// <summary>One mapping of a policy's file: every key is asked for once, and what was not asked for is refused.</summary>
/// <param name="node">The mapping; null when it is missing, and then every key is.</param>
/// <param name="path">Where it stands, empty or with a dot at its end.</param>
/// <param name="faults">Takes what is wrong, a sentence each.</param>
internal sealed class PolicyYaml(YamlMappingNode? node, string path, Action<string> faults)
{
    private readonly HashSet<string> asked = new(StringComparer.Ordinal);

    /// <summary>Notes a fault of a key.</summary>
    public void Refuse(string key, string reason)
    {
        Mark at = Find(key)?.Start ?? node?.Start ?? Mark.Empty;
        faults(string.Create(CultureInfo.InvariantCulture, $"line {at.Line}: {path}{key}: {reason}"));
    }

    /// <summary>A mapping in this one.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="isNeeded">Whether its absence is a fault.</param>
    public PolicyYaml Section(string key, bool isNeeded)
    {
        YamlNode? value = Take(key, isNeeded);
        if (value is not null and not YamlMappingNode)
        {
            Refuse(key, "must be a mapping of keys to values");
        }

        return new PolicyYaml(value as YamlMappingNode, $"{path}{key}.", value is YamlMappingNode || !isNeeded ? faults : _ => { });
    }

    /// <summary>A text; the default when it is not there.</summary>
    public string Text(string key, string missing, bool isNeeded = false)
    {
        switch (Take(key, isNeeded))
        {
            case null:
                return missing;
            case YamlScalarNode { Value: { Length: > 0 } text }:
                return text;
            default:
                Refuse(key, "must be one text");
                return missing;
        }
    }

    /// <summary>A list of texts; empty when it is not there.</summary>
    public IReadOnlyList<string> Texts(string key)
    {
        switch (Take(key, isNeeded: false))
        {
            case null:
                return [];
            case YamlSequenceNode list when list.Children.Count > 0 && list.Children.All(c => c is YamlScalarNode { Value.Length: > 0 }):
                return [.. list.Children.Select(c => ((YamlScalarNode)c).Value!)];
            default:
                Refuse(key, "must be a list of texts with at least one; leave the key out for all");
                return [];
        }
    }

    /// <summary>A switch.</summary>
    public bool Flag(string key, bool missing)
    {
        string text = Text(key, missing ? "true" : "false");
        if (text is "true" or "false")
        {
            return text == "true";
        }

        Refuse(key, $"\"{text}\" is no switch; write true or false");
        return missing;
    }

    /// <summary>A whole number within bounds.</summary>
    public int Number(string key, int missing, int min, int max) => (int)Number(key, missing, (double)min, max, isWhole: true);

    /// <summary>A number within bounds.</summary>
    public double Number(string key, double missing, double min, double max, bool isWhole = false)
    {
        string text = Text(key, missing.ToString(CultureInfo.InvariantCulture));
        NumberStyles style = isWhole ? NumberStyles.AllowLeadingSign : NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint;
        if (!double.TryParse(text, style, CultureInfo.InvariantCulture, out double number))
        {
            Refuse(key, $"\"{text}\" is no {(isWhole ? "whole " : string.Empty)}number");
            return missing;
        }

        if (number < min || number > max)
        {
            Refuse(key, string.Create(CultureInfo.InvariantCulture, $"({text}) must be {min} to {max}"));
            return missing;
        }

        return number;
    }

    /// <summary>A duration within bounds.</summary>
    public TimeSpan Time(string key, TimeSpan missing, TimeSpan min, TimeSpan max)
    {
        string text = Text(key, PromQlDuration.Format((long)missing.TotalMilliseconds));
        if (!PromQlDuration.TryParseMs(text, out long ms))
        {
            Refuse(key, $"\"{text}\" is no duration; write 500ms, 10s, 5m, 1h30m");
            return missing;
        }

        if (ms < min.TotalMilliseconds || ms > max.TotalMilliseconds)
        {
            Refuse(key, $"({text}) must be {PromQlDuration.Format((long)min.TotalMilliseconds)} to {PromQlDuration.Format((long)max.TotalMilliseconds)}");
            return missing;
        }

        return TimeSpan.FromMilliseconds(ms);
    }

    /// <summary>A query that yields a vector or a scalar; null when it is not there or is none.</summary>
    public PromQlQuery? Query(string key, bool isNeeded)
    {
        string text = Text(key, string.Empty, isNeeded);
        if (text.Length == 0)
        {
            return null;
        }

        if (!PromQlQuery.TryParse(text, out PromQlQuery query, out PromQlError error))
        {
            Refuse(key, $"is no query: {error}");
            return null;
        }

        if (query.Type is not (ExprType.Vector or ExprType.Scalar))
        {
            Refuse(key, $"yields a {query.Type.ToString().ToLowerInvariant()}; it must yield an instant vector or a scalar");
            return null;
        }

        return query;
    }

    /// <summary>Refuses the keys that nobody asked for.</summary>
    public void End()
    {
        foreach (YamlNode key in node?.Children.Keys.Where(k => k is not YamlScalarNode { Value: { } name } || !asked.Contains(name)) ?? [])
        {
            string known = string.Join(", ", asked.Order(StringComparer.Ordinal));
            faults(string.Create(CultureInfo.InvariantCulture, $"line {key.Start.Line}: {path}{key} is no key here; there are {known}"));
        }
    }

    private YamlNode? Take(string key, bool isNeeded)
    {
        asked.Add(key);
        YamlNode? value = Find(key);
        if (value is null && isNeeded)
        {
            Refuse(key, "is missing");
        }

        return value;
    }

    private YamlNode? Find(string key) => node?.Children.FirstOrDefault(c => c.Key is YamlScalarNode { Value: { } name } && name == key).Value;
}
