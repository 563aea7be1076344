using MonitorCluster.Detect;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Tests.Detect;

internal static class DetectionSnapshot
{
    /// <summary>The bytes that are stored of a detection that is alone.</summary>
    public static byte[] Of(ShardDetection detection)
    {
        using PooledWriter copy = new(), packed = new();
        Range detectors = detection.Copy(copy);
        ShardDetection.Pack(copy.Written, detectors, packed);
        return packed.Written.ToArray();
    }
}
