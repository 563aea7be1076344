using MonitorCluster.Act;

namespace MonitorCluster.Tests.Act;

/// <summary>Policies for tests.</summary>
internal static class Policies
{
    public const string Minimal =
        """
        name: web
        haproxy:
          endpoint: unix:/run/haproxy/admin.sock
          backend: web
        metrics:
          latency: rate(request_seconds_sum[1m]) / rate(request_seconds_count[1m])
          errors: sum(rate(failed_total[1m])) / sum(rate(requests_total[1m]))
        """;

    public static ActuationPolicy Web { get; } = Read(Minimal) with { IsDryRun = false };

    public static ActuationPolicy Read(string text)
    {
        ActuationPolicy? policy = PolicyFile.Read("web.policy.yaml", text, out IReadOnlyList<string> faults);
        Assert.Empty(faults);
        return policy!;
    }

    public static IReadOnlyList<string> Faults(string text)
    {
        Assert.Null(PolicyFile.Read("web.policy.yaml", text, out IReadOnlyList<string> faults));
        return faults;
    }

    public static TargetReading Server(string name, int value = 100, int initial = 100, bool isUp = true, bool mayTouch = true) =>
        new(Web.TargetOf(name), name, value, initial, isUp, mayTouch);
}
