using System.Text.Json;
using MonitorCluster.Act;
using MonitorCluster.Alert;
using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Node.Api;

/// <summary><c>GET /api/v1/actuations</c>: this node's policies for watched services, and the newest actions of all nodes.</summary>
/// <remarks>
/// How a policy stands knows only the node that acts for it; it is named as <c>owner</c>. Actions are read from the store and the same on every node.
/// Safe for any thread.
/// </remarks>
internal sealed class ActuationApi(ActuationDesk desk, TimeProvider time)
{
    private const int ActionsMax = 50;

    /// <summary>Maps the route.</summary>
    public void Map(IEndpointRouteBuilder routes) => routes.MapGet("/api/v1/actuations", PrometheusEnvelope.Handler(GetAsync));

    private async Task GetAsync(HttpContext http)
    {
        IReadOnlyList<ActuationRow> actions = await desk.RecentAsync(ActionsMax, http.RequestAborted);
        long nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        await PrometheusEnvelope.SuccessAsync(http, json =>
        {
            Utf8JsonWriter writer = json.Writer;
            writer.WriteStartObject();
            writer.WriteBoolean("isOn"u8, desk.IsOn);
            writer.WriteStartArray("policies"u8);
            foreach (PolicySnapshot policy in desk.Policies())
            {
                Write(writer, policy);
            }

            writer.WriteEndArray();
            writer.WriteStartArray("actions"u8);
            foreach (ActuationRow action in actions)
            {
                Write(writer, action, nowMs);
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
            return Task.CompletedTask;
        });
    }

    private static void Write(Utf8JsonWriter json, PolicySnapshot policy)
    {
        json.WriteStartObject();
        json.WriteString("name"u8, policy.Name);
        json.WriteString("file"u8, policy.File);
        json.WriteString("endpoint"u8, policy.Endpoint);
        json.WriteString("backend"u8, policy.Backend);
        json.WriteBoolean("isDryRun"u8, policy.IsDryRun);
        json.WriteString("owner"u8, policy.Owner);
        json.WriteString("status"u8, JsonNamingPolicy.CamelCase.ConvertName(policy.Status.ToString()));
        json.WriteString("words"u8, policy.Words);
        json.WriteString("lookedAt"u8, policy.LookedAtMs is { } at ? AlertJson.Time(at) : null);
        json.WriteStartArray("servers"u8);
        foreach (WatchedServer server in policy.Servers)
        {
            json.WriteStartObject();
            json.WriteString("name"u8, server.Name);
            json.WriteNumber("weight"u8, server.Weight);
            json.WriteNumber("initialWeight"u8, server.InitialWeight);
            json.WriteBoolean("isUp"u8, server.IsUp);
            if (server.LatencySeconds is { } latency && double.IsFinite(latency))
            {
                json.WriteNumber("latencySeconds"u8, latency);
            }
            else
            {
                json.WriteNull("latencySeconds"u8);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, ActuationRow action, long nowMs)
    {
        json.WriteStartObject();
        json.WriteNumber("id"u8, action.ActionId);
        json.WriteString("policy"u8, action.Policy);
        json.WriteString("target"u8, action.Target);
        json.WriteString("param"u8, action.Param);
        json.WriteNumber("initialValue"u8, action.InitialValue);
        json.WriteNumber("oldValue"u8, action.OldValue);
        json.WriteNumber("newValue"u8, action.NewValue);
        json.WriteString("state"u8, JsonNamingPolicy.CamelCase.ConvertName(action.State.ToString()));
        json.WriteString("reason"u8, action.Reason);
        json.WriteString("decidedAt"u8, AlertJson.Time(nowMs - action.AgeMs));
        json.WriteString("endsAt"u8, action.IsOpen ? AlertJson.Time(nowMs + action.LeftMs) : null);
        json.WriteString("endedAt"u8, action.EndedMs is { } ended ? AlertJson.Time(nowMs - ended) : null);
        json.WriteEndObject();
    }
}
