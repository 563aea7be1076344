using System.Text.Json;
using MonitorCluster.Query;
using MonitorCluster.TimeSeries.Model;
using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Node.Api;

/// <summary>What there is: series, labels, values, metadata, sizes.</summary>
internal sealed class CatalogApi(IQueryService service, QueryDeadline deadline)
{
    /// <summary><c>/series</c>; <c>match[]</c> must be there.</summary>
    public async Task SeriesAsync(HttpContext http, RequestParameters parameters)
    {
        (long fromMs, long toMs, int? limit) = Bounds(parameters);
        IReadOnlyList<IReadOnlyList<LabelMatcher>> selectors = parameters.Selectors();
        if (selectors.Count == 0)
        {
            throw new QueryException(QueryErrorKind.BadData, "match[] is missing");
        }

        (IReadOnlyList<LabelSet> series, QueryScope scope) = await deadline.RunAsync(
            http, parameters, (scope, token) => service.SeriesAsync(selectors, fromMs, toMs, scope, token));
        await PrometheusEnvelope.SuccessAsync(
            http,
            async json =>
            {
                json.Writer.WriteStartArray();
                foreach (LabelSet labels in series.Take(limit ?? int.MaxValue))
                {
                    QueryResultJson.WriteLabels(json.Writer, labels);
                    await json.BreatheAsync();
                }

                json.Writer.WriteEndArray();
            },
            series.Count > limit,
            scope);
    }

    /// <summary><c>/labels</c>.</summary>
    public async Task LabelsAsync(HttpContext http, RequestParameters parameters)
    {
        (long fromMs, long toMs, int? limit) = Bounds(parameters);
        IReadOnlyList<IReadOnlyList<LabelMatcher>> selectors = parameters.Selectors();
        (IReadOnlyList<string> names, QueryScope scope) = await deadline.RunAsync(
            http, parameters, (scope, token) => service.LabelNamesAsync(selectors, fromMs, toMs, scope, token));
        await WriteTextsAsync(http, names, limit, scope);
    }

    /// <summary><c>/label/NAME/values</c>; a name may be escaped as <c>U__...</c>.</summary>
    public async Task LabelValuesAsync(HttpContext http, RequestParameters parameters)
    {
        string escaped = (string?)http.GetRouteValue("name") ?? "";
        if (!LabelNameEscape.TryUnescape(escaped, out string name))
        {
            throw new QueryException(QueryErrorKind.BadData, $"\"{escaped}\" is no label name");
        }

        (long fromMs, long toMs, int? limit) = Bounds(parameters);
        IReadOnlyList<IReadOnlyList<LabelMatcher>> selectors = parameters.Selectors();
        (IReadOnlyList<string> values, QueryScope scope) = await deadline.RunAsync(
            http, parameters, (scope, token) => service.LabelValuesAsync(name, selectors, fromMs, toMs, scope, token));
        await WriteTextsAsync(http, values, limit, scope);
    }

    /// <summary><c>/metadata</c>: a list for each family, here always of one.</summary>
    public async Task MetadataAsync(HttpContext http, RequestParameters parameters)
    {
        int? limit = parameters.Limit();
        IReadOnlyList<MetricMetadata> families = await service.MetadataAsync(parameters.Text("metric"), http.RequestAborted);
        await PrometheusEnvelope.SuccessAsync(http, async json =>
        {
            json.Writer.WriteStartObject();
            foreach (MetricMetadata family in families.Take(limit ?? int.MaxValue))
            {
                json.Writer.WriteStartArray(family.Name);
                json.Writer.WriteStartObject();
                json.Writer.WriteString("type", family.Type);
                json.Writer.WriteString("help", family.Help);
                json.Writer.WriteString("unit", family.Unit);
                json.Writer.WriteEndObject();
                json.Writer.WriteEndArray();
                await json.BreatheAsync();
            }

            json.Writer.WriteEndObject();
        });
    }

    /// <summary><c>/status/tsdb</c>.</summary>
    public async Task TsdbAsync(HttpContext http, RequestParameters parameters)
    {
        (TsdbStatus status, QueryScope scope) = await deadline.RunAsync(http, parameters, service.TsdbStatusAsync);
        await PrometheusEnvelope.SuccessAsync(http, WriteAsync, scope: scope);

        Task WriteAsync(JsonStream json)
        {
            Utf8JsonWriter writer = json.Writer;
            writer.WriteStartObject();
            writer.WriteStartObject("headStats");
            writer.WriteNumber("numSeries", status.SeriesCount);
            writer.WriteNumber("numLabelPairs", status.LabelPairCount);
            writer.WriteNumber("chunkCount", status.ChunkCount);
            writer.WriteNumber("minTime", status.OldestMs);
            writer.WriteNumber("maxTime", status.NewestMs);
            writer.WriteEndObject();
            WriteCounts(writer, "seriesCountByMetricName", status.SeriesCountByMetric);
            WriteCounts(writer, "labelValueCountByLabelName", status.ValueCountByLabel);
            WriteCounts(writer, "memoryInBytesByLabelName", status.BytesByLabel);
            WriteCounts(writer, "seriesCountByLabelValuePair", status.SeriesCountByLabelPair);
            writer.WriteEndObject();
            return Task.CompletedTask;
        }
    }

    private static void WriteCounts(Utf8JsonWriter writer, string name, IReadOnlyList<NamedCount> counts)
    {
        writer.WriteStartArray(name);
        foreach (NamedCount count in counts)
        {
            writer.WriteStartObject();
            writer.WriteString("name", count.Name);
            writer.WriteNumber("value", count.Value);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static Task WriteTextsAsync(HttpContext http, IReadOnlyList<string> texts, int? limit, QueryScope scope) => PrometheusEnvelope.SuccessAsync(
        http,
        async json =>
        {
            json.Writer.WriteStartArray();
            foreach (string text in texts.Take(limit ?? int.MaxValue))
            {
                json.Writer.WriteStringValue(text);
                await json.BreatheAsync();
            }

            json.Writer.WriteEndArray();
        },
        texts.Count > limit,
        scope);

    // Without times: all that is kept.
    private static (long FromMs, long ToMs, int? Limit) Bounds(RequestParameters parameters)
    {
        long fromMs = parameters.TimeMs("start", -QueryTimes.TimeMsMax), toMs = parameters.TimeMs("end", QueryTimes.TimeMsMax);
        return toMs >= fromMs ? (fromMs, toMs, parameters.Limit())
            : throw RequestParameters.Invalid("end", $"end {parameters.Text("end")} is before start {parameters.Text("start")}");
    }
}
