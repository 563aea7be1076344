using System.Globalization;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;
using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Node.Api;

/// <summary>The parameters of a request, from the URL and from a form body; of a name given in both, the body's first.</summary>
/// <remarks>
/// Three styles are in use and work: a GET; a POST with a form (Grafana, promtool); a POST of type application/json with an empty body and
/// the parameters in the URL (vmalert). Unknown names are ignored.
/// </remarks>
internal sealed class RequestParameters
{
    // A query has at most 64 KiB characters, at most 9 bytes each when escaped.
    private const long BodyBytesMax = 1 << 20;

    // Each selector asks every shard.
    private const int SelectorsMax = 64;

    private readonly IQueryCollection url;
    private readonly IFormCollection form;

    private RequestParameters(IQueryCollection url, IFormCollection form)
    {
        this.url = url;
        this.form = form;
    }

    /// <summary>Reads the body when it is a form.</summary>
    /// <exception cref="QueryException">Kind bad_data: the form is malformed or too large.</exception>
    public static async Task<RequestParameters> ReadAsync(HttpContext http)
    {
        HttpRequest request = http.Request;
        if (!HttpMethods.IsPost(request.Method) || !request.HasFormContentType)
        {
            return new RequestParameters(request.Query, FormCollection.Empty);
        }

        if (!string.Equals(request.ContentType?.Split(';')[0].Trim(), "application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase))
        {
            throw new QueryException(QueryErrorKind.BadData, $"form of type \"{request.ContentType}\": only application/x-www-form-urlencoded is read");
        }

        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = BodyBytesMax;
        }

        try
        {
            var limits = new FormOptions { ValueLengthLimit = (int)BodyBytesMax };
            return new RequestParameters(request.Query, await request.ReadFormAsync(limits, http.RequestAborted));
        }
        catch (Exception e) when (e is InvalidDataException or IOException) // BadHttpRequestException is one
        {
            throw new QueryException(QueryErrorKind.BadData, $"the form cannot be read: {e.Message}", e);
        }
    }

    /// <summary>The first value of a name; null when it is missing or empty.</summary>
    public string? Text(string name) => All(name).FirstOrDefault(v => !string.IsNullOrEmpty(v));

    /// <summary>All values of a name.</summary>
    public IEnumerable<string> All(string name)
    {
        foreach (StringValues values in (StringValues[])[form[name], url[name]])
        {
            foreach (string? value in values)
            {
                yield return value ?? "";
            }
        }
    }

    /// <summary>A time in milliseconds: float seconds since 1970 or RFC 3339.</summary>
    /// <exception cref="QueryException">Kind bad_data: neither, or out of bounds.</exception>
    public long TimeMs(string name, long missingMs)
    {
        string? text = Text(name);
        return text is null ? missingMs
            : ParameterText.TryTimeMs(text, out long ms) ? ms : throw Invalid(name, $"\"{text}\" is no time; write seconds since 1970 or RFC 3339");
    }

    /// <summary>A time that must be there.</summary>
    /// <exception cref="QueryException">Kind bad_data: missing, malformed, or out of bounds.</exception>
    public long RequiredTimeMs(string name) => Text(name) is null ? throw Invalid(name, "is missing") : TimeMs(name, 0);

    /// <summary>A duration over 0 in milliseconds: float seconds or such as <c>5m</c>; null when missing.</summary>
    /// <exception cref="QueryException">Kind bad_data: neither, out of bounds, or not over 0.</exception>
    public long? DurationMs(string name)
    {
        string? text = Text(name);
        if (text is null)
        {
            return null;
        }

        if (!ParameterText.TryDurationMs(text, out long ms))
        {
            throw Invalid(name, $"\"{text}\" is no duration; write 15 or 15s");
        }

        return ms > 0 ? ms : throw Invalid(name, $"\"{text}\" must be longer than 0");
    }

    /// <summary>A count over 0; null when missing or 0, which mean no limit.</summary>
    /// <exception cref="QueryException">Kind bad_data: no number, or negative.</exception>
    public int? Limit()
    {
        string? text = Text("limit");
        if (text is null)
        {
            return null;
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int limit) ? (limit == 0 ? null : limit)
            : throw Invalid("limit", $"\"{text}\" is no whole number of 0 or more");
    }

    /// <summary>Whether a wish is expressed: <c>true</c> or <c>1</c>.</summary>
    /// <exception cref="QueryException">Kind bad_data: neither that nor <c>false</c> or <c>0</c>.</exception>
    public bool IsTrue(string name) => IsTrue(name, Text(name));

    /// <inheritdoc cref="IsTrue(string)"/>
    public static bool IsTrue(string name, string? text) => text switch
    {
        "true" or "1" => true,
        null or "" or "false" or "0" => false,
        _ => throw Invalid(name, $"\"{text}\" is not true or false"),
    };

    /// <summary>The query.</summary>
    /// <exception cref="QueryException">Kind bad_data: missing or malformed, with the place.</exception>
    public PromQlQuery Query() => PromQlQuery.TryParse(Text("query") ?? "", out PromQlQuery query, out PromQlError error)
        ? query : throw Invalid("query", error.ToString());

    /// <summary>The selectors of <c>match[]</c>, at most 64.</summary>
    /// <exception cref="QueryException">Kind bad_data: one is malformed, or there are too many.</exception>
    public IReadOnlyList<IReadOnlyList<LabelMatcher>> Selectors() => All("match[]").Take(SelectorsMax + 1).Count() > SelectorsMax
        ? throw Invalid("match[]", $"{All("match[]").Count()} selectors, the limit is {SelectorsMax}") :
    [
        .. All("match[]").Select(text => PromQlQuery.TryParseSelector(text, out IReadOnlyList<LabelMatcher> matchers, out PromQlError error)
            ? matchers : throw Invalid("match[]", error.ToString())),
    ];

    /// <summary>An error that names the parameter.</summary>
    public static QueryException Invalid(string name, string reason) => new(QueryErrorKind.BadData, $"invalid parameter \"{name}\": {reason}");
}
