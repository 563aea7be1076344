using System.ComponentModel.DataAnnotations;

namespace MonitorCluster.Act;

/// <summary>Settings of acting on watched services, section <c>Act</c>.</summary>
public sealed class ActOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Act";

    /// <summary>The folder of the policies, files named <c>NAME.policy.yaml</c>; every node that may own shards has the same ones.</summary>
    /// <value>Default empty: there is none, and nothing is ever acted upon.</value>
    public string PolicyDirectory { get; set; } = string.Empty;

    /// <summary>How long one command to a watched service may take, from connecting to the end of its answer.</summary>
    /// <value>Default 2 s; 100 ms to 30 s.</value>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:00:30")]
    public TimeSpan CommandTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How long one of a policy's queries may take.</summary>
    /// <value>Default 5 s; 100 ms to 1 min.</value>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:01:00")]
    public TimeSpan QueryTimeout { get; set; } = TimeSpan.FromSeconds(5);
}
