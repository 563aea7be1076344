using System.Runtime.InteropServices;
using MonitorCluster.TimeSeries.Detectors;

namespace MonitorCluster.Detect;

/// <summary>What makes a series a member: a channel of its model, or a rule.</summary>
internal enum Cause : byte
{
    /// <summary>Unusual for its model.</summary>
    Unusual,

    /// <summary>A target does not answer.</summary>
    Down,

    /// <summary>A bounded metric stands at its bound.</summary>
    Saturated,

    /// <summary>What is free is running out.</summary>
    Filling,
}

/// <summary>A series that has, or had within the last minutes, something to say about its host. Blittable: its bytes are its snapshot.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct SignalMember
{
    /// <summary>The series' number in the shard.</summary>
    public int Series;

    /// <summary>Why.</summary>
    public Cause Cause;

    /// <summary>The channel of the step with the largest score.</summary>
    public AnomalyChannel Channel;

    /// <summary>1 while it lasts: an open excursion, a rule that holds.</summary>
    public byte IsOn;

    /// <summary>1 when it is worth an incident by itself.</summary>
    public byte IsConfirmed;

    /// <summary>When it began, milliseconds since 1970.</summary>
    public long SinceMs;

    /// <summary>End of its newest step that counted, milliseconds since 1970.</summary>
    public long NewestMs;

    /// <summary>Its largest score, in decades.</summary>
    public float Score;

    /// <summary>The value then.</summary>
    public float Value;

    /// <summary>The value that was expected then.</summary>
    public float Expected;

    /// <summary>Lower end of the band.</summary>
    public float Low;

    /// <summary>Upper end of the band.</summary>
    public float High;

    /// <summary>Of a rule: what its sentence needs, such as the seconds left.</summary>
    public float Detail;
}
