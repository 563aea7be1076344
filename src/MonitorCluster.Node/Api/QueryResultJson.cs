using System.Globalization;
using System.Text.Json;
using MonitorCluster.TimeSeries.Exposition;
using MonitorCluster.TimeSeries.Model;
using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Node.Api;

/// <summary>Writes answers of queries in Prometheus' shapes.</summary>
internal static class QueryResultJson
{
    /// <summary><c>{"resultType":...,"result":...}</c>; of a vector or matrix at most so many series.</summary>
    /// <returns>Whether series were left out.</returns>
    public static async Task WriteAsync(JsonStream json, QueryResult result, int limit)
    {
        Utf8JsonWriter writer = json.Writer;
        writer.WriteStartObject();
        switch (result)
        {
            case ScalarResult scalar:
                writer.WriteString("resultType", "scalar");
                writer.WritePropertyName("result");
                WritePoint(writer, scalar.TimestampMs, scalar.Value);
                break;
            case StringResult text:
                writer.WriteString("resultType", "string");
                writer.WriteStartArray("result");
                WriteTime(writer, text.TimestampMs);
                writer.WriteStringValue(text.Value);
                writer.WriteEndArray();
                break;
            case VectorResult vector:
                await WriteVectorAsync(json, vector, limit);
                break;
            case MatrixResult matrix:
                await WriteMatrixAsync(json, matrix, limit);
                break;
        }

        writer.WriteEndObject();
    }

    /// <summary>How many series an answer has.</summary>
    public static int SeriesCount(QueryResult result) => result switch { VectorResult v => v.Samples.Count, MatrixResult m => m.Series.Count, _ => 0 };

    /// <summary><c>{"name":"value",...}</c>.</summary>
    public static void WriteLabels(Utf8JsonWriter writer, LabelSet labels)
    {
        writer.WriteStartObject();
        foreach (Label label in labels.Labels)
        {
            writer.WriteString(label.Name, label.Value);
        }

        writer.WriteEndObject();
    }

    private static async Task WriteVectorAsync(JsonStream json, VectorResult vector, int limit)
    {
        Utf8JsonWriter writer = json.Writer;
        writer.WriteString("resultType", "vector");
        writer.WriteStartArray("result");
        for (int i = 0; i < Math.Min(limit, vector.Samples.Count); i++)
        {
            writer.WriteStartObject();
            writer.WritePropertyName("metric");
            WriteLabels(writer, vector.Samples[i].Labels);
            writer.WritePropertyName("value");
            WritePoint(writer, vector.TimestampMs, vector.Samples[i].Value);
            writer.WriteEndObject();
            await json.BreatheAsync();
        }

        writer.WriteEndArray();
    }

    private static async Task WriteMatrixAsync(JsonStream json, MatrixResult matrix, int limit)
    {
        Utf8JsonWriter writer = json.Writer;
        writer.WriteString("resultType", "matrix");
        writer.WriteStartArray("result");
        for (int i = 0; i < Math.Min(limit, matrix.Series.Count); i++)
        {
            SeriesData series = matrix.Series[i];
            writer.WriteStartObject();
            writer.WritePropertyName("metric");
            WriteLabels(writer, series.Labels);
            writer.WriteStartArray("values");
            for (int point = 0; point < series.Timestamps.Length; point++)
            {
                WritePoint(writer, series.Timestamps.Span[point], series.Values.Span[point]);
                await json.BreatheAsync();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WritePoint(Utf8JsonWriter writer, long timestampMs, double value)
    {
        Span<byte> text = stackalloc byte[PrometheusNumber.BytesMax];
        writer.WriteStartArray();
        WriteTime(writer, timestampMs);
        writer.WriteStringValue(text[..PrometheusNumber.Format(value, text)]);
        writer.WriteEndArray();
    }

    // Seconds with as many of three decimals as are needed.
    private static void WriteTime(Utf8JsonWriter writer, long timestampMs)
    {
        Span<byte> text = stackalloc byte[32];
        decimal seconds = timestampMs / 1000m;
        seconds.TryFormat(text, out int length, "0.###", CultureInfo.InvariantCulture);
        writer.WriteRawValue(text[..length], skipInputValidation: true);
    }
}
