using System.Net;
using MonitorCluster.Soak.Client;
using MonitorCluster.Soak.Known;
using MonitorCluster.Soak.Processes;

namespace MonitorCluster.Soak.Rounds;

/// <summary>The disk of one node's log is full for a while: that node refuses writes, says why, and takes them again when there is room.</summary>
internal sealed class DiskFullRound : Round
{
    private const int SmallDiskNode = 2;

    // A segment that has its space already takes writes until it is full: by then so many samples more.
    private const int SamplesAtOnce = 1_000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(10);

    public override string Name => "disk-full";

    public override double GapMaxSeconds => 10;

    public override ClusterPlan Plan(ClusterPlan plan) =>
        plan with { SmallDiskNode = SmallDiskNode, Options = ["--Wal:SegmentBytes=262144", "--Wal:IdleRotateBytes=65536", .. plan.Options] };

    public override ClusterNode[] Choose(RoundContext context) => [context.Cluster.Nodes[SmallDiskNode - 1]];

    // Its shards go on too: only what is written through it is refused.
    public override IReadOnlyList<string> Untouched(RoundContext context, ClusterNode[] victims) => context.World.Hosts;

    public override async Task<Strike> StrikeAsync(RoundContext context, ClusterNode[] victims)
    {
        SmallDisk disk = context.Cluster.SmallDisk!;
        NodeClient node = context.Cluster.Client(victims[0]);
        List<string> faults = [];
        disk.Fill();
        if (await WaitForAsync(node, HttpStatusCode.ServiceUnavailable) is null)
        {
            faults.Add($"{victims[0].Name} took writes for {Patience} with its disk full");
        }

        // Not a wait for an effect: the length is the subject. The ballast grows by what the node gives back meanwhile.
        await Task.Delay(Length / 2);
        disk.Fill();
        await Task.Delay(Length / 2);
        using (await node.QueryAsync("vector(1)"))
        {
            disk.Clear();
        }

        double? gap = await WaitForAsync(node, HttpStatusCode.NoContent);
        if (gap is null)
        {
            faults.Add($"{victims[0].Name} refused writes for {Patience} with room on its disk");
        }

        return new Strike { GapSeconds = gap, Faults = faults };
    }

    private static WriteRequest Samples()
    {
        long nowMs = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        var request = new WriteRequest();
        for (int i = 0; i < SamplesAtOnce; i++)
        {
            request.Series([("__name__", "soak_disk"), ("host", "soak-disk"), ("n", $"{i}")], (nowMs, Random.Shared.NextDouble()));
        }

        return request;
    }

    // Writes series of its own until the answer is this; the time that took, in seconds.
    private static async Task<double?> WaitForAsync(NodeClient node, HttpStatusCode wanted)
    {
        long start = System.Diagnostics.Stopwatch.GetTimestamp();
        for (TimeSpan passed = TimeSpan.Zero; passed < Patience; passed = System.Diagnostics.Stopwatch.GetElapsedTime(start))
        {
            using ByteArrayContent content = Samples().ToContent();
            (int status, _) = await node.WriteAsync(content);
            if (status == (int)wanted)
            {
                return passed.TotalSeconds;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50));
        }

        return null;
    }
}
