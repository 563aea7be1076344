using System.Buffers;
using MonitorCluster.Collect;
using MonitorCluster.TimeSeries.Exposition;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Node.Api;

/// <summary>Routes about the node itself: health, readiness, its own metrics.</summary>
internal sealed class NodeApi(NodeCore node)
{
    private static readonly string[] GetAndHead = ["GET", "HEAD"]; // load balancers ask with HEAD

    public void Map(IEndpointRouteBuilder routes)
    {
        foreach (string path in (string[])["/healthz", "/-/healthy"])
        {
            routes.MapMethods(path, GetAndHead, () => Results.Text("MonitorCluster is Healthy.\n"));
        }

        foreach (string path in (string[])["/readyz", "/-/ready"])
        {
            routes.MapMethods(path, GetAndHead, Ready);
        }

        routes.MapGet("/metrics", MetricsAsync);
    }

    private IResult Ready() => node.NotReady is { } reason
        ? Results.Text($"Not ready: {reason}.\n", statusCode: StatusCodes.Status503ServiceUnavailable)
        : Results.Text("MonitorCluster is Ready.\n");

    private Task MetricsAsync(HttpContext http)
    {
        var buffer = new ArrayBufferWriter<byte>(16 * 1024);
        var page = new TextExposition(buffer);
        string family = string.Empty;
        foreach (OwnMetric metric in node.Meters())
        {
            if (metric.Labels.Metric != family)
            {
                family = metric.Labels.Metric;
                page.Family(family, metric.Type, metric.Help);
            }

            page.Sample(metric.Value, [.. metric.Labels.Labels.Where(l => l.Name != LabelSet.NameLabel)]);
        }

        http.Response.ContentType = TextExposition.ContentType;
        return http.Response.BodyWriter.WriteAsync(buffer.WrittenMemory, http.RequestAborted).AsTask();
    }
}
