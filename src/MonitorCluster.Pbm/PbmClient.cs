using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using MonitorCluster.Pbm.Rendering;

namespace MonitorCluster.Pbm;

/// <summary>Speaks to one host: downloads its palettes, runs commands. One command at a time.</summary>
internal sealed class PbmClient : IDisposable
{
    private static readonly TimeSpan ConnectTimeoutMax = TimeSpan.FromSeconds(5);

    private readonly HostAddress address;
    private readonly TimeProvider time;
    private readonly HttpClient http;

    public PbmClient(HostAddress address, ClientCommand defaults, TimeProvider time)
    {
        (this.address, this.time) = (address, time);
        // No proxy: the address is the node's own, and a proxy of the environment would hide that it is dead.
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            AllowAutoRedirect = false,
            ConnectTimeout = defaults.Timeout < ConnectTimeoutMax ? defaults.Timeout : ConnectTimeoutMax,
            ConnectCallback = ConnectAsync,
        };
        http = new HttpClient(handler) { BaseAddress = address.Url, Timeout = Timeout.InfiniteTimeSpan };
        if (!string.IsNullOrEmpty(defaults.Token))
        {
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", defaults.Token);
        }
    }

    /// <summary>The far end of the newest connection; null before there was one.</summary>
    public IPEndPoint? RemoteEndPoint { get; private set; }

    /// <summary>Downloads what the host offers.</summary>
    /// <exception cref="HostException">It cannot.</exception>
    public async Task<PaletteCatalog> GetPalettesAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var waited = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(waited.Token, cancellationToken);
        using var request = new HttpRequestMessage(HttpMethod.Get, "pbm/v1/palettes");
        return await GuardAsync(
            async () =>
            {
                using HttpResponseMessage response = await SendAsync(request, either.Token);
                return await response.Content.ReadFromJsonAsync<PaletteCatalog>(either.Token) ?? throw new JsonException();
            },
            timeout,
            cancellationToken);
    }

    /// <summary>Runs a command and shows its answer.</summary>
    /// <returns>How it ended, and why not well.</returns>
    /// <exception cref="HostException">The host cannot be reached, or went away.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task<ExitLine> RunAsync(ClientCommand command, IRenderer renderer, CancellationToken cancellationToken)
    {
        using var waited = new CancellationTokenSource(command.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(waited.Token, cancellationToken);
        using var request = new HttpRequestMessage(HttpMethod.Post, "pbm/v1/run") { Content = JsonContent.Create(new { line = command.Line }) };
        return await GuardAsync(
            async () =>
            {
                using HttpResponseMessage response = await SendAsync(request, either.Token);
                var reader = new ReplyReader(await response.Content.ReadAsStreamAsync(either.Token));
                CancellationToken patience = either.Token;
                while (await reader.ReadAsync(patience) is { } line)
                {
                    if (line is ExitLine exit)
                    {
                        renderer.End(exit.ExitCode == 0);
                        return exit;
                    }

                    // A command that goes on has no end to wait for.
                    patience = line is ColumnsLine { IsStreaming: true } ? cancellationToken : patience;
                    renderer.Show(line);
                }

                throw new HostException(ExitCode.ConnectionLost, "connection to host terminated.");
            },
            command.Timeout,
            cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        HttpResponseMessage response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (response.IsSuccessStatusCode && response.Content.Headers.ContentType?.MediaType is "application/json" or "application/x-ndjson")
        {
            return response;
        }

        using (response)
        {
            string? reason = await ReadErrorAsync(response, cancellationToken);
            throw reason is not null && response.StatusCode != HttpStatusCode.NotFound
                ? new HostException(ExitCode.CommandFailed, $"{address} refuses: {reason}")
                : new HostException(ExitCode.CannotConnect, $"what answers at {address} is no pbm host (HTTP {(int)response.StatusCode})");
        }
    }

    private static async Task<string?> ReadErrorAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        try
        {
            JsonElement body = await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
            return body.GetProperty("error"u8).GetString();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            return null;
        }
    }

    // The world's failures, told as what they mean to the caller.
    private async Task<T> GuardAsync<T>(Func<Task<T>> work, TimeSpan timeout, CancellationToken cancellationToken)
    {
        try
        {
            return await work();
        }
        catch (HttpRequestException e) when (e.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError)
        {
            throw new HostException(ExitCode.CannotConnect, $"cannot connect to {address}: {e.InnerException?.Message ?? e.Message}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw RemoteEndPoint is null
                ? new HostException(ExitCode.CannotConnect, $"cannot connect to {address}: no answer within {timeout.TotalSeconds:0.###} s")
                : new HostException(ExitCode.ConnectionLost, $"{address} did not answer within {timeout.TotalSeconds:0.###} s");
        }
        catch (JsonException)
        {
            throw new HostException(ExitCode.CannotConnect, $"what answers at {address} is no pbm host");
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new HostException(ExitCode.ConnectionLost, "connection to host terminated.");
        }
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
            RemoteEndPoint = (IPEndPoint?)socket.RemoteEndPoint;
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
