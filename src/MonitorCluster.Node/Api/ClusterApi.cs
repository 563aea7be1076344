using System.Buffers;
using System.Text.Json;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Query;

namespace MonitorCluster.Node.Api;

/// <summary><c>GET /api/v1/cluster</c>: the members and every shard, the same on every node but for <c>node</c>, which names the one that answers.</summary>
/// <remarks>Numbers of shards whose owner did not answer within a second are null, and so is that member's load. Safe for any thread.</remarks>
internal sealed class ClusterApi(RoutingMap map, ClusterStatistics statistics, string nodeName, TimeProvider time)
{
    public void Map(IEndpointRouteBuilder routes) => routes.MapGet("/api/v1/cluster", (Delegate)AnswerAsync);

    /// <summary>The object as UTF-8 JSON.</summary>
    public async Task<byte[]> ReadAsync(CancellationToken cancellationToken)
    {
        ClusterNumbers numbers = await statistics.ReadAsync();
        cancellationToken.ThrowIfCancellationRequested();
        var buffer = new ArrayBufferWriter<byte>(64 * 1024);
        using var json = new Utf8JsonWriter(buffer);
        Write(json, map.Current, numbers);
        await json.FlushAsync(cancellationToken);
        return buffer.WrittenSpan.ToArray();
    }

    private async Task AnswerAsync(HttpContext http)
    {
        ClusterNumbers numbers = await statistics.ReadAsync();
        await PrometheusEnvelope.SuccessAsync(http, json =>
        {
            Write(json.Writer, map.Current, numbers);
            return Task.CompletedTask;
        });
    }

    // A node that restarted or left in order is no dead node: of each name the newest run counts, unless it said goodbye.
    private static IEnumerable<MemberRow> Current(IEnumerable<MemberRow> members) => members
        .GroupBy(m => m.NodeName, StringComparer.Ordinal)
        .Select(g => g.MaxBy(m => m.Incarnation)!)
        .Where(m => m is not { Status: MemberStatus.Dead, Reason: "left" })
        .OrderBy(m => m.NodeName, StringComparer.Ordinal);

    private void Write(Utf8JsonWriter json, ClusterRoutes routes, ClusterNumbers numbers)
    {
        Dictionary<long, string> names = routes.Members.ToDictionary(m => m.Incarnation, m => m.NodeName);
        ILookup<long?, ShardSummary?> held = routes.Shards.ToLookup(s => s.Owner, s => numbers.Find(s.ShardId));
        json.WriteStartObject();
        json.WriteNumber("version"u8, routes.Version);
        json.WriteString("node"u8, nodeName);
        json.WriteStartArray("members"u8);
        foreach (MemberRow member in Current(routes.Members))
        {
            WriteMember(json, member, held[member.Incarnation]);
        }

        json.WriteEndArray();
        json.WriteStartArray("shards"u8);
        long nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        foreach (ShardRoute shard in routes.Shards)
        {
            WriteShard(json, shard, names, numbers.Find(shard.ShardId), nowMs);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void WriteMember(Utf8JsonWriter json, MemberRow member, IEnumerable<ShardSummary?> shards)
    {
        json.WriteStartObject();
        json.WriteString("name"u8, member.NodeName);
        json.WriteNumber("incarnation"u8, member.Incarnation);
        json.WriteString("address"u8, member.Address);
        json.WriteString("status"u8, member.Status.ToString().ToLowerInvariant());
        json.WriteStartArray("roles"u8);
        foreach (string role in member.Roles.ToString().Split(", "))
        {
            json.WriteStringValue(role.ToLowerInvariant());
        }

        json.WriteEndArray();
        json.WriteString("build"u8, member.Build);
        json.WriteString("reason"u8, member.Reason);
        WriteTruth(json, "reachable", member.NodeName == nodeName ? true : map.IsReachable(member.Incarnation));
        WriteNumber(json, "load", member.Status == MemberStatus.Dead || shards.Any(s => s is null) ? null : shards.Sum(s => s!.SamplesPerSecond));
        json.WriteEndObject();
    }

    private static void WriteShard(Utf8JsonWriter json, ShardRoute shard, Dictionary<long, string> names, ShardSummary? summary, long nowMs)
    {
        json.WriteStartObject();
        json.WriteNumber("id"u8, shard.ShardId);
        json.WriteString("owner"u8, shard.Owner is { } owner ? names.GetValueOrDefault(owner) : null);
        json.WriteNumber("epoch"u8, shard.Epoch);
        json.WriteString("target"u8, shard.Target is { } target ? names.GetValueOrDefault(target) : null);
        WriteNumber(json, "samplesPerSecond", summary?.SamplesPerSecond);
        WriteNumber(json, "series", summary?.Series);
        WriteNumber(json, "lagSeconds", summary?.NewestMs is { } newestMs ? Math.Max(0, (nowMs - newestMs) / 1000.0) : null);
        json.WriteEndObject();
    }

    private static void WriteNumber(Utf8JsonWriter json, string name, double? value)
    {
        if (value is { } number)
        {
            json.WriteNumber(name, number);
        }
        else
        {
            json.WriteNull(name);
        }
    }

    private static void WriteTruth(Utf8JsonWriter json, string name, bool? value)
    {
        if (value is { } truth)
        {
            json.WriteBoolean(name, truth);
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
