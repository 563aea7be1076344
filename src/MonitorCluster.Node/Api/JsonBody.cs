using System.Text.Json;
using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Node.Api;

/// <summary>A small JSON object of texts and numbers in a request's body.</summary>
/// <remarks>Fields that nobody knows are refused: a slip of the pen must not be a wish that goes unheard.</remarks>
internal sealed class JsonBody
{
    private const int BytesMax = 16 << 10;

    private readonly Dictionary<string, JsonElement> fields;

    private JsonBody(Dictionary<string, JsonElement> fields) => this.fields = fields;

    /// <summary>Reads the body.</summary>
    /// <exception cref="QueryException">Kind bad_data: too long, no JSON object, or with an unknown field.</exception>
    public static async Task<JsonBody> ReadAsync(HttpContext http, params string[] known)
    {
        byte[] body = new byte[BytesMax + 1];
        int length = await http.Request.Body.ReadAtLeastAsync(body, body.Length, throwOnEndOfStream: false, http.RequestAborted);
        if (length > BytesMax)
        {
            throw new QueryException(QueryErrorKind.BadData, $"the body is over its limit of {BytesMax} bytes");
        }

        var fields = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        if (length == 0)
        {
            return new JsonBody(fields);
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(body.AsMemory(0, length));
            foreach (JsonProperty property in document.RootElement.EnumerateObject())
            {
                fields[property.Name] = property.Value.Clone();
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new QueryException(QueryErrorKind.BadData, $"the body is no JSON object with the fields {string.Join(", ", known)}: {e.Message}", e);
        }

        return fields.Keys.FirstOrDefault(f => !known.Contains(f, StringComparer.Ordinal)) is { } unknown
            ? throw new QueryException(QueryErrorKind.BadData, $"the body has an unknown field \"{unknown}\"; known are {string.Join(", ", known)}")
            : new JsonBody(fields);
    }

    /// <summary>A text; null when it is missing or null.</summary>
    /// <exception cref="QueryException">Kind bad_data: something else.</exception>
    public string? Text(string name)
    {
        JsonElement value = fields.GetValueOrDefault(name);
        return value.ValueKind switch
        {
            JsonValueKind.Undefined or JsonValueKind.Null => null,
            JsonValueKind.String when TryText(value, out string text) => text,
            _ => throw FeedbackDesk.Invalid(name, $"{value.GetRawText()} is no text"),
        };
    }

    /// <summary>A number; null when it is missing or null.</summary>
    /// <exception cref="QueryException">Kind bad_data: something else.</exception>
    public double? Number(string name)
    {
        JsonElement value = fields.GetValueOrDefault(name);
        return value.ValueKind switch
        {
            JsonValueKind.Undefined or JsonValueKind.Null => null,
            JsonValueKind.Number when value.TryGetDouble(out double number) && double.IsFinite(number) => number,
            _ => throw FeedbackDesk.Invalid(name, $"{value.GetRawText()} is no number"),
        };
    }

    // Half a surrogate pair is JSON, but no text.
    private static bool TryText(JsonElement value, out string text)
    {
        try
        {
            text = value.GetString()!;
            return true;
        }
        catch (InvalidOperationException)
        {
            text = string.Empty;
            return false;
        }
    }
}
