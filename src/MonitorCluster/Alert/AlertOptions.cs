using System.ComponentModel.DataAnnotations;

namespace MonitorCluster.Alert;

/// <summary>Settings of alert delivery, section <c>Alert</c>.</summary>
public sealed class AlertOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Alert";

    /// <summary>Most clients that follow the alert stream of this node at once; further ones get 503.</summary>
    /// <value>Default 256; 1 to 10,000.</value>
    [Range(1, 10_000)]
    public int SubscribersMax { get; set; } = 256;

    /// <summary>Silence after which a stream sends a comment, so that proxies and clients know it lives.</summary>
    /// <value>Default 15 s; 1 s to 5 min.</value>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan KeepAlive { get; set; } = TimeSpan.FromSeconds(15);
}
