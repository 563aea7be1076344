using Microsoft.Extensions.Options;

namespace MonitorCluster.Collect;

/// <summary>Ranges of each option by attribute, and what must hold between them. All reasons are listed at once.</summary>
public sealed class CollectOptionsValidator : IValidateOptions<CollectOptions>
{
    private readonly RangesValidator ranges = new();

    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, CollectOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var reasons = new List<string>();
        if (ranges.Validate(CollectOptions.Section, options) is { Failed: true } result)
        {
            reasons.AddRange(result.Failures);
        }

        if (options.SourceTimeout >= options.Interval)
        {
            reasons.Add($"Collect:SourceTimeout ({options.SourceTimeout}) must be less than Collect:Interval ({options.Interval})");
        }

        foreach (string disabled in HostSources.DisabledNames(options).Where(d => !HostSources.Names.Contains(d)))
        {
            reasons.Add($"Collect:Disabled names \"{disabled}\", which is no source; sources are {string.Join(", ", HostSources.Names)}");
        }

        CheckRegex(reasons, nameof(options.FileSystemMountPointsExclude), options.FileSystemMountPointsExclude);
        CheckRegex(reasons, nameof(options.FileSystemTypesExclude), options.FileSystemTypesExclude);
        CheckRegex(reasons, nameof(options.DiskDevicesExclude), options.DiskDevicesExclude);
        CheckRegex(reasons, nameof(options.NetDevicesExclude), options.NetDevicesExclude);
        return reasons.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(reasons);
    }

    private static void CheckRegex(List<string> reasons, string option, string pattern)
    {
        try
        {
            HostSources.Compile(pattern ?? string.Empty);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            reasons.Add($"Collect:{option} is no regular expression: {e.Message}");
        }
    }
}

/// <summary>The ranges in the attributes of <see cref="CollectOptions"/>.</summary>
[OptionsValidator]
internal sealed partial class RangesValidator : IValidateOptions<CollectOptions>;
