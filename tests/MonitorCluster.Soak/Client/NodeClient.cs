using System.Globalization;
using System.Text.Json;

namespace MonitorCluster.Soak.Client;

/// <summary>A node's API as a client sees it.</summary>
internal sealed class NodeClient(Uri node) : IDisposable
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);

    /// <summary>For requests that the methods below do not make.</summary>
    public HttpClient Http { get; } = new() { BaseAddress = node, Timeout = TimeSpan.FromSeconds(60) };

    /// <summary>An instant query.</summary>
    public Task<JsonDocument> QueryAsync(string query, long? timeMs = null) => GetAsync(
        $"/api/v1/query?query={Uri.EscapeDataString(query)}"
        + (timeMs is { } ms ? string.Create(CultureInfo.InvariantCulture, $"&time={ms / 1000.0:F3}") : ""));

    /// <summary>Gets JSON; any status but success is a failure.</summary>
    public async Task<JsonDocument> GetAsync(string path)
    {
        using HttpResponseMessage answer = await Http.GetAsync(new Uri(path, UriKind.Relative));
        return JsonDocument.Parse(await TextAsync(answer, path));
    }

    /// <summary>Sends a remote write request.</summary>
    /// <returns>Status and text.</returns>
    public async Task<(int Status, string Text)> WriteAsync(HttpContent content)
    {
        using HttpResponseMessage answer = await Http.PostAsync(new Uri("/api/v1/write", UriKind.Relative), content);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>Journal flush and cut of all shards.</summary>
    public async Task FlushAsync()
    {
        using HttpResponseMessage answer = await Http.PostAsync(new Uri("/api/v1/admin/flush", UriKind.Relative), null);
        await TextAsync(answer, "flush");
    }

    /// <summary>One of the node's own metrics, named as on its page: <c>name{label="value"}</c>; 0 when it is not there.</summary>
    public async Task<double> MetricAsync(string series)
    {
        string page = await Http.GetStringAsync(new Uri("/metrics", UriKind.Relative));
        string? line = page.Split('\n').FirstOrDefault(l => l.StartsWith(series + " ", StringComparison.Ordinal));
        return line is null ? 0 : double.Parse(line.AsSpan(series.Length + 1), CultureInfo.InvariantCulture);
    }

    /// <summary>Asks a query again until its answer is what is waited for.</summary>
    /// <returns>The answer's <c>data.result</c>.</returns>
    public async Task<JsonElement> WaitForAsync(string query, Predicate<JsonElement> isThere, TimeSpan patience)
    {
        using var limit = new CancellationTokenSource(patience);
        JsonElement result;
        do
        {
            using JsonDocument answer = await QueryAsync(query);
            result = answer.RootElement.GetProperty("data").GetProperty("result").Clone();
            if (limit.IsCancellationRequested)
            {
                throw new TimeoutException($"{query} still answers {result} after {patience}");
            }

            await Task.Delay(PollInterval);
        }
        while (!isThere(result));
        return result;
    }

    /// <inheritdoc/>
    public void Dispose() => Http.Dispose();

    private static async Task<string> TextAsync(HttpResponseMessage answer, string what)
    {
        string text = await answer.Content.ReadAsStringAsync();
        return answer.IsSuccessStatusCode ? text : throw new RequestRefusedException($"{what}: {answer.StatusCode} {text}", answer.StatusCode);
    }
}

/// <summary>A node answered with a status that is no success.</summary>
internal sealed class RequestRefusedException(string message, System.Net.HttpStatusCode status) : Exception(message)
{
    /// <summary>The status.</summary>
    public System.Net.HttpStatusCode Status { get; } = status;
}
