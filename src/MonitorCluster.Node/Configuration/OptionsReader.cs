using System.Collections;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;

namespace MonitorCluster.Node.Configuration;

/// <summary>Fills option objects from configuration and gathers everything that is wrong with it, so that one start shows all reasons.</summary>
/// <remarks>
/// Used instead of the framework's binder, which ignores keys it does not know, reads a bare number as days, and stops at the first error.
/// </remarks>
internal sealed class OptionsReader(IConfiguration configuration)
{
    private readonly List<string> errors = [];
    private readonly HashSet<string> sections = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Reasons to refuse the configuration, in the order of reading.</summary>
    public IReadOnlyList<string> Errors => errors;

    /// <summary>Reads one section.</summary>
    public T Read<T>(string section)
        where T : class, new()
    {
        var options = new T();
        sections.Add(section);
        Dictionary<string, PropertyInfo> properties = Properties(typeof(T));
        if (configuration.GetSection(section).Value is { } text)
        {
            errors.Add($"{section} is a section, not the value \"{text}\"; its options are written {section}:OPTION");
        }

        foreach (IConfigurationSection entry in configuration.GetSection(section).GetChildren())
        {
            if (properties.TryGetValue(entry.Key, out PropertyInfo? property))
            {
                Assign(options, property, entry);
            }
            else
            {
                errors.Add($"{section}:{entry.Key} is not an option{Suggest(entry.Key, properties.Keys.Select(k => $"{section}:{k}"))}");
            }
        }

        foreach (PropertyInfo property in properties.Values)
        {
            CheckRange($"{section}:{property.Name}", property, options);
            CheckRules($"{section}:{property.Name}", property, options);
        }

        if (options is IValidatableObject relations)
        {
            errors.AddRange(relations.Validate(new ValidationContext(options)).Select(r => r.ErrorMessage!));
        }

        return options;
    }

    /// <summary>Adds a reason found by a rule between options.</summary>
    public void Refuse(string reason) => errors.Add(reason);

    /// <summary>Refuses sections that nobody read. Environment and host keys of .NET itself are left alone.</summary>
    public void RefuseUnknownSections()
    {
        string[] foreign = ["Logging", "AllowedHosts", "contentRoot", "environment", "applicationName"];
        foreach (IConfigurationSection entry in configuration.GetChildren())
        {
            if (!sections.Contains(entry.Key) && !foreign.Contains(entry.Key, StringComparer.OrdinalIgnoreCase))
            {
                errors.Add($"{entry.Key} is not a section{Suggest(entry.Key, sections)}");
            }
        }
    }

    /// <summary>The options of a type: public, settable.</summary>
    public static Dictionary<string, PropertyInfo> Properties(Type type) =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.CanWrite).ToDictionary(p => p.Name, StringComparer.OrdinalIgnoreCase);

    private void Assign(object options, PropertyInfo property, IConfigurationSection entry)
    {
        Type type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        if (type != typeof(string) && typeof(IEnumerable).IsAssignableFrom(type))
        {
            IConfigurationSection[] children = [.. entry.GetChildren()];
            if (entry.Value is null && (children.Length == 0 || !children.All(IsItem)))
            {
                errors.Add($"{entry.Path}: write a list of texts, or one text with commas; not null, an object, or lists in the list");
                return;
            }

            string[] items = entry.Value is { } line
                ? line.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                : [.. children.Select(c => c.Value!)];
            property.SetValue(options, type == typeof(string[]) ? items : items.ToList());
            return;
        }

        // Taken for empty, a token in a list would be no token.
        if (entry.Value is not { } text || entry.GetChildren().Any())
        {
            errors.Add($"{entry.Path}: write one value; not null, a list or an object");
            return;
        }

        if (TryConvert(text, type, out object? value, out string reason))
        {
            property.SetValue(options, value);
        }
        else
        {
            errors.Add($"{entry.Path}: {reason}");
        }
    }

    private static bool IsItem(IConfigurationSection child) =>
        child.Value is not null && !child.GetChildren().Any() && int.TryParse(child.Key, NumberStyles.None, CultureInfo.InvariantCulture, out _);

    private static bool TryConvert(string text, Type type, out object? value, out string reason)
    {
        (value, reason) = (null, $"\"{text}\" is no {Describe(type)}");
        CultureInfo culture = CultureInfo.InvariantCulture;
        if (type == typeof(TimeSpan))
        {
            bool isDuration = Duration.TryParse(text, out TimeSpan duration, out reason);
            value = duration;
            return isDuration;
        }

        if (type.IsEnum)
        {
            bool isMember = Enum.GetNames(type).Contains(text, StringComparer.OrdinalIgnoreCase) && Enum.TryParse(type, text, true, out value);
            reason = $"\"{text}\" is not one of {string.Join(", ", Enum.GetNames(type).Select(n => n.ToLowerInvariant()))}";
            return isMember;
        }

        value = type switch
        {
            _ when type == typeof(string) => text,
            _ when type == typeof(bool) => bool.TryParse(text, out bool flag) ? flag : null,
            _ when type == typeof(int) => int.TryParse(text, NumberStyles.AllowLeadingSign, culture, out int number) ? number : null,
            _ when type == typeof(long) => long.TryParse(text, NumberStyles.AllowLeadingSign, culture, out long number) ? number : null,
            _ when type == typeof(double) => double.TryParse(text, NumberStyles.Float, culture, out double number) && double.IsFinite(number) ? number : null,
            _ => throw new InvalidOperationException($"options of type {type} are not supported"),
        };
        return value is not null;
    }

    private void CheckRange(string path, PropertyInfo property, object options)
    {
        if (property.GetCustomAttribute<RangeAttribute>() is { } range && property.GetValue(options) is { } value)
        {
            // TimeSpan bounds are written as text in the attribute; the attribute's own message would not name the option's path.
            range.ParseLimitsInInvariantCulture = true;
            range.ConvertValueInInvariantCulture = true;
            if (!range.IsValid(value))
            {
                errors.Add($"{path} ({Show(value)}) must be {Show(range.Minimum)} to {Show(range.Maximum)}");
            }
        }
    }

    private void CheckRules(string path, PropertyInfo property, object options)
    {
        object? value = property.GetValue(options);
        ValidationAttribute? broken = property.GetCustomAttributes<ValidationAttribute>().FirstOrDefault(r => r is not RangeAttribute && !r.IsValid(value));
        if (broken is not null)
        {
            errors.Add($"{path} (\"{value}\") is refused: {broken.ErrorMessage ?? broken.FormatErrorMessage(property.Name)}");
        }
    }

    private static string Show(object value) => value switch
    {
        TimeSpan duration => Duration.Format(duration),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? string.Empty,
    };

    private static string Describe(Type type) => type == typeof(bool) ? "switch; write true or false" : "number of that kind";

    private static string Suggest(string given, IEnumerable<string> known)
    {
        string? nearest = known.MinBy(k => Distance(k[(k.IndexOf(':', StringComparison.Ordinal) + 1)..].ToUpperInvariant(), given.ToUpperInvariant()));
        return nearest is null ? string.Empty : $"; did you mean {nearest}?";
    }

    private static int Distance(string a, string b)
    {
        int[] row = [.. Enumerable.Range(0, b.Length + 1)];
        for (int i = 1; i <= a.Length; i++)
        {
            (int diagonal, row[0]) = (row[0], i);
            for (int j = 1; j <= b.Length; j++)
            {
                int above = row[j];
                row[j] = Math.Min(Math.Min(above, row[j - 1]) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }

        return row[b.Length];
    }
}
